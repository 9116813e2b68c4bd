"""The page of modules and cameras, and its acts: claim codes, confirming, arming, renaming, removing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.web.clip_pages import Ask
from cloud_stub.web.module_view import confirmation_points, model_choices, model_name, module_cards
from cloud_stub.web.pages import (
    back_to,
    form_of,
    language_of,
    overview_of,
    part_of,
    render,
    render_part,
    services_of,
)
from cloud_stub.web.plan_view import Point

LONGEST_NAME = 60
LONGEST_MINUTES = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """A code that has just been made, with the command that uses it, in parts that no line break may cut."""

    code: str
    command: tuple[str, ...]
    until: str


async def show_modules(request: web.Request) -> web.Response:
    """GET /modules."""
    return await _page(request, None)


async def show_modules_part(request: web.Request) -> web.Response:
    """GET /modules/part: the list alone, for the page that keeps itself up to date."""
    overview = await overview_of(request)
    return render_part(request, "modules_part.html", overview, modules=module_cards(overview, language_of(request)))


async def make_claim_code(request: web.Request) -> web.Response:
    """POST /modules/claim-code: the page with a code that is shown this once."""
    overview = await overview_of(request)
    services = services_of(request)
    shown, code = await services.claims.create_code(overview.account.account_id)
    language = language_of(request)
    until = language.clock_time(code.expires_at, overview.account.time_zone)
    return await _page(request, Claim(shown, command_parts(services.settings.public_url, shown), until))


def claim_command(public_url: str, code: str) -> str:
    """Return the exact command that claims a module with a code."""
    return " ".join(command_parts(public_url, code))


def command_parts(public_url: str, code: str) -> tuple[str, ...]:
    """Return the parts of that command."""
    return ("veilleur-agent claim", f"--cloud {public_url}", f"--code {code}")


async def rename_module(request: web.Request) -> web.Response:
    """POST /modules/{module_id}/rename."""
    overview = await overview_of(request)
    name = checked_name((await form_of(request)).get("name", ""))
    await services_of(request).claims.rename(overview.account.account_id, request.match_info["module_id"], name)
    raise back_to("/modules", "saved")


async def ask_remove(request: web.Request) -> web.Response:
    """GET /modules/{module_id}/remove."""
    overview = await overview_of(request)
    language = language_of(request)
    module = overview.module(request.match_info["module_id"])
    ask = Ask(
        headline=language.say("Remove %(name)s?", name=module.name),
        points=(
            Point("modules", language.say("The module and its cameras leave your account and are cut off at once.")),
            Point("held", language.say("Their clips stay in the cloud as long as they would have.")),
            Point("usb", language.say("What is on its USB drive stays there. To use it again, claim it anew.")),
        ),
        action=f"/modules/{module.module_id}/remove",
        button=language.say("Remove this module"),
        back_url="/modules",
    )
    return render(request, "confirm.html", overview=overview, page="modules", ask=ask)


async def remove(request: web.Request) -> web.Response:
    """POST /modules/{module_id}/remove."""
    overview = await overview_of(request)
    await services_of(request).claims.remove(overview.account.account_id, request.match_info["module_id"])
    raise back_to("/modules")


async def arm(request: web.Request) -> web.Response:
    """POST /modules/{module_id}/arm with `armed` yes or no."""
    overview = await overview_of(request)
    armed = (await form_of(request)).get("armed") == "yes"
    module_id = request.match_info["module_id"]
    commands = services_of(request).commands
    did = await commands.for_owner(overview.account.account_id, module_id, "arm", {"armed": armed})
    raise back_to("/modules", "done" if did.ok else "not_done")


async def switch_motion(request: web.Request) -> web.Response:
    """POST /modules/{module_id}/cameras/{camera_id}/motion with `on` yes or no."""
    on = (await form_of(request)).get("on") == "yes"
    return await _tell(request, "motion", {"on": on})


async def snooze(request: web.Request) -> web.Response:
    """POST /modules/{module_id}/cameras/{camera_id}/snooze with `minutes`, 0 to end it (R101)."""
    minutes = (await form_of(request)).get("minutes", "")
    if not minutes.isdecimal() or len(minutes) > LONGEST_MINUTES:
        raise CloudError("bad_minutes", 422, "A snooze is a number of minutes.")
    return await _tell(request, "snooze", {"minutes": int(minutes)})


async def _tell(request: web.Request, name: str, arguments: Mapping[str, object]) -> NoReturn:
    """Send a command about one camera; nothing is kept for a module that is offline: the page says so."""
    overview = await overview_of(request)
    commands, module_id = services_of(request).commands, request.match_info["module_id"]
    camera_id = overview.camera(request.match_info["camera_id"]).camera_id
    arguments = {"camera_id": camera_id, **arguments}
    did = await commands.for_owner(overview.account.account_id, module_id, name, arguments)
    refused = "not_allowed" if did.code == "not_entitled" else "not_done"
    raise back_to("/modules", "done" if did.ok else refused)


async def ask_confirm(request: web.Request) -> web.Response:
    """GET /cameras/{camera_id}/confirm?model=…: what confirming starts, before it is done (R031)."""
    overview = await overview_of(request)
    language = language_of(request)
    camera = overview.camera(request.match_info["camera_id"])
    wanted = request.query.get("model") or camera.model or camera.proposed_model
    known = wanted in overview.region.models
    model = wanted if known else overview.region.models[0]
    preview = await services_of(request).cameras.preview(overview.account.account_id, camera.camera_id, model)
    return render(
        request,
        "confirm_camera.html",
        overview=overview,
        page="modules",
        camera=camera,
        choices=model_choices(overview, model),
        is_known=known,
        proposed=wanted,
        model=model,
        model_name=model_name(overview.catalog, model),
        points=confirmation_points(overview, preview, language),
        starts_trial=preview.trial is not None,
    )


async def confirm(request: web.Request) -> web.Response:
    """POST /cameras/{camera_id}/confirm; with `stay` the trial that it starts is ended at once (R031)."""
    overview = await overview_of(request)
    services, account_id = services_of(request), overview.account.account_id
    form = await form_of(request)
    await services.cameras.confirm(account_id, request.match_info["camera_id"], form.get("model", ""))
    if form.get("stay") == "yes" and overview.trial is None and (await overview_of(request)).trial is not None:
        await services.plans.end_trial(account_id)
    raise back_to("/modules")


async def rename_camera(request: web.Request) -> web.Response:
    """POST /cameras/{camera_id}/rename."""
    overview = await overview_of(request)
    name = checked_name((await form_of(request)).get("name", ""))
    await services_of(request).cameras.rename(overview.account.account_id, request.match_info["camera_id"], name)
    raise back_to("/modules", "saved")


def checked_name(name: str) -> str:
    """Return a name without blanks around it; CloudError 422 `bad_name` when it is empty or too long."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise CloudError("bad_name", 422, f"A name has 1 to {LONGEST_NAME} characters.")
    return name


async def _page(request: web.Request, claim: Claim | None) -> web.Response:
    overview = await overview_of(request)
    modules = module_cards(overview, language_of(request))
    _, version = part_of(request, "modules_part.html", overview, modules=modules)
    return render(
        request, "modules.html", overview=overview, page="modules", modules=modules, claim=claim, version=version
    )
