"""What a plan gives beyond cameras: the discount on devices and the longer warranty, and what each still lacks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from cloud_stub.domain.billing_calendar import add_months
from cloud_stub.domain.billing_records import PaymentState, Subscription
from cloud_stub.domain.catalog import Catalog, WarrantyTerms
from cloud_stub.domain.situation import Situation, running_trial, subscription_covers, subscription_over_at
from cloud_stub.domain.store_records import ProductKind

DISCOUNT = "device_discount"
WARRANTY = "extended_warranty"
"""The features of an account that a region lists where it has them (R103)."""


class Condition(StrEnum):
    """What a benefit asks for; the vendor may waive each of them for a holder (R110)."""

    PLAN = "plan"
    LINKED = "linked"
    TRIAL_OVER = "trial_over"
    PAID = "paid"
    PRIVATE_CUSTOMER = "business"
    ORIGINAL_WARRANTY = "original_warranty"


@dataclass(frozen=True, slots=True)
class Member:
    """Whoever asks for a benefit: what it holds, whether it is a business, and what was waived for it.

    `situation` is of the camera account that its plans are for, if any; `linked`: the two accounts are linked.
    """

    held: tuple[Subscription, ...]
    situation: Situation | None
    linked: bool
    business: bool
    waived: frozenset[str]


@dataclass(frozen=True, slots=True)
class Discount:
    """The percent off that is in force, and else what it still lacks; `percent_offered` is what the plan would give."""

    percent: int
    percent_offered: int
    lacks: tuple[Condition, ...]


def offers_discount(catalog: Catalog, region_key: str) -> bool:
    """Return whether a region has the discount at all."""
    return catalog.discount is not None and DISCOUNT in catalog.region(region_key).account_features


def offers_warranty(catalog: Catalog, region_key: str) -> bool:
    """Return whether a region has the longer warranty at all (R103)."""
    return catalog.warranty is not None and WARRANTY in catalog.region(region_key).account_features


def discount(catalog: Catalog, region_key: str, member: Member, now: datetime) -> Discount:
    """Return the discount at `now`: with a paid plan that gives it, once the trial is over (R102, R104, R108)."""
    policy = catalog.discount
    if policy is None or not offers_discount(catalog, region_key):
        return Discount(0, 0, ())
    giving = [each for each in member.held if each.plan in policy.plans and subscription_covers(each, now)]
    trial = None if member.situation is None else running_trial(member.situation.trials, now)
    met = {
        Condition.PLAN: bool(giving),
        Condition.LINKED: catalog.linking is None or member.linked,
        Condition.TRIAL_OVER: trial is None,
        Condition.PAID: any(each.payment is PaymentState.PAID for each in giving),
        Condition.PRIVATE_CUSTOMER: policy.business_accounts or not member.business,
    }
    lacks = tuple(each for each, holds in met.items() if not holds and each.value not in member.waived)
    return Discount(0 if lacks else policy.percent, policy.percent, lacks)


def line_discount_minor(catalog: Catalog, percent: int, kind: ProductKind, amount_minor: int) -> int:
    """Return what a line of a device order gets off, rounded down; nothing on what is not the vendor's own (R106)."""
    policy = catalog.discount
    if policy is None or kind.value not in {str(each) for each in policy.kinds}:
        return 0
    return amount_minor * percent // 100


class WarrantyState(StrEnum):
    """Whether a product is covered, and by what."""

    NOT_ELIGIBLE = "not_eligible"
    ORIGINAL = "original"
    EXTENDED = "extended"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Warranty:
    """A product's cover. `original_until` is its last day; `extended_from` the day after, where a plan goes on with it.

    `extended_until` is the day the plan ends; `None` while no end is known.
    """

    state: WarrantyState
    original_until: date | None
    extended: bool
    extended_from: date | None
    extended_until: date | None
    lacks: tuple[Condition, ...]


def warranty(
    catalog: Catalog, region_key: str, member: Member, product: tuple[ProductKind, date], time_zone: str, now: datetime
) -> Warranty:
    """Return the cover of a product, given as its kind and the day it was bought (R111 to R114).

    It is extended where the plan began inside the original warranty, and as long as that plan goes on.
    """
    kind, bought_on = product
    terms = catalog.region(region_key).warranty
    months = None if terms is None else _original_months(terms).get(kind)
    if months is None:
        return Warranty(
            WarrantyState.NOT_ELIGIBLE, None, extended=False, extended_from=None, extended_until=None, lacks=()
        )
    zone = ZoneInfo(time_zone)
    noon = datetime.combine(bought_on, time(12), tzinfo=zone)
    original_until = add_months(noon, months, time_zone).astimezone(zone).date()
    today = now.astimezone(zone).date()
    is_original = bought_on <= today <= original_until
    lacks, until = _extension(catalog, region_key, member, (kind, original_until), zone, now)
    if lacks is None or lacks:
        state = WarrantyState.ORIGINAL if is_original else WarrantyState.EXPIRED
        return Warranty(
            state, original_until, extended=False, extended_from=None, extended_until=None, lacks=lacks or ()
        )
    state = WarrantyState.ORIGINAL if is_original else WarrantyState.EXTENDED
    begins = date.fromordinal(original_until.toordinal() + 1)
    return Warranty(state, original_until, extended=True, extended_from=begins, extended_until=until, lacks=())


def warranty_lacks(catalog: Catalog, member: Member, now: datetime) -> tuple[Condition, ...]:
    """Return what keeps every product from the longer warranty: no plan that gives it, or no link (R103)."""
    plans = () if catalog.warranty is None else catalog.warranty.plans
    met = {
        Condition.PLAN: any(each.plan in plans and subscription_covers(each, now) for each in member.held),
        Condition.LINKED: catalog.linking is None or member.linked,
    }
    return tuple(each for each, holds in met.items() if not holds and each.value not in member.waived)


def _original_months(terms: WarrantyTerms) -> Mapping[ProductKind, int]:
    return {ProductKind.CAMERA: terms.camera_months, ProductKind.ACCESSORY: terms.accessory_months}


def _extension(
    catalog: Catalog,
    region_key: str,
    member: Member,
    product: tuple[ProductKind, date],
    zone: ZoneInfo,
    now: datetime,
) -> tuple[tuple[Condition, ...] | None, date | None]:
    """Return what the extension lacks (`None`: there is none for this product here) and the day it is to end."""
    policy = catalog.warranty
    kind, original_until = product
    if policy is None or not offers_warranty(catalog, region_key):
        return None, None
    if kind.value not in {str(each) for each in policy.kinds}:
        return None, None
    giving = [each for each in member.held if each.plan in policy.plans and subscription_covers(each, now)]
    began = began_at(giving, [each for each in member.held if each.plan in policy.plans])
    in_time = began is not None and began.astimezone(zone).date() <= original_until
    lacks = warranty_lacks(catalog, member, now)
    if giving and not in_time and Condition.ORIGINAL_WARRANTY.value not in member.waived:
        lacks = (*lacks, Condition.ORIGINAL_WARRANTY)
    ends = [subscription_over_at(each) for each in giving]
    known = [end for end in ends if end is not None]
    until = max(known).astimezone(zone).date() if known and len(known) == len(ends) else None
    return lacks, until


def began_at(running: Sequence[Subscription], ever: Collection[Subscription]) -> datetime | None:
    """Return since when plans have gone on without a gap, counting those that the running ones took over from."""
    began = min((each.starts_at for each in running), default=None)
    while began is not None:
        earlier = [each.starts_at for each in ever if each.starts_at < began and _reaches(each, began)]
        if not earlier:
            break
        began = min(earlier)
    return began


def _reaches(subscription: Subscription, moment: datetime) -> bool:
    over_at = subscription_over_at(subscription)
    return subscription.periods > 0 and (over_at is None or over_at >= moment)
