"""Orders: what they cost, what is refused, when each plan begins, which cameras it takes and which plan makes room."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_calendar import period
from cloud_stub.domain.billing_records import AttachedBy, EndedBecause, Interval, PaymentState, Subscription
from cloud_stub.domain.catalog import Catalog, Coverage, PurchaseStart, TrialScope
from cloud_stub.domain.plans import also_replaced, attach, in_the_way
from cloud_stub.domain.policies import AutoAttach
from cloud_stub.domain.purchase import Order, OrderItem, PlannedSubscription, planned, quote
from cloud_stub.domain.situation import Situation
from cloud_stub.errors import CloudError
from tests.domain.cloud.situations import CATALOG, CATALOGS, NOW, camera, situation, subscription, trial

HOUR = timedelta(hours=1)
KASA = CATALOGS.in_force("kasa_care", NOW)
SOMFY = CATALOGS.in_force("somfy_protect", NOW)
CHECKOUT, AUTO = AttachedBy.CHECKOUT, AttachedBy.AUTO
RECORDING, MONITORING, BACKUP = "continuous_recording", "professional_monitoring", "backup_connection"
MONTH, YEAR = Interval.MONTH, Interval.YEAR


def item(plan: str, *cameras: str, by: Interval = MONTH, keep: int | None = None, old: str | None = None) -> OrderItem:
    return OrderItem(plan, by, cameras, keep, old)


def plans_of(
    catalog: Catalog,
    it: Situation | None,
    *items: OrderItem,
    now: datetime = NOW,
    channel: str | None = None,
    accepts_terms: bool = True,
    region: str | None = None,
) -> tuple[PlannedSubscription, ...]:
    order = Order(items, catalog.purchase.channels[0] if channel is None else channel, accepts_terms)
    key = region or ("FR" if it is None else it.account.region)
    return planned(catalog, key, "Europe/Paris", it, order, now)


def refused(catalog: Catalog, it: Situation | None, *items: OrderItem, **how: object) -> tuple[str, int]:
    with pytest.raises(CloudError) as caught:
        plans_of(catalog, it, *items, **how)  # type: ignore[arg-type] # a test names what it changes
    return caught.value.code, caught.value.status


def running(plan: str, camera_id: str | None = None, by: Interval = MONTH, vendor: str = "blink") -> Subscription:
    """Return a plan that was bought a week ago, and paid."""
    bought = subscription(plan, camera_id, starts_at=NOW - timedelta(days=7))
    return replace(
        bought, interval=by, vendor=vendor, periods=1, payment=PaymentState.PAID, first_paid_at=bought.starts_at
    )


def minis(*own: Subscription, trials: bool = False, region: str = "FR") -> Situation:
    cameras = [camera(name, "mini", at=NOW + n * HOUR) for n, name in enumerate(("c1", "c2"))]
    return situation(*cameras, subscriptions=own, trials=(trial(),) if trials else (), region=region)


def spots(*own: Subscription) -> Situation:
    cameras = [camera(name, "kc105", at=NOW + n * HOUR) for n, name in enumerate(("c1", "c2"))]
    return situation(*cameras, subscriptions=own, region="US")


def homes(*own: Subscription) -> Situation:
    return situation(*(camera(name, "one") for name in ("c1", "c2", "c3")), subscriptions=own, region="EU")


@pytest.mark.parametrize(
    ("region", "items", "total", "currency"),
    [
        ("FR", [item("basic", "c1", "c2")], 600, "EUR"),
        ("FR", [item("basic", "c1", "c2", by=YEAR)], 6000, "EUR"),
        ("BE", [item("plus")], 1000, "EUR"),
        ("GB_IE", [item("basic", by=YEAR)], 2499, "GBP"),
        ("CA", [item("plus", by=YEAR)], 15000, "CAD"),
        ("US", [item("basic")], 300, "USD"),
    ],
)
def test_r002_to_r006_quotes(region: str, items: list[OrderItem], total: int, currency: str) -> None:
    its = quote(CATALOG, CATALOG.region(region), items)
    assert (its.total_minor, its.currency) == (total, currency)


def test_r140_r142_a_service_costs_its_duration_times_its_cameras_and_an_order_the_sum() -> None:
    its = quote(SOMFY, SOMFY.region("EU"), [item(RECORDING, "c1", "c2", "c1", keep=7), item(MONITORING)])
    assert [(line.quantity, line.unit_minor, line.amount_minor) for line in its.lines] == [
        (2, 699, 1398),
        (1, 1999, 1999),
    ]
    assert its.total_minor == 3397


@pytest.mark.parametrize(
    ("catalog", "it", "items", "how", "expected"),
    [
        (CATALOG, minis(), [item("plus")], {"channel": "store_app"}, ("channel_refused", 409)),
        (CATALOG, minis(), [item("plus")], {"channel": "letter"}, ("channel_refused", 409)),
        (CATALOG, minis(), [], {}, ("order_empty", 422)),
        (CATALOG, minis(), [item("plus"), item("basic")], {}, ("basket_not_offered", 409)),
        (CATALOG, minis(), [item("gold")], {}, ("plan_unknown", 404)),
        (KASA, spots(), [item("free")], {}, ("plan_unknown", 404)),
        (CATALOG, minis(), [item("plus", by=Interval.WEEK)], {}, ("interval_unknown", 400)),
        (CATALOG, minis(), [item("plus", keep=7)], {}, ("duration_unknown", 422)),
        (SOMFY, homes(), [item(RECORDING, "c1", keep=5)], {}, ("duration_unknown", 422)),
        (SOMFY, homes(), [item(RECORDING, "c1")], {}, ("duration_unknown", 422)),
        (SOMFY, homes(), [item(RECORDING, keep=7)], {}, ("cameras_needed", 422)),
        (SOMFY, homes(), [item(MONITORING)], {"accepts_terms": False}, ("terms_not_accepted", 422)),
        (SOMFY, homes(), [item(MONITORING), item(MONITORING)], {}, ("already_subscribed", 409)),
        (
            SOMFY,
            homes(),
            [item(RECORDING, "c1", keep=7), item(RECORDING, "c1", keep=1)],
            {},
            ("camera_already_attached", 409),
        ),
        (CATALOG, minis(), [item("plus", "c1")], {}, ("plan_covers_every_camera", 409)),
        (CATALOG, minis(), [item("basic", "c1", "c2")], {}, ("too_many_cameras", 422)),
        (CATALOG, minis(), [item("basic", "c9")], {}, ("camera_unknown", 404)),
        (CATALOG, situation(camera("c1", None)), [item("basic", "c1")], {}, ("camera_not_confirmed", 409)),
        (CATALOG, situation(camera("c1", "xt")), [item("basic", "c1")], {}, ("model_not_eligible", 409)),
        (CATALOG, minis(running("basic", "c1")), [item("basic", "c1")], {}, ("camera_already_attached", 409)),
        (CATALOG, minis(running("plus")), [item("plus")], {}, ("already_subscribed", 409)),
        (CATALOG, None, [item("basic", "c1")], {}, ("account_not_linked", 409)),
        (CATALOG, situation(), [item("basic", "c1")], {}, ("account_not_linked", 409)),
        (KASA, spots(running("plus", "c1")), [item("plus")], {}, ("cameras_needed", 422)),
        (CATALOG, minis(), [item("plus", old="s-9")], {}, ("plan_unknown", 404)),
        (CATALOG, minis(running("plus")), [item("plus", old="s-plus-None")], {}, ("already_subscribed", 409)),
    ],
)
def test_what_is_refused_says_why(
    catalog: Catalog, it: Situation | None, items: list[OrderItem], how: dict[str, object], expected: tuple[str, int]
) -> None:
    """R012, R041, R123, R140 to R142, and orders that make no sense."""
    assert refused(catalog, it, *items, **how) == expected


def test_r014_r037_a_plan_bought_in_a_trial_begins_when_it_ends_and_else_now() -> None:
    (waits,) = plans_of(CATALOG, minis(trials=True), item("plus"), now=NOW + timedelta(days=10))
    assert waits.starts_at == NOW + timedelta(days=30)
    (begins,) = plans_of(CATALOG, minis(), item("plus"))
    assert begins.starts_at == NOW
    assert CATALOG.trial is not None
    at_once = replace(CATALOG, trial=replace(CATALOG.trial, purchase_starts=PurchaseStart.NOW))
    assert plans_of(at_once, minis(trials=True), item("plus"))[0].starts_at == NOW


def test_r064_without_a_link_a_plan_is_bought_and_begins_now() -> None:
    (bought,) = plans_of(CATALOG, None, item("plus"))
    assert (bought.starts_at, bought.attach, bought.price_minor) == (NOW, (), 1000)
    assert refused(CATALOG, situation(subscriptions=(running("plus"),)), item("plus")) == ("already_subscribed", 409)


def test_with_a_trial_for_each_camera_a_plan_waits_only_for_those_of_its_own() -> None:
    assert CATALOG.trial is not None
    catalog = replace(CATALOG, trial=replace(CATALOG.trial, scope=TrialScope.DEVICE))
    late = replace(trial(NOW - timedelta(days=3)), camera_id="c1")
    both = (late, replace(trial(NOW - timedelta(days=9)), trial_id="t2", camera_id="c2"))
    one, two = (replace(minis(), trials=trials) for trials in ((late,), both))
    starts = [
        plans_of(catalog, it, wanted)[0].starts_at - NOW
        for it, wanted in (
            (one, item("basic", "c1")),
            (one, item("basic", "c2")),
            (one, item("plus")),
            (two, item("plus")),
        )
    ]
    assert [start.days for start in starts] == [27, 0, 0, 21]


@pytest.mark.parametrize(
    ("region", "subdivision", "by", "ends"),
    [
        ("CA", "CA-QC", YEAR, True),
        ("CA", "CA-NL", YEAR, True),
        ("CA", "CA-ON", YEAR, False),
        ("CA", "CA-QC", MONTH, False),
    ],
)
def test_r018_a_yearly_plan_in_two_provinces_ends_with_its_year(
    region: str, subdivision: str, by: Interval, ends: bool
) -> None:
    it = minis(region=region)
    it = replace(it, account=replace(it.account, subdivision=subdivision))
    (bought,) = plans_of(CATALOG, it, item("plus", by=by))
    assert bought.ends_at == (NOW.replace(year=NOW.year + 1) if ends else None)


def test_r065_the_only_plan_for_a_camera_takes_the_first_eligible_one() -> None:
    it = situation(camera("old", "xt", at=NOW - HOUR), camera("b", "mini", at=NOW + HOUR), camera("a", "mini"))
    assert plans_of(CATALOG, it, item("basic"))[0].attach == (("a", AUTO),)
    assert plans_of(CATALOG, it, item("basic", "b"))[0].attach == (("b", CHECKOUT),)
    assert plans_of(CATALOG, minis(running("basic", "c1")), item("basic"))[0].attach == (), "it is not the only plan"
    never = replace(CATALOG, purchase=replace(CATALOG.purchase, auto_attach=AutoAttach.NEVER))
    assert plans_of(never, it, item("basic"))[0].attach == ()


def test_r009_several_plans_for_cameras_stand_beside_each_other() -> None:
    (second,) = plans_of(CATALOG, minis(running("basic", "c1")), item("basic", "c2"))
    assert (second.attach, second.replaces) == ((("c2", CHECKOUT),), None)


def test_r141_one_order_holds_several_services() -> None:
    made = plans_of(SOMFY, homes(), item(RECORDING, "c1", "c2", keep=7), item(MONITORING), item(BACKUP))
    assert [(each.item.plan, each.quantity, each.price_minor) for each in made] == [
        (RECORDING, 2, 1398),
        (MONITORING, 1, 1999),
        (BACKUP, 1, 399),
    ]


def test_r130_r132_a_lower_plan_takes_over_from_a_higher_one_now() -> None:
    premium = running("premium", "c1", vendor="kasa_care")
    (bought,) = plans_of(KASA, spots(premium), item("plus", "c1"))
    assert (bought.replaces, bought.starts_at, bought.attach) == (premium, NOW, (("c1", CHECKOUT),))
    (yearly,) = plans_of(KASA, spots(premium), item("premium", "c1", by=YEAR))
    assert yearly.replaces == premium


WHOLE = replace(KASA.plans["premium"], coverage=Coverage.ACCOUNT, stackable=False, cameras_max=10)
ACCOUNT_WIDE = replace(KASA, plans={**KASA.plans, "premium": WHOLE})


@pytest.mark.parametrize("camera_id", ["c1", None])
def test_r130_a_plan_for_a_camera_takes_over_from_one_for_the_account(camera_id: str | None) -> None:
    premium = running("premium", vendor="kasa_care")
    wanted = item("plus", *([camera_id] if camera_id else []))
    (bought,) = plans_of(ACCOUNT_WIDE, spots(premium), wanted)
    assert (bought.replaces, bought.attach) == (premium, (("c1", CHECKOUT if camera_id else AUTO),))


def test_r121_a_plan_for_the_account_takes_over_from_every_plan_for_a_camera() -> None:
    both = (running("plus", "c1"), running("plus", "c2"))
    it = spots(*both)
    (bought,) = plans_of(ACCOUNT_WIDE, it, item("premium"))
    assert bought.replaces == both[0]
    new = replace(running("premium"), replaces=both[0].subscription_id, bought_at=NOW)
    assert also_replaced(ACCOUNT_WIDE, replace(it, subscriptions=(*both, new)), new, NOW) == (both[1],)
    assert also_replaced(CATALOG, replace(minis(), subscriptions=(*both, new)), new, NOW) == ()


def test_r121_of_several_plans_in_the_way_the_highest_is_the_one_that_is_changed() -> None:
    higher, lower = running("premium", "c2"), running("plus", "c1")
    per_camera = replace(KASA, plans={**KASA.plans, "home": replace(WHOLE, key="home", rank=3)})
    ways = in_the_way(per_camera, spots(lower, higher), ("home", MONTH), (), NOW)
    assert ways == (higher, lower)


def test_r121_a_plan_does_not_end_the_one_that_was_bought_after_it_to_take_over() -> None:
    first, later = running("plus", "c1"), replace(running("premium"), bought_at=NOW)
    assert also_replaced(ACCOUNT_WIDE, spots(first, later), first, NOW) == ()
    assert also_replaced(ACCOUNT_WIDE, spots(first, later), later, NOW) == (first,)


def test_r121_another_camera_keeps_its_plan() -> None:
    assert plans_of(KASA, spots(running("plus", "c1")), item("plus", "c2"))[0].replaces is None


def changes_of_plan() -> list[tuple[Subscription, OrderItem, bool]]:
    """Return an old plan, what is wanted instead, and whether that begins at once."""
    return [
        (running("basic", "c1"), item("plus", old="s-basic-c1"), True),
        (running("plus"), item("basic", "c1", old="s-plus-None"), False),
        (running("plus"), item("plus", by=YEAR, old="s-plus-None"), False),
    ]


@pytest.mark.parametrize(("old", "wanted", "at_once"), changes_of_plan())
def test_a_change_begins_now_or_when_the_period_that_is_paid_ends(
    old: Subscription, wanted: OrderItem, at_once: bool
) -> None:
    (bought,) = plans_of(CATALOG, minis(old, trials=True), wanted)
    assert bought.starts_at == (NOW if at_once else period(old, 1)[1])
    assert bought.replaces == old


def test_a_plan_that_has_not_begun_is_changed_where_it_stands() -> None:
    waits = subscription("plus", starts_at=NOW + timedelta(days=20))
    (bought,) = plans_of(CATALOG, minis(waits, trials=True), item("plus", by=YEAR, old="s-plus-None"))
    assert bought.starts_at == waits.starts_at


def test_a_plan_is_changed_once_at_a_time_and_not_while_it_is_paused() -> None:
    old = replace(running("plus"), ends_at=period(running("plus"), 1)[1], ended_because=EndedBecause.CHANGED)
    new = replace(subscription("basic", "c1", starts_at=period(old, 1)[1]), replaces=old.subscription_id)
    wanted = item("plus", by=YEAR, old=old.subscription_id)
    assert refused(CATALOG, minis(old, new), wanted) == ("change_waiting", 409)
    twice = (
        item(MONITORING, old="s-backup_connection-None"),
        item(RECORDING, "c1", keep=7, old="s-backup_connection-None"),
    )
    assert refused(SOMFY, homes(running(BACKUP)), *twice) == ("change_waiting", 409)
    assert refused(CATALOG, minis(replace(running("plus"), paused_at=NOW)), wanted) == ("plan_paused", 409)


def test_a_service_is_attached_to_as_many_cameras_as_were_paid_for() -> None:
    bought = replace(running(RECORDING), quantity=2, keep_for_days=7, subscription_id=f"s-{RECORDING}-c1")
    it = homes(bought)
    assert attach(SOMFY, it, bought, "c2", NOW).camera_id == "c2"
    with pytest.raises(CloudError) as caught:
        attach(SOMFY, it, replace(bought, quantity=1), "c2", NOW)
    assert caught.value.code == "plan_already_attached"


ITEMS = st.builds(
    OrderItem,
    plan=st.sampled_from([*CATALOG.plans, *KASA.plans, *SOMFY.plans, "gold"]),
    interval=st.sampled_from(Interval),
    camera_ids=st.lists(st.sampled_from(["c1", "c2", "c9"]), max_size=3).map(tuple),
    keep_for_days=st.sampled_from([None, 1, 7, 8]),
    subscription_id=st.sampled_from([None, None, "s-plus-None", "s-basic-c1"]),
)


@given(
    catalog_and_model=st.sampled_from([(CATALOG, "mini", "FR"), (KASA, "kc105", "US"), (SOMFY, "one", "EU")]),
    items=st.lists(ITEMS, max_size=3),
    has=st.lists(st.sampled_from(["plus", "basic"]), max_size=2, unique=True),
    in_trial=st.booleans(),
)
def test_any_order_is_refused_with_a_reason_or_makes_sense(
    catalog_and_model: tuple[Catalog, str, str], items: list[OrderItem], has: list[str], in_trial: bool
) -> None:
    catalog, model, region = catalog_and_model
    own = tuple(running(key, "c1" if key == "basic" else None) for key in has)
    it = situation(camera("c1", model), camera("c2", model), region=region, subscriptions=own)
    it = replace(it, trials=(trial(),) if in_trial else ())
    made: tuple[PlannedSubscription, ...] = ()
    status = 200
    try:
        made = plans_of(catalog, it, *items)
    except CloudError as refusal:
        status = refusal.status
    if status != 200:
        assert 400 <= status < 500
        return
    assert len(made) == len(items)
    assert sum(each.price_minor for each in made) == quote(catalog, catalog.region(region), items).total_minor
    for each in made:
        assert each.starts_at >= NOW
        assert each.ends_at is None or each.ends_at > each.starts_at
        assert {camera_id for camera_id, _ in each.attach} <= {"c1", "c2"}
