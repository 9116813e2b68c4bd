"""The clips of a module's drive on the owner's pages: the list, one clip on demand, and the module's way to send it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from aiohttp import web

from cloud_stub.domain.byte_range import ByteRange, UnsatisfiableRangeError, read_range
from cloud_stub.domain.drive_loan import DriveLoan, LoanPhase
from cloud_stub.errors import CloudError
from cloud_stub.flow.drive_to_owner import DriveToOwner
from cloud_stub.web.drive_view import DriveRow, drive_row
from cloud_stub.web.media_answers import PRIVATE, stream
from cloud_stub.web.module_auth import ModuleFromRequest
from cloud_stub.web.overview import Overview
from cloud_stub.web.pages import (
    form_of,
    language_of,
    overview_of,
    owner_of,
    part_of,
    render,
    render_part,
    say_refusal,
)

LIST: Final = "/modules/{module_id}/drive"
LOAN: Final = "/modules/{module_id}/drive/{loan_id}"
MODULE: Final = "/api/v1/module/drive-loans/{loan_id}"
TYPES: Final = {"photo": "image/jpeg"}


class DriveRoutes:
    """The routes."""

    def __init__(self, lent: DriveToOwner, module_from_request: ModuleFromRequest) -> None:
        self._lent = lent
        self._module_from_request = module_from_request

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get(LIST, self.show_list)
        app.router.add_post(LIST, self.ask)
        app.router.add_get(LOAN, self.show)
        app.router.add_get(LOAN + "/part", self.show_part)
        app.router.add_get(LOAN + "/media", self.media)
        app.router.add_patch(MODULE, self.take)
        app.router.add_delete(MODULE, self.give_up)

    async def show_list(self, request: web.Request) -> web.Response:
        """Ask the module for its list and show it, or say why it is not to be had."""
        return await self._list_page(request, await overview_of(request))

    async def ask(self, request: web.Request) -> web.Response:
        """Ask the module for one clip; a module that will not send it is named on the list's page."""
        overview = await overview_of(request)
        module_id, form = request.match_info["module_id"], await form_of(request)
        try:
            loan = await self._lent.ask(
                overview.account.account_id, module_id, form.get("store", ""), form.get("clip_id", "")
            )
        except CloudError as error:
            return await self._list_page(request, overview, error)
        raise web.HTTPSeeOther(f"/modules/{module_id}/drive/{loan.loan_id}")

    async def show(self, request: web.Request) -> web.Response:
        """Show how far a clip has come, and play it once it is here."""
        overview = await overview_of(request)
        module = overview.module(request.match_info["module_id"])
        values = self._loan_words(request, overview)
        _, version = part_of(request, "drive_loan_part.html", overview, **values)
        return render(
            request, "drive_loan.html", overview=overview, page="modules", module=module, version=version, **values
        )

    async def show_part(self, request: web.Request) -> web.Response:
        """Answer with the part that changes while the clip comes."""
        overview = await overview_of(request)
        return render_part(request, "drive_loan_part.html", overview, **self._loan_words(request, overview))

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Send the clip, or the range that is asked for."""
        loan = self._loan(request, owner_of(request).account.account_id)
        if loan.clip is None or loan.phase is not LoanPhase.HERE:
            raise CloudError("loan_early", 425, "This clip is still on its way.", 1)
        size = loan.clip.size_bytes
        try:
            asked = read_range(request.headers.get("Range"), size)
        except UnsatisfiableRangeError:
            raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"}) from None
        wanted = asked or ByteRange(0, size)
        response = web.StreamResponse(status=200 if asked is None else 206, headers=PRIVATE)
        response.content_type = TYPES.get(loan.clip.kind, "video/mp4")
        response.headers["Accept-Ranges"] = "bytes"
        if asked is not None:
            response.headers["Content-Range"] = f"bytes {wanted.start}-{wanted.end - 1}/{size}"
        response.content_length = wanted.end - wanted.start
        return await stream(request, response, self._lent.read(loan, wanted.start, wanted.end))

    async def take(self, request: web.Request) -> web.Response:
        """Take a piece from the module that was asked for it."""
        module = await self._module_from_request(request)
        offset = request.headers.get("Upload-Offset", "")
        if not offset.isascii() or not offset.isdigit() or len(offset) > 15:  # noqa: PLR2004 - digits of a file's size
            raise CloudError("bad_offset", 400, "Upload-Offset is a number of bytes.")
        await self._lent.append(module.module_id, request.match_info["loan_id"], int(offset), _chunks(request))
        return web.Response(status=204)

    async def give_up(self, request: web.Request) -> web.Response:
        """Hear that the rest will not come."""
        module = await self._module_from_request(request)
        self._lent.give_up(module.module_id, request.match_info["loan_id"])
        return web.Response(status=204)

    async def _list_page(
        self, request: web.Request, overview: Overview, refused: CloudError | None = None
    ) -> web.Response:
        module = overview.module(request.match_info["module_id"])
        language, offset = language_of(request), request.query.get("offset", "0")
        rows: Sequence[DriveRow] = ()
        total, after, manifest_id = 0, None, ""
        try:
            shelf = await self._lent.listing(
                overview.account.account_id,
                module.module_id,
                int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 8 else 0,  # noqa: PLR2004 - the wire's limit
                request.query.get("manifest", "")[:64],
            )
        except CloudError as error:
            refused = refused or error
        else:
            rows = [drive_row(each, module.module_id, overview, language) for each in shelf.clips]
            total, after, manifest_id = shelf.total, shelf.next_offset, shelf.manifest_id
        return render(
            request,
            "drive.html",
            overview=overview,
            page="modules",
            status=200 if refused is None else refused.status,
            module=module,
            rows=rows,
            total=total,
            after=after,
            manifest_id=manifest_id,
            refused="" if refused is None else say_refusal(language, refused),
        )

    def _loan(self, request: web.Request, account_id: str) -> DriveLoan:
        loan = self._lent.find(account_id, request.match_info["loan_id"])
        if loan.module_id != request.match_info["module_id"]:
            raise CloudError("loan_unknown", 404, "This clip is not here any more: ask the module for it again.")
        return loan

    def _loan_words(self, request: web.Request, overview: Overview) -> dict[str, Any]:
        loan, language = self._loan(request, overview.account.account_id), language_of(request)
        zone = overview.account.time_zone
        size = loan.clip.size_bytes if loan.clip is not None else 0
        return {
            "row": None if loan.clip is None else drive_row(loan.clip, loan.module_id, overview, language),
            "phase": loan.phase.value,
            "is_photo": loan.clip is not None and loan.clip.kind in TYPES,
            "percent": 100 * loan.received_bytes // size if size else 0,
            "media": f"/modules/{loan.module_id}/drive/{loan.loan_id}/media",
            "part_url": f"/modules/{loan.module_id}/drive/{loan.loan_id}/part",
            "ends": language.clock_time(loan.ends_at, zone),
        }


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_any():
        yield chunk
