"""The plan page and its small acts: attach and detach, keep a plan after all, end the trial, set auto-delete."""

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from aiohttp import web

from cloud_stub.domain.doomed import doomed_clips
from cloud_stub.domain.linking import Trouble, troubles
from cloud_stub.domain.situation import Situation, without_attachments
from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_holding import AccountActor
from cloud_stub.web.checkout_view import CLIPS_SHOWN, say_erased
from cloud_stub.web.clip_pages import Ask
from cloud_stub.web.clip_view import clip_card
from cloud_stub.web.drive_copy_view import to_drive
from cloud_stub.web.link_pages import TROUBLE
from cloud_stub.web.module_view import module_cards
from cloud_stub.web.offer_view import offers
from cloud_stub.web.overview import Overview
from cloud_stub.web.own_plan_view import own_plans
from cloud_stub.web.pages import back_to, form_of, language_of, overview_of, owner_of, render, services_of
from cloud_stub.web.plan_view import (
    Point,
    auto_delete_is_open,
    cover_points,
    existing_clips,
    next_clips_after,
    pools,
    without_trial,
)

LONGEST_NUMBER: Final = 9
MENDED_AT: Final = {Trouble.ACCOUNT_NOT_LINKED: "/link", Trouble.PLAN_IN_OTHER_STORE_ACCOUNT: "/link",
                    Trouble.NO_DEVICE: "/modules", Trouble.PAYMENT_PAST_DUE: "/payment"}  # fmt: skip


async def show_plan(request: web.Request) -> web.Response:
    """GET /plan."""
    overview = await overview_of(request)
    language = language_of(request)
    found = troubles(overview.catalog, overview.situation, overview.now)
    return render(
        request,
        "plan.html",
        overview=overview,
        page="plan",
        troubles=[(language.say(TROUBLE[each]), MENDED_AT.get(each, "")) for each in found if each in TROUBLE],
        points=cover_points(overview, language),
        own_plans=own_plans(overview, language),
        offers=() if overview.catalog.purchase.basket else offers(overview, language),
        has_services=overview.catalog.purchase.basket,
        pools=pools(overview, language),
        next_clips=[camera for module in module_cards(overview, language) for camera in module.cameras],
        after_trial=next_clips_after(overview, without_trial(overview), language) if overview.trial else (),
        has_trial=overview.trial is not None,
        waits_for_trial=overview.trial is not None and _waits(overview),
        auto_delete_open=auto_delete_is_open(overview),
        auto_delete_days=overview.auto_delete_days,
        auto_delete_choices=overview.region.auto_delete_days,
    )


def _waits(overview: Overview) -> bool:
    policy = overview.catalog.trial
    return policy is not None and policy.purchase_starts.value == "trial_end"


async def attach(request: web.Request) -> web.Response:
    """POST /plan/attach."""
    form = await form_of(request)
    actor = AccountActor(owner_of(request).account.account_id)
    await services_of(request).plans.attach(actor, form.get("subscription_id", ""), form.get("camera_id", ""))
    raise back_to("/plan")


async def detach(request: web.Request) -> web.Response:
    """POST /plan/detach: done, or asked first where it erases clips (R128)."""
    form = await form_of(request)
    subscription_id = form.get("subscription_id", "")
    if form.get("sure") != "yes":
        ask = await _ask_detach(request, subscription_id)
        if ask.warning:
            return render(request, "confirm.html", overview=await overview_of(request), page="plan", ask=ask)
    actor = AccountActor(owner_of(request).account.account_id)
    await services_of(request).plans.detach(actor, subscription_id)
    raise back_to("/plan")


async def ask_detach(request: web.Request) -> web.Response:
    """GET /plan/detach?subscription=: what taking a plan off its camera does, before it is done."""
    ask = await _ask_detach(request, request.query.get("subscription", ""))
    return render(request, "confirm.html", overview=await overview_of(request), page="plan", ask=ask)


async def _ask_detach(request: web.Request, subscription_id: str) -> Ask:
    overview, language = await overview_of(request), language_of(request)
    after = without_attachments(overview.situation, subscription_id, overview.now)
    ask = Ask(
        headline=language.say("Take the plan off its camera?"),
        points=await _meaning(request, overview, after),
        action="/plan/detach",
        button=language.say("Take it off its camera"),
        back_url="/plan",
        hidden={"subscription_id": subscription_id, "sure": "yes"},
        back_here=f"/plan/detach?subscription={quote(subscription_id)}",
    )
    return await _warned(request, overview, after, ask)


async def _warned(request: web.Request, overview: Overview, after: Situation, ask: Ask) -> Ask:
    """Return the question with the clips that the change erases, and the ways to keep them."""
    language, days = language_of(request), overview.auto_delete_days
    async with services_of(request).records.reading() as records:
        held = await records.clips.held_of_account(overview.account.account_id)
    clips = doomed_clips(overview.catalog, overview.situation, after, held, days, overview.now)
    return replace(
        ask,
        warning=say_erased(len(clips), language),
        clips=tuple(clip_card(clip, overview, language) for clip in clips[:CLIPS_SHOWN]),
        to_drive=to_drive(clips, overview, language),
    )


async def reactivate(request: web.Request) -> web.Response:
    """POST /plan/reactivate: take a cancellation back (R149)."""
    form = await form_of(request)
    actor = AccountActor(owner_of(request).account.account_id)
    await services_of(request).cancels.reactivate(actor, form.get("subscription_id", ""))
    raise back_to("/plan", "kept")


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
        back_here="/plan/end-trial",
    )
    ask = await _warned(request, overview, without_trial(overview), ask)
    return render(request, "confirm.html", overview=overview, page="plan", ask=ask)


async def end_trial(request: web.Request) -> web.Response:
    """POST /plan/end-trial."""
    await services_of(request).plans.end_trial(owner_of(request).account.account_id)
    raise back_to("/plan")


async def set_auto_delete(request: web.Request) -> web.Response:
    """POST /plan/auto-delete."""
    account = owner_of(request).account
    days = (await form_of(request)).get("days", "")
    if not days.isdecimal() or len(days) > LONGEST_NUMBER:
        raise CloudError("bad_choice", 422, "`days` is a whole number.")
    await services_of(request).plans.set_auto_delete(account.account_id, int(days))
    raise back_to("/plan", "saved")


async def _meaning(request: web.Request, overview: Overview, after: Situation) -> tuple[Point, ...]:
    language = language_of(request)
    async with services_of(request).records.reading() as records:
        held = await records.clips.held_of_account(overview.account.account_id)
    return (*next_clips_after(overview, after, language), existing_clips(held, overview, language))


ROUTES: Final = (
    web.get("/plan", show_plan),
    web.post("/plan/attach", attach),
    web.get("/plan/detach", ask_detach),
    web.post("/plan/detach", detach),
    web.post("/plan/reactivate", reactivate),
    web.get("/plan/end-trial", ask_end_trial),
    web.post("/plan/end-trial", end_trial),
    web.post("/plan/auto-delete", set_auto_delete),
)
