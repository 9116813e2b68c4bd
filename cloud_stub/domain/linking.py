"""Tying a camera account to a store account: what stands against it, what each side may read, what mends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud_stub.domain.billing_records import PaymentState, Subscription
from cloud_stub.domain.catalog import Catalog, PurchaseStart
from cloud_stub.domain.offers import Hindrance, diagnosis
from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.policies import LinkPolicy, LinkRule
from cloud_stub.domain.situation import Situation, running_trial, subscription_runs, trial_over_at
from cloud_stub.domain.store_records import Link, StoreAccount
from cloud_stub.domain.subscription_life import needs_camera
from cloud_stub.domain.trial import trial_days_left
from cloud_stub.errors import CloudError


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """Where an owner asks from: the ISO code of the country, the version of the app, and the system it runs on."""

    country: str
    app_version: str
    os: str
    os_version: str


SENTENCES: Mapping[LinkRule, str] = {
    LinkRule.TRIAL_BANNER: "Accounts are linked while the app shows that the whole free trial is left.",
    LinkRule.REGION: "Accounts can only be linked from within their own country.",
    LinkRule.APP_VERSION: "This version of the app is too old to link accounts: update it first.",
    LinkRule.OS_VERSION: "This phone's system is too old, or not known, to link accounts: update it first.",
}


def version_numbers(version: str) -> tuple[int, ...]:
    """Return a version such as `13.7` as numbers that compare; zeros at its end say nothing (14 is 14.0).

    ValueError for what is no version.
    """
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def link_refusal(catalog: Catalog, situation: Situation, request: LinkRequest, now: datetime) -> LinkRule | None:
    """Return the first precondition that is enforced and not met, in the order in which they are stated (C07)."""
    policy = catalog.linking
    if policy is None:
        return None
    met = {
        LinkRule.TRIAL_BANNER: _sees_whole_trial(catalog, situation, now),
        LinkRule.REGION: request.country in catalog.region(situation.account.region).countries,
        LinkRule.APP_VERSION: version_numbers(request.app_version) >= version_numbers(policy.latest_app_version),
        LinkRule.OS_VERSION: _is_new_enough(policy, request),
    }
    return next((rule for rule in policy.stated if rule in policy.enforced and not met[rule]), None)


def check_link(
    catalog: Catalog,
    situation: Situation,
    store: StoreAccount,
    links_of_store: Sequence[Link],
    request: LinkRequest,
    now: datetime,
) -> None:
    """Raise CloudError 409 where two accounts cannot be linked.

    The code is `linking_not_offered`, a LinkRule, `wrong_marketplace` (R011), or `already_linked` (R050, R051).
    """
    if catalog.linking is None:
        raise CloudError("linking_not_offered", 409, "These plans need no store account: there is nothing to link.")
    rule = link_refusal(catalog, situation, request, now)
    if rule is not None:
        raise CloudError(rule.value, 409, SENTENCES[rule])
    region = catalog.region(situation.account.region)
    if store.marketplace != region.marketplace:
        message = f"This account needs a store account of {region.marketplace}, and that one is of {store.marketplace}."
        raise CloudError("wrong_marketplace", 409, message)
    if situation.link is not None:
        raise CloudError("already_linked", 409, "This account is linked to a store account already: unlink it first.")
    if any(link.unlinked_at is None for link in links_of_store):
        raise CloudError("already_linked", 409, "That store account is linked to another camera account already.")


def paid_time_moves_to(
    catalog: Catalog, situation: Situation, store_account_id: str, subscription: Subscription, now: datetime
) -> datetime | None:
    """Return the trial's end, where a plan paid before its link must not be used up by the trial (R014, R037).

    Only the first link of the two accounts in a trial moves it, so that linking again gains nothing.
    """
    policy, trial = catalog.trial, running_trial(situation.trials, now)
    if policy is None or policy.purchase_starts is not PurchaseStart.TRIAL_END or trial is None:
        return None
    if trial.camera_id is not None or not subscription_runs(subscription, now):
        return None
    linked_before = any(
        link.store_account_id == store_account_id and (link.unlinked_at or now) >= trial.started_at
        for link in situation.links
    )
    return None if linked_before else trial_over_at(trial)


def shared_facts(policy: LinkPolicy, facts: Mapping[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
    """Return what one side may read of the other: the fields that the catalog lists, and no other (R058)."""
    return {field: facts[field] for field in policy.shared_fields if field in facts}


class Trouble(StrEnum):
    """Why plans do not work; the first four stand in an order of the catalog's own (R020)."""

    NO_DEVICE = "no_device"
    ACCOUNT_NOT_LINKED = "account_not_linked"
    PLAN_IN_OTHER_STORE_ACCOUNT = "plan_in_other_store_account"
    CONTACT_SUPPORT = "contact_support"
    PLAN_NOT_ATTACHED = "plan_not_attached"
    PAYMENT_PAST_DUE = "payment_past_due"


class Fix(StrEnum):
    """One step that mends a trouble."""

    SET_UP_A_DEVICE = "set_up_a_device"
    LINK_ACCOUNTS = "link_accounts"
    FIND_PURCHASING_ACCOUNT = "find_purchasing_account"
    UNLINK = "unlink"
    LINK_PURCHASING_ACCOUNT = "link_purchasing_account"
    ATTACH_THE_PLAN = "attach_the_plan"
    CHANGE_PAYMENT_METHOD = "change_payment_method"
    CONTACT_SUPPORT = "contact_support"


FIXES: Mapping[Trouble, tuple[Fix, ...]] = {
    Trouble.NO_DEVICE: (Fix.SET_UP_A_DEVICE,),
    Trouble.ACCOUNT_NOT_LINKED: (Fix.LINK_ACCOUNTS,),
    Trouble.PLAN_IN_OTHER_STORE_ACCOUNT: (Fix.FIND_PURCHASING_ACCOUNT, Fix.UNLINK, Fix.LINK_PURCHASING_ACCOUNT),
    Trouble.PLAN_NOT_ATTACHED: (Fix.ATTACH_THE_PLAN,),
    Trouble.PAYMENT_PAST_DUE: (Fix.CHANGE_PAYMENT_METHOD,),
    Trouble.CONTACT_SUPPORT: (Fix.CONTACT_SUPPORT,),
}


def troubles(catalog: Catalog, situation: Situation, now: datetime) -> tuple[Trouble, ...]:
    """Return why the account's plans do not work, first things first, with support as the last word (R020, R060)."""
    stated = [Trouble(hindrance.value) for hindrance in diagnosis(catalog, situation, now)]
    last = [Trouble(Hindrance.CONTACT_SUPPORT.value)] if Trouble.CONTACT_SUPPORT in stated else []
    live = [each for each in live_subscriptions(situation, now) if each.plan in catalog.plans]
    own = []
    if any(needs_camera(catalog, each) and not situation.attached_to(each.subscription_id) for each in live):
        own.append(Trouble.PLAN_NOT_ATTACHED)
    if any(each.payment is PaymentState.FAILED for each in live):
        own.append(Trouble.PAYMENT_PAST_DUE)
    return (*(trouble for trouble in stated if trouble is not Trouble.CONTACT_SUPPORT), *own, *last)


def _sees_whole_trial(catalog: Catalog, situation: Situation, now: datetime) -> bool:
    trial = running_trial(situation.trials, now)
    return trial is not None and catalog.trial is not None and trial_days_left(trial, now) >= catalog.trial.days


def _is_new_enough(policy: LinkPolicy, request: LinkRequest) -> bool:
    oldest = policy.minimum_os.get(request.os)
    return oldest is not None and version_numbers(request.os_version) >= version_numbers(oldest)
