"""The plan page and its acts: start, attach and end a plan, end the trial, set auto-delete."""

from aiohttp import web

from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.situation import Situation
from cloud_stub.errors import CloudError
from cloud_stub.web.clip_pages import Ask
from cloud_stub.web.module_view import module_cards
from cloud_stub.web.overview import Overview
from cloud_stub.web.pages import back_to, form_of, language_of, overview_of, render, services_of
from cloud_stub.web.plan_view import (
    Point,
    auto_delete_is_open,
    cover_points,
    existing_clips,
    next_clips_after,
    offers,
    own_plans,
    pools,
    without_subscription,
    without_trial,
)

LONGEST_NUMBER = 9


async def show_plan(request: web.Request) -> web.Response:
    """GET /plan."""
    overview = await overview_of(request)
    language = language_of(request)
    return render(
        request,
        "plan.html",
        overview=overview,
        page="plan",
        points=cover_points(overview, language),
        own_plans=own_plans(overview, language),
        offers=offers(overview, language),
        pools=pools(overview, language),
        next_clips=[camera for module in module_cards(overview, language) for camera in module.cameras],
        has_trial=overview.trial is not None,
        auto_delete_open=auto_delete_is_open(overview),
        auto_delete_days=overview.auto_delete_days,
        auto_delete_choices=overview.region.auto_delete_days,
    )


async def start(request: web.Request) -> web.Response:
    """POST /plan/start."""
    overview = await overview_of(request)
    form = await form_of(request)
    await services_of(request).plans.start_plan(
        overview.account.account_id, form.get("plan", ""), form.get("interval", ""), form.get("camera_id") or None
    )
    raise back_to("/plan")


async def attach(request: web.Request) -> web.Response:
    """POST /plan/attach."""
    overview = await overview_of(request)
    form = await form_of(request)
    await services_of(request).plans.attach_plan(
        overview.account.account_id, form.get("subscription_id", ""), form.get("camera_id", "")
    )
    raise back_to("/plan")


async def ask_end(request: web.Request) -> web.Response:
    """GET /plan/end?subscription=…: what ending it means, before it is done."""
    overview = await overview_of(request)
    language = language_of(request)
    wanted = request.query.get("subscription", "")
    live = live_subscriptions(overview.situation, overview.now)
    subscription = next((s for s in live if s.subscription_id == wanted), None)
    if subscription is None:
        raise CloudError("plan_unknown", 404, "This account has no such plan.")
    plan = overview.catalog.plans.get(subscription.plan)
    name = plan.name if plan else subscription.plan
    ask = Ask(
        headline=language.say("End %(plan)s now?", plan=name),
        points=await _meaning(request, overview, without_subscription(overview, wanted)),
        action="/plan/end",
        button=language.say("End %(plan)s now", plan=name),
        back_url="/plan",
        hidden={"subscription_id": wanted},
    )
    return render(request, "confirm.html", overview=overview, page="plan", ask=ask)


async def end(request: web.Request) -> web.Response:
    """POST /plan/end."""
    overview = await overview_of(request)
    form = await form_of(request)
    await services_of(request).plans.end_plan(overview.account.account_id, form.get("subscription_id", ""))
    raise back_to("/plan")


async def ask_end_trial(request: web.Request) -> web.Response:
    """GET /plan/end-trial."""
    overview = await overview_of(request)
    language = language_of(request)
    if overview.trial is None:
        raise back_to("/plan")
    ask = Ask(
        headline=language.say("End the free trial now?"),
        points=await _meaning(request, overview, without_trial(overview)),
        action="/plan/end-trial",
        button=language.say("End the trial now"),
        back_url="/plan",
    )
    return render(request, "confirm.html", overview=overview, page="plan", ask=ask)


async def end_trial(request: web.Request) -> web.Response:
    """POST /plan/end-trial."""
    overview = await overview_of(request)
    await services_of(request).plans.end_trial(overview.account.account_id)
    raise back_to("/plan")


async def set_auto_delete(request: web.Request) -> web.Response:
    """POST /plan/auto-delete."""
    overview = await overview_of(request)
    days = (await form_of(request)).get("days", "")
    if not days.isdecimal() or len(days) > LONGEST_NUMBER:
        raise CloudError("bad_choice", 422, "`days` is a whole number.")
    await services_of(request).plans.set_auto_delete(overview.account.account_id, int(days))
    raise back_to("/plan", "saved")


async def _meaning(request: web.Request, overview: Overview, after: Situation) -> tuple[Point, ...]:
    language = language_of(request)
    async with services_of(request).records.reading() as records:
        held = await records.clips.held_of_account(overview.account.account_id)
    return (*next_clips_after(overview, after, language), existing_clips(held, overview, language))
