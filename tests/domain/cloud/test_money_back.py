"""Money stays in whole minor units, and no more comes back than was paid."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_records import CreditNote, InvoiceStatus, MoneyBack
from cloud_stub.domain.money_back import Return, apply_credits, charged_for, money_back, unused_minor
from cloud_stub.domain.policies import UnusedTime
from tests.domain.cloud.money import LATER, credit, invoice, line
from tests.domain.cloud.situations import NOW

AMOUNTS = st.integers(0, 10_000_000)
SPANS = st.timedeltas(timedelta(microseconds=1), timedelta(days=800))
DAY = timedelta(days=1)


def test_r126_thirty_paid_for_thirty_days_are_worth_twenty_after_ten() -> None:
    back = money_back(UnusedTime.BY_REMAINING, line(), invoice(line()), NOW + 10 * DAY, others_remain=False)
    assert back == Return(refund_minor=2000, credit_minor=0)


def test_r127_with_cameras_left_the_same_is_a_credit() -> None:
    back = money_back(UnusedTime.BY_REMAINING, line(), invoice(line()), NOW + 10 * DAY, others_remain=True)
    assert back == Return(refund_minor=0, credit_minor=2000)


def test_r146_nothing_is_exactly_nothing() -> None:
    assert money_back(UnusedTime.NOTHING, line(), invoice(line()), NOW, others_remain=False) == Return(0, 0)


@pytest.mark.parametrize("status", [InvoiceStatus.OPEN, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE])
def test_what_was_not_paid_does_not_come_back(status: InvoiceStatus) -> None:
    unpaid = invoice(line(), status=status)
    assert money_back(UnusedTime.REFUND, line(), unpaid, NOW, others_remain=False) == Return(0, 0)


def test_what_was_paid_with_a_credit_becomes_one_again() -> None:
    paid = invoice(line(), credit_minor=2500)
    back = money_back(UnusedTime.REFUND, line(), paid, NOW + 10 * DAY, others_remain=False)
    assert back == Return(refund_minor=500, credit_minor=1500)


@given(paid=AMOUNTS, span=SPANS, before=st.timedeltas(timedelta(), timedelta(days=9)))
def test_all_of_it_is_unused_at_the_start_and_nothing_at_the_end(paid: int, span: timedelta, before: timedelta) -> None:
    assert unused_minor(paid, NOW, NOW + span, NOW - before) == paid
    assert unused_minor(paid, NOW, NOW + span, NOW + span + before) == 0


@given(paid=AMOUNTS, span=SPANS, times=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_what_is_unused_only_shrinks(paid: int, span: timedelta, times: tuple[float, float]) -> None:
    earlier, later = (unused_minor(paid, NOW, NOW + span, NOW + span * part) for part in sorted(times))
    assert paid >= earlier >= later >= 0


def test_a_period_without_length_is_worth_nothing() -> None:
    assert unused_minor(1000, NOW, NOW, NOW - DAY) == 0


@given(
    amounts=st.lists(AMOUNTS, min_size=1, max_size=5),
    credited=st.floats(0, 1),
    part=st.floats(0, 1),
    rule=st.sampled_from(UnusedTime),
    remain=st.booleans(),
)
def test_refund_and_credit_are_never_more_than_was_paid(
    amounts: list[int], credited: float, part: float, rule: UnusedTime, remain: bool
) -> None:
    lines = [line(amount, f"s{number}") for number, amount in enumerate(amounts)]
    paid = invoice(*lines, credit_minor=int(sum(amounts) * credited))
    backs = [money_back(rule, each, paid, NOW + part * (LATER - NOW), others_remain=remain) for each in lines]
    for each, back in zip(lines, backs, strict=True):
        assert back.refund_minor >= 0
        assert back.credit_minor >= 0
        assert back.refund_minor + back.credit_minor <= each.amount_minor
    assert sum(back.refund_minor for back in backs) <= paid.charged_minor


@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=6), credited=st.floats(0, 1))
def test_the_lines_of_an_invoice_share_its_credit_to_the_last_unit(amounts: list[int], credited: float) -> None:
    lines = [line(amount, f"s{number}") for number, amount in enumerate(amounts)]
    paid = invoice(*lines, credit_minor=int(sum(amounts) * credited))
    charged = [charged_for(each, paid) for each in lines]
    assert sum(charged) == paid.charged_minor
    assert all(0 <= its <= each.amount_minor for its, each in zip(charged, lines, strict=True))


@given(left=st.lists(st.integers(0, 5000), max_size=6), total=st.integers(0, 20_000))
def test_credits_are_used_oldest_first_and_no_unit_is_lost(left: list[int], total: int) -> None:
    notes = [credit(f"n{n}", amount, issued_at=NOW + n * DAY) for n, amount in enumerate(left)]
    taken, changed = apply_credits(notes[::-1], "blink", "EUR", total)
    after = {note.credit_note_id: note for note in (*notes, *changed)}
    assert taken == min(total, sum(left))
    assert sum(left) - sum(note.left_minor for note in after.values()) == taken
    emptied = [after[f"n{n}"].left_minor == 0 for n in range(len(left))]
    touched = {note.credit_note_id for note in changed}
    assert all(emptied[older] for n in range(len(left)) if f"n{n}" in touched for older in range(n))


@pytest.mark.parametrize(
    "other",
    [
        credit("n1", 500, vendor="another"),
        credit("n1", 500, currency="USD"),
        credit("n1", 500, kind=MoneyBack.REFUND),
        credit("n1", 0),
    ],
)
def test_a_credit_of_another_vendor_or_currency_a_refund_and_a_used_one_pay_nothing(other: CreditNote) -> None:
    assert apply_credits([other], "blink", "EUR", 1000) == (0, ())
