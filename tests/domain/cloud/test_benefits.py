"""R102..R114: the discount never gives more than its percent, and each condition alone withholds a benefit."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.benefits import (
    Condition,
    Member,
    WarrantyState,
    began_at,
    discount,
    line_discount_minor,
    warranty,
)
from cloud_stub.domain.billing_records import PaymentState, Subscription
from cloud_stub.domain.device_orders import Wanted, cart, products
from cloud_stub.domain.store_records import ProductKind
from tests.domain.cloud.situations import CATALOG, NOW, situation, subscription, trial

PLUS: Subscription = replace(
    subscription("plus"), starts_at=NOW - timedelta(days=3), periods=1, payment=PaymentState.PAID, first_paid_at=NOW
)
MEMBER = Member((PLUS,), situation(), linked=True, business=False, waived=frozenset())


@pytest.mark.parametrize(("member", "lacks"), [
    (MEMBER, ()),
    (replace(MEMBER, held=()), (Condition.PLAN, Condition.PAID)),
    (replace(MEMBER, held=(replace(PLUS, plan="basic"),)), (Condition.PLAN, Condition.PAID)),
    (replace(MEMBER, linked=False), (Condition.LINKED,)),
    (replace(MEMBER, business=True), (Condition.PRIVATE_CUSTOMER,)),
    (replace(MEMBER, situation=replace(situation(), trials=(trial(),))), (Condition.TRIAL_OVER,)),
    (replace(MEMBER, held=(replace(PLUS, payment=PaymentState.PENDING),)), (Condition.PAID,)),
    (replace(MEMBER, held=(replace(PLUS, paused_at=NOW),)), (Condition.PLAN, Condition.PAID)),
])  # fmt: skip
def test_each_condition_withholds_the_discount_and_may_be_waived(member: Member, lacks: tuple[Condition, ...]) -> None:
    found = discount(CATALOG, "FR", member, NOW)
    assert (found.lacks, found.percent) == (lacks, 0 if lacks else 10)
    waived = replace(member, waived=frozenset(each.value for each in lacks))
    assert discount(CATALOG, "FR", waived, NOW).percent == 10


def test_a_region_or_a_catalog_without_the_discount_gives_none() -> None:
    assert discount(replace(CATALOG, discount=None), "FR", MEMBER, NOW).percent == 0
    france = replace(CATALOG.region("FR"), account_features=())
    assert discount(replace(CATALOG, regions={"FR": france}), "FR", MEMBER, NOW).percent == 0


@given(st.integers(0, 10**9), st.integers(1, 100), st.sampled_from(ProductKind))
def test_a_line_gets_its_percent_rounded_down_and_never_more(amount: int, percent: int, kind: ProductKind) -> None:
    off = line_discount_minor(CATALOG, percent, kind, amount)
    if kind is ProductKind.THIRD_PARTY:
        assert off == 0
    else:
        assert 0 <= amount * percent - off * 100 < 100


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(1, 99)), min_size=1, max_size=50), st.integers(0, 100))
def test_a_cart_adds_up(picked: list[tuple[int, int]], percent: int) -> None:
    known = products(CATALOG, "FR")
    wanted = [Wanted(known[index % len(known)].sku, pieces) for index, pieces in picked]
    its = cart(CATALOG, "FR", percent, wanted)
    gross = sum(line.unit_minor * line.quantity for line in its.lines)
    assert its.total_minor + its.discount_minor == gross
    assert its.discount_minor * 100 <= gross * percent


def test_a_chain_of_plans_counts_from_its_first_one() -> None:
    day = timedelta(days=1)
    first = replace(PLUS, subscription_id="a", starts_at=NOW - 90 * day, ended_at=NOW - 60 * day)
    second = replace(PLUS, subscription_id="b", starts_at=NOW - 60 * day)
    gap = replace(PLUS, subscription_id="c", starts_at=NOW - 400 * day, ended_at=NOW - 91 * day)
    assert began_at([second], [first, second, gap]) == NOW - 90 * day
    assert began_at([], [first]) is None


@given(st.dates(date(2015, 1, 1), date(2026, 3, 1)), st.sampled_from(["US", "CA", "FR", "GB_IE"]))
def test_without_a_plan_a_product_is_covered_for_its_original_length(bought_on: date, region: str) -> None:
    """A day of February that a year lacks becomes its last one, and the last day still counts."""
    nobody = replace(MEMBER, held=())
    its = warranty(CATALOG, region, nobody, (ProductKind.CAMERA, bought_on), "America/New_York", NOW)
    assert its.original_until is not None
    assert its.original_until.year == bought_on.year + (1 if region in {"US", "CA"} else 2)
    assert (its.original_until.month, its.original_until.day) in {(bought_on.month, bought_on.day), (2, 28)}
    assert not its.extended
    last = datetime.combine(its.original_until, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
    for when, state in ((last, WarrantyState.ORIGINAL), (last + timedelta(days=1), WarrantyState.EXPIRED)):
        at = warranty(CATALOG, region, nobody, (ProductKind.CAMERA, bought_on), "America/New_York", when)
        assert at.state is state
