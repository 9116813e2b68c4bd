"""The plans that may be bought, in words: prices to choose from, what they give, and the cameras they could cover."""

from dataclasses import dataclass

from cloud_stub.domain.billing_records import Subscription
from cloud_stub.domain.catalog import Catalog, Coverage, Plan, Region
from cloud_stub.domain.plans import eligible_cameras, live_subscriptions
from cloud_stub.domain.records import Camera
from cloud_stub.web.basket import choice_word
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview
from cloud_stub.web.plan_words import say_plan, say_price
from cloud_stub.web.service_replies import features_of
from cloud_stub.web.words import FEATURE, say_word

SAID_AS_DAYS = "motion_video_cloud"


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan of the region. `choices` are the values of a form with their words; `cameras` to choose `one` or some."""

    key: str
    name: str
    covers: str
    choices: tuple[tuple[str, str], ...]
    price: str
    other_prices: tuple[str, ...]
    features: tuple[str, ...]
    one_camera: bool
    some_cameras: bool
    cameras: tuple[Camera, ...]
    refused: str


def offers(overview: Overview, language: Language) -> tuple[Offer, ...]:
    """Return the plans that the account's region sells."""
    sold = [plan for plan in overview.catalog.plans.values() if choices_of(plan, overview, language)]
    return tuple(offer(plan, overview, language) for plan in sold)


def offer(plan: Plan, overview: Overview, language: Language) -> Offer:
    """Return one plan in words."""
    needs_camera = plan.coverage is not Coverage.ACCOUNT
    cameras = eligible_cameras(overview.catalog, overview.situation, plan, overview.now) if needs_camera else ()
    refused = ""
    live = live_subscriptions(overview.situation, overview.now)
    if not plan.stackable and any(s.plan == plan.key for s in live):
        refused = language.say("You have this plan.")
    elif needs_camera and not cameras:
        refused = language.say("No camera needs it: confirm a camera first, or all that it could cover have it.")
    choices = choices_of(plan, overview, language)
    prices = [text for _, text in choices]
    return Offer(
        key=plan.key,
        name=say_plan(language, plan.name),
        covers=_covers(plan, language),
        choices=choices,
        price=prices[0] if prices else "",
        other_prices=tuple(prices[1:]),
        features=(*_kept(plan, overview.region, language), *_features(plan, overview, language)),
        one_camera=plan.coverage is Coverage.DEVICE,
        some_cameras=plan.coverage is Coverage.SERVICE_CAMERAS,
        cameras=cameras,
        refused=refused,
    )


def choices_of(plan: Plan, overview: Overview, language: Language) -> tuple[tuple[str, str], ...]:
    """Return the intervals and durations that a plan is sold by, as values of a form, with their prices."""
    if not plan.intervals:
        return ()
    currency, found = overview.region.currency, []
    for price in overview.region.prices:
        if price.plan != plan.key:
            continue
        said = say_price(language, price.amount_minor, currency, price.interval)
        if plan.priced_per_camera:
            said = language.say("%(price)s for each camera", price=said)
        if price.keep_for_days is not None:
            said = language.say_many(
                "%(count)s day: %(price)s", "%(count)s days: %(price)s", price.keep_for_days, price=said
            )
        found.append((choice_word(plan.key, price.interval.value, price.keep_for_days), said))
    return tuple(found)


def change_choices(
    subscription: Subscription, overview: Overview, language: Language
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return what a subscription may become: by name of the plan, the values of a form with their prices.

    Services that stand beside each other do not become one another; their interval and duration may change.
    """
    now_word = choice_word(subscription.plan, subscription.interval.value, subscription.keep_for_days)
    found = []
    for plan in overview.catalog.plans.values():
        if overview.catalog.purchase.basket and plan.key != subscription.plan:
            continue
        choices = tuple(each for each in choices_of(plan, overview, language) if each[0] != now_word)
        if choices:
            found.append((say_plan(language, plan.name), choices))
    return tuple(found)


def plan_name(catalog: Catalog, key: str, language: Language) -> str:
    """Return a plan's name, or its key when the catalog does not know it any more."""
    plan = catalog.plans.get(key)
    return key if plan is None else say_plan(language, plan.name)


def _covers(plan: Plan, language: Language) -> str:
    if plan.coverage is Coverage.DEVICE:
        return language.say("Covers one camera")
    if plan.coverage is Coverage.SERVICE_CAMERAS:
        return language.say("For the cameras you choose")
    return language.say("Covers all your cameras") if plan.cloud_clips else language.say("For your whole home")


def _kept(plan: Plan, region: Region, language: Language) -> tuple[str, ...]:
    if not plan.cloud_clips or plan.keep_for_days_choices:
        return ()
    days = region.cloud_window_days if plan.cloud_window_days is None else plan.cloud_window_days
    kept = language.say_many("%(count)s day of clips in the cloud", "%(count)s days of clips in the cloud", days)
    return (kept,)


def _features(plan: Plan, overview: Overview, language: Language) -> list[str]:
    return [say_word(language, FEATURE, key) for key in features_of(plan, overview) if key != SAID_AS_DAYS]
