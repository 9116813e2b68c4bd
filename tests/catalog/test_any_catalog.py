"""Whatever a sound catalog says, nothing of the engine breaks on it; the invariants of rights and money hold.

`VEILLEUR_EXAMPLES` is how many catalogs each test tries: 60 of them unless it says more.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from cloud_stub.catalog.in_words import in_words
from cloud_stub.catalog.out_of_reach import warnings_of
from cloud_stub.catalog.reader import document_of
from cloud_stub.catalog.tables_to_values import catalog_of
from cloud_stub.domain.auto_delete import auto_delete_in_force, can_set_auto_delete
from cloud_stub.domain.billing_records import (
    AttachedBy,
    Attachment,
    Interval,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    PaymentState,
    Subscription,
)
from cloud_stub.domain.cancel_plan import cancel_choices, cancel_decision
from cloud_stub.domain.catalog import Catalog, Coverage
from cloud_stub.domain.catalog_summary import catalog_summary
from cloud_stub.domain.entitlement import cloud_ends_at, rights
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem, planned, quote
from cloud_stub.domain.records import Account, Camera, Module, Trial
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.storage_order import StorageKind
from cloud_stub.domain.subscription_life import next_subscription_due, subscription_status
from cloud_stub.domain.trial import trial_start
from cloud_stub.errors import CloudError
from tests.catalog.any_catalog import FEATURES, MODELS, PLANS, documents

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONE = "Europe/Paris"
CAMERAS = ("a", "b", "c")
T = TypeVar("T")
any_catalog = settings(
    max_examples=int(os.environ.get("VEILLEUR_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def without_nothing(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as a file can hold it: TOML knows no null."""
    kept = {key: value for key, value in raw.items() if value is not None}
    return {key: without_nothing(value) if isinstance(value, dict) else value for key, value in kept.items()}


catalogs = documents().map(lambda raw: catalog_of(document_of(without_nothing(raw), Path("any.toml"))))
instants = st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days))


@st.composite
def subscriptions(draw: st.DrawFn, number: int, region: str) -> Subscription:
    starts_at, plan, interval = draw(instants), draw(st.sampled_from(PLANS)), draw(st.sampled_from(list(Interval)))
    ends_at = draw(st.none() | instants)
    return Subscription(
        subscription_id=f"s{number}",
        holder_id="account",
        account_id="account",
        vendor="any",
        region=region,
        time_zone=ZONE,
        plan=plan,
        interval=interval,
        keep_for_days=draw(st.none() | st.integers(1, 90)),
        quantity=1,
        price_minor=draw(st.integers(0, 5000)),
        currency="EUR",
        channel=draw(st.sampled_from(["browser", "app", "portal"])),
        bought_at=starts_at,
        starts_at=starts_at,
        anchor_at=starts_at,
        periods=draw(st.integers(0, 3)),
        payment=draw(st.sampled_from(list(PaymentState))),
        first_paid_at=draw(st.none() | st.just(starts_at)),
        paused_at=draw(st.none() | instants),
        ends_at=ends_at,
        ended_at=draw(st.none() | st.just(ends_at)),
    )


@st.composite
def situations(draw: st.DrawFn, catalog: Catalog) -> Situation:
    region = draw(st.sampled_from(sorted(catalog.regions)))
    created_on = draw(st.sampled_from([date(2019, 1, 1), date(2020, 4, 15), date(2024, 1, 1)]))
    account = Account(
        "account", "o@example.org", "h", "any", region, created_on, ZONE, draw(st.none() | st.just(7)), "en"
    )
    account = replace(account, subdivision=draw(st.none() | st.just("FR-75C")))
    hub = Module("hub", "account", "Hub", "sync_module_2", "0" * 64, NOW, None, False, None, None, None)
    cameras = tuple(
        Camera(name, "hub", "account", name, "m0", model, None if model is None else NOW, "file", NOW)
        for name in CAMERAS
        for model in [draw(st.none() | st.sampled_from([*MODELS, "unheard_of"]))]
    )
    starts = draw(st.lists(instants, max_size=2))
    trials = tuple(
        Trial(
            f"t{n}",
            "account",
            draw(st.sampled_from(PLANS)),
            at,
            at + timedelta(days=30),
            None,
            draw(st.none() | st.just("a")),
        )
        for n, at in enumerate(starts)
    )
    held = tuple(draw(subscriptions(number, region)) for number in range(draw(st.integers(0, 3))))
    attachments = tuple(
        Attachment(f"{each.subscription_id}/{name}", each.subscription_id, name, AttachedBy.USER, NOW)
        for each in held
        for name in draw(st.lists(st.sampled_from(CAMERAS), unique=True))
    )
    return Situation(account, (hub,), cameras, trials, held, attachments)


@st.composite
def items(draw: st.DrawFn, catalog: Catalog) -> OrderItem:
    """Return an item that fits the catalog in most parts, so that not all of them are refused for the first."""
    plan = draw(st.sampled_from([*catalog.plans, "unheard_of"]))
    sold = catalog.plans.get(plan)
    own = sold.intervals if sold is not None and sold.intervals else tuple(Interval)
    days = sold.keep_for_days_choices if sold is not None else ()
    return OrderItem(
        plan,
        draw(st.sampled_from(own)),
        tuple(draw(st.lists(st.sampled_from([*CAMERAS, "no_such"]), unique=True, max_size=2))),
        draw(st.sampled_from(days or (None, 7))),
        draw(st.sampled_from([None, None, None, "s0", "no_such"])),
    )


@st.composite
def orders(draw: st.DrawFn, catalog: Catalog) -> Order:
    channel = draw(st.sampled_from([*catalog.purchase.channels * 3, "kiosk"]))
    accepts = draw(st.sampled_from([True, True, True, False]))
    return Order(tuple(draw(st.lists(items(catalog), min_size=1, max_size=2))), channel, accepts_terms=accepts)


def refusal_of(act: Callable[[], T]) -> T | CloudError:
    """Return what an act gives, or its refusal, which must have a code and a status of the caller's."""
    try:
        return act()
    except CloudError as refusal:
        said = refusal
    assert 400 <= said.status < 500
    assert said.code
    return said


@any_catalog
@given(documents())
def test_any_sound_document_is_read_warned_of_put_into_words_and_summarised(raw: dict[str, Any]) -> None:
    document = document_of(without_nothing(raw), Path("any.toml"))
    catalog = catalog_of(document)
    assert all(isinstance(warning, str) for warning in warnings_of(document))
    assert any(catalog.plans[key].name in line for key in catalog.plans for line in in_words(catalog))
    for key in catalog.regions:
        summary = catalog_summary(catalog, key)
        assert {plan.key for group in summary.groups for plan in group.plans} == set(catalog.plans)
        assert len({fact.key for fact in summary.policies}) == len(summary.policies)


@any_catalog
@given(st.data())
def test_rights_hold_under_any_catalog(data: st.DataObject) -> None:
    catalog = data.draw(catalogs)
    it = data.draw(situations(catalog))
    now = data.draw(instants)
    for each in rights(catalog, it, now):
        assert set(each.features) <= set(FEATURES)
        storage = each.storage
        if storage.kind is StorageKind.CLOUD:
            assert storage.keep_for_days is not None
            assert storage.keep_for_days > 0
            assert storage.grant_id in each.sources
        if storage.kind is StorageKind.QUOTA:
            assert storage.limit_ms == catalog.quota_limit_ms > 0
        if each.camera.model is None:
            assert storage.kind is StorageKind.NONE
    ends_at = cloud_ends_at(catalog, it, now, timedelta(days=30))
    assert ends_at is None or now < ends_at <= now + timedelta(days=30)
    assert auto_delete_in_force(catalog, it.account) in {*catalog.region(it.account.region).auto_delete_days, 7}
    assert isinstance(can_set_auto_delete(catalog, it, now), bool)
    for camera in it.cameras:
        trial_start(catalog, it, camera, camera.model or "m0", now)


@any_catalog
@given(st.data())
def test_an_order_is_planned_or_refused_with_a_code_and_costs_whole_minor_units(data: st.DataObject) -> None:
    catalog = data.draw(catalogs)
    it = data.draw(st.none() | situations(catalog))
    region = it.account.region if it is not None else min(catalog.regions)
    order, now = data.draw(orders(catalog)), data.draw(instants)
    found = refusal_of(lambda: planned(catalog, region, ZONE, it, order, now))
    event(found.code if isinstance(found, CloudError) else "planned")
    if isinstance(found, CloudError):
        return
    total = quote(catalog, catalog.region(region), order.items)
    assert total.total_minor == sum(each.price_minor for each in found) > 0
    for each in found:
        plan = catalog.plans[each.item.plan]
        assert plan.coverage is not Coverage.FLOOR
        assert plan.coverage is not Coverage.DEVICE or len(each.attach) <= 1
        assert each.ends_at is None or each.ends_at > each.starts_at


@any_catalog
@given(st.data())
def test_cancelling_gives_back_at_most_what_was_paid_or_is_refused_with_a_code(data: st.DataObject) -> None:
    catalog = data.draw(catalogs)
    it = data.draw(situations(catalog))
    now, mode = data.draw(instants), data.draw(st.none() | st.sampled_from(list(Effective)))
    for each in it.subscriptions:
        subscription_status(catalog, it, each, now)
        next_subscription_due(catalog, each)
        assert set(cancel_choices(catalog, it, each, now)) <= set(catalog.cancel.terms[each.interval].modes)
        credit = data.draw(st.integers(0, each.price_minor))
        newest = paid(each, credit)
        decision = refusal_of(partial(cancel_decision, catalog, it, each, newest, mode, now))
        event(decision.code if isinstance(decision, CloudError) else decision.mode)
        if isinstance(decision, CloudError):
            continue
        assert 0 <= decision.money.refund_minor <= each.price_minor - credit
        assert decision.money.credit_minor >= 0
        assert decision.money.refund_minor + decision.money.credit_minor <= each.price_minor
        assert decision.ends_at >= now or decision.mode is Effective.PERIOD_END


def paid(subscription: Subscription, credit: int) -> tuple[Invoice, InvoiceLine]:
    """Return a paid invoice for 30 days around now."""
    line = InvoiceLine(
        subscription.subscription_id,
        subscription.plan,
        subscription.interval,
        1,
        NOW - timedelta(days=10),
        NOW + timedelta(days=20),
        subscription.price_minor,
    )
    invoice = Invoice(
        invoice_id="i",
        number="1",
        order_id="o",
        holder_id="account",
        account_id="account",
        vendor="any",
        currency="EUR",
        lines=(line,),
        credit_minor=credit,
        charged_minor=subscription.price_minor - credit,
        status=InvoiceStatus.PAID,
        issued_at=NOW,
        attempts=1,
        next_attempt_at=None,
        paid_at=NOW,
        payment_reference="p",
    )
    return invoice, line
