"""The owner's page of the link to a store account: what it is for, making it, cutting it, mending a wrong one."""

from typing import Final

from aiohttp import web

from cloud_stub.domain.linking import FIXES, Fix, LinkRequest, Trouble, version_numbers
from cloud_stub.errors import CloudError
from cloud_stub.flow.link_accounts import Facts, LinkState
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview
from cloud_stub.web.owner_services import source_of
from cloud_stub.web.pages import back_to, language_of, overview_of, render, say_refusal, services_of
from cloud_stub.web.words import N_

LONGEST_VERSION: Final = 20
TROUBLE: Final = {
    Trouble.NO_DEVICE: N_("No camera is set up yet."),
    Trouble.ACCOUNT_NOT_LINKED: N_("This account is not linked to a store account."),
    Trouble.PLAN_IN_OTHER_STORE_ACCOUNT: N_("A plan was bought with another store account than the linked one."),
    Trouble.PLAN_NOT_ATTACHED: N_("A plan is attached to no camera."),
    Trouble.PAYMENT_PAST_DUE: N_("A payment was declined."),
}
STEP: Final = {
    Fix.SET_UP_A_DEVICE: N_("Set up a camera."),
    Fix.LINK_ACCOUNTS: N_("Link the two accounts on this page."),
    Fix.FIND_PURCHASING_ACCOUNT: N_("Find the store account that bought the plan: its memberships page shows it."),
    Fix.UNLINK: N_("Cut the link on this page."),
    Fix.LINK_PURCHASING_ACCOUNT: N_("Link the store account that bought the plan."),
    Fix.ATTACH_THE_PLAN: N_("Choose the plan's camera on the plan page."),
    Fix.CHANGE_PAYMENT_METHOD: N_("Pay with something else: in the store, under memberships."),
}
FIELD: Final = {
    "email": N_("E-mail address"),
    "marketplace": N_("Marketplace"),
    "plans": N_("Plans"),
    "cameras": N_("Names of the cameras"),
    "region": N_("Cameras and country"),
}


async def show_link(request: web.Request) -> web.Response:
    """GET /link."""
    return await _page(request)


async def link(request: web.Request) -> web.Response:
    """POST /link: the accounts are linked, or the page again with what was wrong."""
    overview = await overview_of(request)
    services = services_of(request)
    form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    try:
        wish = LinkRequest(
            form.get("country", ""),
            _version(form.get("app_version", "")),
            form.get("os", ""),
            _version(form.get("os_version", "")),
        )
        source = source_of(request, behind_proxy=services.settings.behind_proxy)
        email, password = form.get("store_email", "").strip(), form.get("store_password", "")
        await services.store.links.link(overview.account, email, password, wish, source)
    except CloudError as error:
        return await _page(request, error, form.get("store_email", ""))
    raise back_to("/link", "saved")


async def unlink(request: web.Request) -> web.Response:
    """POST /link/unlink."""
    overview = await overview_of(request)
    services = services_of(request)
    raw = (await request.post()).get("password", "")
    try:
        source = source_of(request, behind_proxy=services.settings.behind_proxy)
        await services.store.links.unlink(overview.account, raw if isinstance(raw, str) else "", source)
    except CloudError as error:
        return await _page(request, error)
    raise back_to("/link", "saved")


def _version(text: str) -> str:
    try:
        version_numbers(text[:LONGEST_VERSION])
    except ValueError:
        raise CloudError("bad_choice", 422, "A version is numbers with dots, such as 14.2.") from None
    return text[:LONGEST_VERSION]


async def _page(request: web.Request, error: CloudError | None = None, email: str = "") -> web.Response:
    overview = await overview_of(request)
    language = language_of(request)
    state = await services_of(request).store.links.state(overview.account.account_id)
    policy = overview.catalog.linking
    return render(
        request,
        "link.html",
        overview=overview,
        page="account",
        status=200 if error is None else error.status,
        state=state,
        problem="" if error is None else say_refusal(language, error),
        store_email=email,
        countries=[(code, language.countries([code])) for code in overview.region.countries],
        elsewhere=language.say("Another country"),
        systems=[] if policy is None else sorted(policy.minimum_os.items()),
        app_version="" if policy is None else policy.latest_app_version,
        troubles=_troubles(state, language),
        readable_here=_facts(state.of_store, language, overview),
        readable_in_store=_facts(state.of_account, language, overview),
        shared=[language.say(FIELD[field]) for field in state.shared_fields if field in FIELD],
        linked_on="" if state.link is None else language.day(state.link.linked_at, overview.account.time_zone),
    )


def _troubles(state: LinkState, language: Language) -> list[tuple[str, list[str]]]:
    """Return what is wrong, and the steps that mend it; that support may help is said where nothing else is known."""
    return [
        (language.say(TROUBLE[trouble]), [language.say(STEP[step]) for step in FIXES[trouble]])
        for trouble in state.troubles
        if trouble in TROUBLE
    ]


def _facts(facts: Facts, language: Language, overview: Overview) -> list[tuple[str, str]]:
    names = {plan.key: plan.name for plan in overview.catalog.plans.values()}
    told = []
    for field, value in facts.items():
        words = [value] if isinstance(value, str) else [names.get(each, each) for each in value]
        told.append((language.say(FIELD[field]), ", ".join(words) or language.say("none")))
    return told


ROUTES: Final = (
    web.get("/link", show_link),
    web.post("/link", link),
    web.post("/link/unlink", unlink),
)
