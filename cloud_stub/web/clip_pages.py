"""The pages of clips and photos: the grid that keeps itself up to date, the player, and deleting."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from yarl import URL

from cloud_stub.domain.clip_page import ClipCursor, cursor_after, read_cursor
from cloud_stub.domain.clip_rights import ClipAction
from cloud_stub.domain.records import Clip, ClipPhase
from cloud_stub.domain.share import ShareState
from cloud_stub.errors import CloudError
from cloud_stub.web.clip_view import ClipCard, by_day, clip_card
from cloud_stub.web.drive_copy_routes import HISTORY
from cloud_stub.web.drive_copy_view import MOST_AT_ONCE, ToDrive
from cloud_stub.web.overview import Overview
from cloud_stub.web.pages import back_to, form_of, language_of, overview_of, part_of, render, render_part, services_of
from cloud_stub.web.plan_view import Point
from cloud_stub.web.share_routes import SHARE_DESK, share_url

CLIPS_PER_PAGE: Final = 48
SHARE_HOURS: Final = (1, 24, 72, 168, 720)
WATCHABLE: Final = frozenset({ClipPhase.RECEIVING, ClipPhase.HELD})


@dataclass(frozen=True, slots=True)
class Ask:
    """A question before something that cannot be taken back; `warning` and `clips` tell what it erases, if anything."""

    headline: str
    points: tuple[Point, ...]
    action: str
    button: str
    back_url: str
    is_bad: bool = True
    hidden: dict[str, str] = field(default_factory=dict)
    warning: str = ""
    clips: tuple[ClipCard, ...] = ()
    to_drive: ToDrive | None = None
    back_here: str = ""


async def show_clips(request: web.Request) -> web.Response:
    """GET /clips."""
    overview = await overview_of(request)
    values = await _grid(request, overview, "clip")
    _, version = part_of(request, "clips_grid.html", overview, **values)
    refresh_url = str(URL("/clips/part").with_query(request.query))
    return render(
        request,
        "clips.html",
        overview=overview,
        page="clips",
        cameras=overview.situation.cameras,
        camera_id=request.query.get("camera", ""),
        refresh_url=refresh_url,
        version=version,
        **values,
    )


async def show_clips_part(request: web.Request) -> web.Response:
    """GET /clips/part: the grid alone, for the page that keeps itself up to date."""
    overview = await overview_of(request)
    return render_part(request, "clips_grid.html", overview, **await _grid(request, overview, "clip"))


async def show_photos(request: web.Request) -> web.Response:
    """GET /photos."""
    overview = await overview_of(request)
    values = await _grid(request, overview, "photo")
    _, version = part_of(request, "photos_grid.html", overview, **values)
    refresh_url = str(URL("/photos/part").with_query(request.query))
    return render(
        request, "photos.html", overview=overview, page="photos", refresh_url=refresh_url, version=version, **values
    )


async def show_photos_part(request: web.Request) -> web.Response:
    """GET /photos/part."""
    overview = await overview_of(request)
    return render_part(request, "photos_grid.html", overview, **await _grid(request, overview, "photo"))


async def show_clip(request: web.Request) -> web.Response:
    """GET /clips/{clip_id}: the player, or a page that says that the clip is gone and why."""
    overview = await overview_of(request)
    clip = await _clip(request, overview)
    if clip.phase not in WATCHABLE:
        return _gone(request, overview, clip)
    return await render_clip(request, overview, clip)


async def share(request: web.Request) -> web.Response:
    """POST /clips/{clip_id}/share: make a link, and show its address this once."""
    overview = await overview_of(request)
    clip = await _clip(request, overview)
    hours = (await form_of(request)).get("hours", "")
    if hours not in {str(choice) for choice in SHARE_HOURS}:
        raise CloudError("bad_choice", 422, "This is none of the choices.")
    new = await request.app[SHARE_DESK].share(overview.account.account_id, clip.clip_id, int(hours))
    return await render_clip(request, overview, clip, share_url(request, new.token))


async def unshare(request: web.Request) -> web.Response:
    """POST /clips/{clip_id}/unshare: take one link back."""
    overview = await overview_of(request)
    clip = await _clip(request, overview)
    share_id = (await form_of(request)).get("share_id", "")
    await request.app[SHARE_DESK].revoke(overview.account.account_id, clip.clip_id, share_id)
    raise back_to(f"/clips/{clip.clip_id}", "saved")


async def save_on_drive(request: web.Request) -> web.Response:
    """POST /clips/save-on-drive: have clips saved on their module's drive, then lead back to where that was asked.

    `save` names the field of the form that lists them: a preview may offer several lists.
    """
    account_id = (await overview_of(request)).account.account_id
    form = await form_of(request)
    clip_ids = [each for each in form.get(f"clips_{form.get('save', '')}", "").split(",") if each]
    if not 1 <= len(clip_ids) <= MOST_AT_ONCE:
        raise CloudError("bad_choice", 422, "This is none of the choices.")
    await request.app[HISTORY].ask(account_id, clip_ids)
    raise back_to(_own_page(form.get("back", "")), "to_drive")


def _own_page(address: str) -> str:
    """Return an address that a form came from if it is a page of ours, else that of the clips."""
    try:
        found = URL(address)
    except ValueError:
        return "/clips"
    ours = not found.absolute and found.path.startswith(("/plan/", "/clips/")) and "\\" not in address
    return str(found.without_query_params("told")) if ours else "/clips"


async def render_clip(request: web.Request, overview: Overview, clip: Clip, new_url: str = "") -> web.Response:
    """Return the page of a clip with its player and its links; `new_url` is a link that was just made."""
    desk, language = request.app[SHARE_DESK], language_of(request)
    links = await desk.shares(clip.account_id, clip.clip_id)
    async with services_of(request).records.reading() as records:
        refusal = await desk.permission.refusal(records, clip, ClipAction.SHARE)
    zone = overview.account.time_zone
    return render(
        request,
        "clip.html",
        overview=overview,
        page="clips",
        clip=clip_card(clip, overview, language),
        new_url=new_url,
        may_share=refusal is None,
        share_hours=SHARE_HOURS,
        links=[
            {"share_id": link.token_hash, "ends": language.moment(link.expires_at, zone)}
            for link, state in links
            if state is ShareState.OPEN
        ],
    )


async def ask_delete(request: web.Request) -> web.Response:
    """GET /clips/{clip_id}/delete."""
    overview = await overview_of(request)
    clip = await _clip(request, overview)
    if clip.phase not in WATCHABLE:
        return _gone(request, overview, clip)
    language = language_of(request)
    card = clip_card(clip, overview, language)
    ask = Ask(
        headline=language.say("Delete this clip?"),
        points=(
            Point("clips", f"{card.camera_name}, {card.moment}"),
            Point("bin", language.say("It leaves the cloud at once and for good. A copy on a USB drive stays there.")),
        ),
        action=f"/clips/{clip.clip_id}/delete",
        button=language.say("Delete the clip"),
        back_url=f"/clips/{clip.clip_id}",
    )
    return render(request, "confirm.html", overview=overview, page="clips", ask=ask)


async def delete(request: web.Request) -> web.Response:
    """POST /clips/{clip_id}/delete."""
    overview = await overview_of(request)
    clip = await _clip(request, overview)
    await services_of(request).delete_clip(overview.account.account_id, clip.clip_id)
    raise back_to("/clips")


async def _clip(request: web.Request, overview: Overview) -> Clip:
    clip_id = request.match_info["clip_id"]
    async with services_of(request).records.reading() as records:
        clip = await records.clips.find(overview.account.account_id, clip_id)
    if clip is None:
        raise web.HTTPNotFound
    return clip


def _gone(request: web.Request, overview: Overview, clip: Clip) -> web.Response:
    language = language_of(request)
    sentences = {
        "auto_delete": language.say("Its auto-delete time was over."),
        "window_over": language.say("The time that its plan keeps clips was over."),
        "quota_evicted": language.say("The free cloud storage was full, and it was the oldest clip."),
        "owner_deleted": language.say("You deleted it."),
        "replaced": language.say("A clip of the day's photos is there instead."),
    }
    return render(
        request,
        "gone.html",
        overview=overview,
        status=410,
        page="clips",
        headline=language.say("This clip has left the cloud"),
        sentence=sentences.get(clip.gone_because or "", ""),
        back_url="/clips",
        back=language.say("All clips"),
    )


async def _grid(request: web.Request, overview: Overview, kind: str) -> dict[str, Any]:
    camera_id = request.query.get("camera") or None
    async with services_of(request).records.reading() as records:
        found: Sequence[Clip] = await records.clips.page(
            overview.account.account_id,
            kind=kind,
            camera_id=camera_id,
            before=_before(request.query.get("before")),
            limit=CLIPS_PER_PAGE + 1,
            segments=False,
        )
        records_on = kind == "clip" and bool(await records.clips.segment_cameras(overview.account.account_id))
    shown = found[:CLIPS_PER_PAGE]
    older_url = ""
    if len(found) > CLIPS_PER_PAGE:
        query = {"before": cursor_after(shown[-1]), **({"camera": camera_id} if camera_id else {})}
        older_url = str(URL("/photos" if kind == "photo" else "/clips").with_query(query))
    language = language_of(request)
    days = by_day(shown, overview, language)
    has_cameras = bool(overview.situation.cameras)
    return {"days": days, "older_url": older_url, "has_cameras": has_cameras, "has_segments": records_on}


def _before(text: str | None) -> ClipCursor | None:
    if not text:
        return None
    try:
        return read_cursor(text)
    except ValueError as error:
        raise CloudError("bad_choice", 422, f"{error}.") from None
