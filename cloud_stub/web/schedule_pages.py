"""The page on which an owner arms a module, lets it rest for a while, and writes its week."""

from typing import Final, NoReturn

from aiohttp import web

from cloud_stub.domain.records import Module
from cloud_stub.domain.week_schedule import TIMES, check_each_once, schedule_arguments, steps_of_form
from cloud_stub.errors import CloudError
from cloud_stub.flow.commands_to_modules import CommandResult
from cloud_stub.web.door_pages import TIME_ZONES
from cloud_stub.web.languages import DEFAULT_LANGUAGE
from cloud_stub.web.module_pages import LONGEST_MINUTES
from cloud_stub.web.module_view import ModuleCard, module_cards
from cloud_stub.web.overview import Overview
from cloud_stub.web.pages import (
    back_to,
    form_of,
    language_of,
    overview_of,
    part_of,
    render,
    render_part,
    say_refusal,
    services_of,
)
from cloud_stub.web.schedule_view import Week, day_cards, week_of_module, zones_with

LOOK_AGAIN_S: Final = 0.2
LOOKS: Final = 15
"""So often the module's state is looked at after it took a schedule: it says the new one a moment later."""


async def show_schedule(request: web.Request) -> web.Response:
    """GET /modules/{module_id}/schedule."""
    overview = await overview_of(request)
    module = overview.module(request.match_info["module_id"])
    return _page(request, overview, module, week_of_module(module, overview))


async def show_schedule_part(request: web.Request) -> web.Response:
    """GET /modules/{module_id}/schedule/part: what the module says now, without the week that is being edited."""
    overview = await overview_of(request)
    module = overview.module(request.match_info["module_id"])
    return render_part(request, "schedule_now.html", overview, module=_card(request, overview, module))


async def set_schedule(request: web.Request) -> web.Response:
    """POST /modules/{module_id}/schedule: what was refused comes back with its sentence, and nothing typed is lost."""
    overview = await overview_of(request)
    module = overview.module(request.match_info["module_id"])
    form = await request.post()
    rows = zip(*([str(word) for word in form.getall(name, [])] for name in ("day", "at", "armed")), strict=False)
    shown = week_of_module(module, overview)
    try:
        shown = Week(_zone(str(form.get("time_zone", "")), shown), steps_of_form(rows))
        check_each_once(shown.steps)
        arguments = schedule_arguments(shown.time_zone, shown.steps)
        said = await _command(request, overview, module, "schedule", arguments)
    except CloudError as refused:
        return _page(request, overview, module, shown, refused)
    if not said.ok:
        return _page(request, overview, module, shown, CloudError("module_refused", 422, _refusal(request, said)))
    await _until_said(request, shown)
    raise back_to(f"/modules/{module.module_id}/schedule", "done")


async def arm_module(request: web.Request) -> web.Response:
    """POST /modules/{module_id}/schedule/arm with `armed` yes or no: until the schedule's next change."""
    armed = (await form_of(request)).get("armed") == "yes"
    return await _tell(request, "arm", {"armed": armed})


async def snooze_module(request: web.Request) -> web.Response:
    """POST /modules/{module_id}/schedule/snooze with `minutes`, 0 to end it: each camera that may be (R101)."""
    minutes = (await form_of(request)).get("minutes", "")
    if not minutes.isdecimal() or len(minutes) > LONGEST_MINUTES:
        raise CloudError("bad_minutes", 422, "A snooze is a number of minutes.")
    return await _tell(request, "snooze", {"minutes": int(minutes)})


async def _tell(request: web.Request, name: str, arguments: dict[str, object]) -> NoReturn:
    overview = await overview_of(request)
    module = overview.module(request.match_info["module_id"])
    said = await _command(request, overview, module, name, arguments)
    refused = "not_allowed" if said.code == "not_entitled" else "not_done"
    raise back_to(f"/modules/{module.module_id}/schedule", "done" if said.ok else refused)


def _zone(name: str, shown: Week) -> str:
    if name not in (*TIME_ZONES, shown.time_zone):
        raise CloudError("bad_choice", 422, "This language or time zone is none of the choices.")
    return name


async def _command(
    request: web.Request, overview: Overview, module: Module, name: str, arguments: dict[str, object]
) -> CommandResult:
    commands = services_of(request).commands
    return await commands.for_owner(overview.account.account_id, module.module_id, name, arguments)


def _refusal(request: web.Request, said: CommandResult) -> str:
    """Return why a module took no schedule; it writes English, so other languages say only that it did not."""
    language = language_of(request)
    told = language.say("The module could not do it.")
    return f"{told} {said.message}".strip() if language.code == DEFAULT_LANGUAGE else told


async def _until_said(request: web.Request, week: Week) -> None:
    """Wait a few seconds until the module's state has the schedule, so that the page does not show the old one."""
    for _ in range(LOOKS):
        overview = await overview_of(request)
        said = week_of_module(overview.module(request.match_info["module_id"]), overview)
        if said.steps == week.steps and (said.time_zone == week.time_zone or not week.steps):
            return
        await services_of(request).clock.sleep(LOOK_AGAIN_S)


def _page(
    request: web.Request, overview: Overview, module: Module, week: Week, refused: CloudError | None = None
) -> web.Response:
    language, card = language_of(request), _card(request, overview, module)
    _, version = part_of(request, "schedule_now.html", overview, module=card)
    response = render(
        request,
        "schedule.html",
        status=200 if refused is None else refused.status,
        overview=overview,
        page="modules",
        module=card,
        version=version,
        days=day_cards(week.steps, language),
        times=TIMES,
        time_zone=week.time_zone,
        time_zones=zones_with(week.time_zone),
        own_zone=overview.account.time_zone,
        refused="" if refused is None else say_refusal(language, refused),
    )
    if refused is not None and refused.retry_after_s is not None:
        response.headers["Retry-After"] = str(refused.retry_after_s)
    return response


def _card(request: web.Request, overview: Overview, module: Module) -> ModuleCard:
    cards = module_cards(overview, language_of(request))
    return next(card for card in cards if card.module_id == module.module_id)


ROUTES: Final = (
    web.get("/modules/{module_id}/schedule", show_schedule),
    web.get("/modules/{module_id}/schedule/part", show_schedule_part),
    web.post("/modules/{module_id}/schedule", set_schedule),
    web.post("/modules/{module_id}/schedule/arm", arm_module),
    web.post("/modules/{module_id}/schedule/snooze", snooze_module),
)
