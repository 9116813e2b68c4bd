"""A sound catalog in sentences, so that whoever wrote it can read what it means."""

from collections.abc import Iterator

from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.catalog import Catalog, Coverage, Plan, PurchaseStart, Region, TrialRepeat, TrialScope
from cloud_stub.domain.catalog_summary import sold_intervals
from cloud_stub.domain.policies import (
    AutoAttach,
    ChangeTerms,
    ChoiceWhen,
    Effective,
    HistoryOnEnd,
    OnUnlink,
    QuotaWhenFull,
    UnusedTime,
)

COVERS = {
    Coverage.DEVICE: "one camera",
    Coverage.ACCOUNT: "every camera of the account",
    Coverage.SERVICE_CAMERAS: "the cameras chosen for it",
    Coverage.FLOOR: "every camera, without being bought",
}
WHEN = {Effective.NOW: "at once", Effective.PERIOD_END: "at the end of the period"}
MONEY = {
    UnusedTime.NOTHING: "nothing comes back",
    UnusedTime.REFUND: "the unused time is refunded",
    UnusedTime.CREDIT: "the unused time is taken off the next invoice",
    UnusedTime.BY_REMAINING: "the unused time is refunded, or taken off the next invoice while another paid plan stays",
}
CHOICE = {
    ChoiceWhen.ALWAYS: "the customer chooses",
    ChoiceWhen.LAST_PAID: "the customer chooses when it is the last paid plan",
}


def in_words(catalog: Catalog) -> tuple[str, ...]:
    """Return what a catalog means, a line a fact: plans, regions with their prices, then policies."""
    lines = [f"{catalog.name} ({catalog.version})", "Plans:"]
    lines += [f"  {_plan(plan)}" for plan in catalog.plans.values()]
    lines.append("Regions:")
    for region in catalog.regions.values():
        lines.append(f"  {_region(region)}")
        lines += [f"    {_prices(plan, region)}" for plan in catalog.plans.values() if plan.intervals]
    lines.append("Policies:")
    lines += [f"  {sentence}" for sentence in (*_sale(catalog), *_endings(catalog), *_storage(catalog))]
    return tuple(lines)


def _plan(plan: Plan) -> str:
    covers = COVERS[plan.coverage]
    most = f", at most {plan.cameras_max}" if plan.cameras_max else ""
    if plan.keep_for_days_choices:
        days = ", ".join(str(days) for days in plan.keep_for_days_choices)
        keeps = f"clips stay for {days} days, as the customer chooses"
    elif plan.cloud_clips:
        window = f"{plan.cloud_window_days} days" if plan.cloud_window_days else "the days of the region's window"
        keeps = f"clips stay for {window}"
    else:
        keeps = "it keeps no clips of its own"
    sold = f"sold by the {' and the '.join(plan.intervals)}" if plan.intervals else "not sold"
    return f"{plan.name} covers {covers}{most}; {keeps}; {sold}."


def _region(region: Region) -> str:
    countries, models = ", ".join(region.countries), len(region.models)
    return f"{region.name} ({countries}), {region.currency}, {models} camera models."


def _prices(plan: Plan, region: Region) -> str:
    own = [
        f"{price.amount_minor} a {price.interval}"
        + (f" with {price.keep_for_days} days" if price.keep_for_days else "")
        for price in region.prices
        if price.plan == plan.key
    ]
    each = " for each camera" if plan.priced_per_camera else ""
    asked = f"{', '.join(own)}{each}, in minor units of {region.currency}" if own else "not sold here"
    return f"{plan.name}: {asked}."


def _sale(catalog: Catalog) -> Iterator[str]:
    trial, linking, purchase = catalog.trial, catalog.linking, catalog.purchase
    if trial is None:
        yield "There is no trial."
    else:
        whom = "the camera that starts it" if trial.scope is TrialScope.DEVICE else "every camera of the account"
        often = "for each new camera" if trial.repeat is TrialRepeat.NEW_DEVICE else "once for an account"
        start = "when it ends" if trial.purchase_starts is PurchaseStart.TRIAL_END else "at once"
        yield f"A trial of {trial.days} days of {catalog.plans[trial.plan].name} for {whom}, {often}."
        yield f"A plan bought during a trial begins {start}."
    if linking is None:
        yield "Plans are bought by the camera account itself."
    else:
        enforced = ", ".join(linking.enforced) or "nothing"
        effect = "paused" if linking.on_unlink is OnUnlink.PAUSE else "paid on"
        yield f"Plans are held by a linked store account; unlinked, they are {effect}. Linking refuses: {enforced}."
    yield f"Plans are sold by: {', '.join(purchase.channels)}; not by: {', '.join(purchase.refused_channels) or '-'}."
    if purchase.basket:
        yield "Several plans go into one order."
    if purchase.needs_terms:
        yield "The terms of sale must be accepted."
    if purchase.auto_attach is AutoAttach.ONLY_PLAN:
        yield "A plan for one camera takes the first eligible one when it is the only plan."
    if purchase.one_level_per_camera:
        yield "A camera is on one plan at a time: another one for it is a change."


def _endings(catalog: Catalog) -> Iterator[str]:
    for name, said in (("Cancelling", _terms), ("Changing", _changes)):
        by_sentence: dict[str, list[str]] = {}
        for interval in sold_intervals(catalog):
            by_sentence.setdefault(said(catalog, interval), []).append(f"by the {interval}")
        for sentence, intervals in by_sentence.items():
            yield f"{name} a plan {' or '.join(intervals)}: {sentence}"
    cancel, history = catalog.cancel, catalog.history
    yield f"Cancelled here are plans bought by: {', '.join(cancel.accepts_channels) or 'nothing'}."
    if cancel.needs_confirmation:
        yield "Cancelling is confirmed a second time."
    yield f"A cancelled plan that still runs can{'' if cancel.can_reactivate else 'not'} be taken up again."
    if history.on_end is HistoryOnEnd.KEEP_UNTIL_AUTO_DELETE:
        yield "When a plan ends, clips stay until their own time is over."
    else:
        most = f", at least {history.keep_days_after_end} days" if history.keep_days_after_end else ""
        yield f"When a plan ends, clips beyond the window that the camera then has are erased{most}."
    billing = catalog.billing
    yield f"A declined renewal is tried again every {billing.retry_after_days} days, for {billing.past_due_days} days."


def _terms(catalog: Catalog, interval: Interval) -> str:
    terms = catalog.cancel.terms[interval]
    modes = "; ".join(f"{WHEN[mode]}, {MONEY[terms.unused_time[mode]]}" for mode in terms.modes)
    others = terms.unused_time_if_others_remain
    remain = f"; while other paid plans stay, {MONEY[others]}" if others is not None else ""
    choice = "" if terms.choice is ChoiceWhen.NEVER else f"; {CHOICE[terms.choice]}, else {WHEN[terms.default]}"
    return f"{modes}{remain}{choice}."


def _changes(catalog: Catalog, interval: Interval) -> str:
    change = catalog.change_of(interval)
    kinds = (
        ("to a higher one", change.upgrade),
        ("to a lower one", change.downgrade),
        ("of interval", change.interval),
    )
    return "; ".join(f"{name} {_change(terms)}" for name, terms in kinds) + "."


def _change(terms: ChangeTerms) -> str:
    return f"{WHEN[terms.effective]}, {MONEY[terms.unused_time]}"


def _storage(catalog: Catalog) -> Iterator[str]:
    yield f"Clips go to the first of: {', '.join(catalog.storage_order)}."
    if catalog.quota_limit_ms:
        full = "the oldest leave" if catalog.quota_when_full is QuotaWhenFull.EVICT_OLDEST else "no clip is taken"
        yield f"A free pool holds {catalog.quota_limit_ms // 1000} s; when it is full, {full}."
