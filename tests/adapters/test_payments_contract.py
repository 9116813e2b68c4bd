"""Every payment processor keeps the port's contract; a real one joins with its own test tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud_stub.adapters.payments_recorded import RecordedPayments
from cloud_stub.errors import CloudError
from cloud_stub.ports import ChargeOutcome, Payments, PaymentsAway


@dataclass
class Processor:
    """A processor with the tokens that make it answer in each way; `open` is what a restarted cloud does."""

    open: Callable[[], Payments]
    approve: str
    decline: str
    lose_the_first_answer: str


@pytest.fixture(params=["recorded"])
def processor(tmp_path: Path) -> Processor:
    def opened() -> Payments:
        return RecordedPayments(tmp_path / "payments.jsonl")

    return Processor(opened, "tok_approve", "tok_decline", "tok_timeout_once")


@pytest.mark.parametrize("token", ["", "4242424242424242", "tok_", "tok_approve;drop", "tok_decline_after_", "x" * 500])
async def test_a_token_that_is_none_is_refused(processor: Processor, token: str) -> None:
    payments = processor.open()
    for asking in (payments.register(token), payments.charge("k", token, 100, "EUR")):
        with pytest.raises(CloudError) as caught:
            await asking
        assert (caught.value.code, caught.value.status) == ("payment_method_refused", 422)


async def test_a_method_is_known_by_its_brand_and_four_digits(processor: Processor) -> None:
    brand, last4 = await processor.open().register(processor.approve)
    assert brand
    assert len(last4) == 4
    assert last4.isdecimal()
    assert (brand, last4) == await processor.open().register(processor.approve)


async def test_a_declined_charge_stays_declined_and_cannot_be_refunded(processor: Processor) -> None:
    payments = processor.open()
    first = await payments.charge("k1", processor.decline, 300, "EUR")
    assert first.outcome is ChargeOutcome.DECLINED
    assert await payments.charge("k1", processor.decline, 300, "EUR") == first
    with pytest.raises(CloudError) as caught:
        await payments.refund("r1", first.reference, 1, "EUR")
    assert caught.value.code == "charge_unknown"


async def test_the_same_key_is_one_charge_after_a_restart_too(processor: Processor) -> None:
    first = await processor.open().charge("k1", processor.approve, 300, "EUR")
    again = await processor.open().charge("k1", processor.approve, 300, "EUR")
    assert again == first
    assert first.outcome is ChargeOutcome.APPROVED
    other = await processor.open().charge("k2", processor.approve, 300, "EUR")
    assert other.reference != first.reference


async def test_a_key_is_not_used_for_two_sums(processor: Processor) -> None:
    payments = processor.open()
    await payments.charge("k1", processor.approve, 300, "EUR")
    with pytest.raises(CloudError) as caught:
        await payments.charge("k1", processor.approve, 301, "EUR")
    assert caught.value.code == "payment_key_reused"


async def test_an_answer_that_was_lost_is_had_by_asking_with_the_same_key(processor: Processor) -> None:
    payments = processor.open()
    with pytest.raises(PaymentsAway):
        await payments.charge("k1", processor.lose_the_first_answer, 300, "EUR")
    charge = await processor.open().charge("k1", processor.lose_the_first_answer, 300, "EUR")
    assert charge.outcome is ChargeOutcome.APPROVED
    await processor.open().refund("r1", charge.reference, 300, "EUR")


async def test_refunds_of_a_charge_never_exceed_it(processor: Processor) -> None:
    payments = processor.open()
    charge = await payments.charge("k1", processor.approve, 300, "EUR")
    first = await payments.refund("r1", charge.reference, 200, "EUR")
    assert await processor.open().refund("r1", charge.reference, 200, "EUR") == first
    again = processor.open()
    with pytest.raises(CloudError) as caught:
        await again.refund("r2", charge.reference, 101, "EUR")
    assert caught.value.code == "refund_exceeds_charge"
    assert await again.refund("r2", charge.reference, 100, "EUR") != first
    with pytest.raises(CloudError):
        await again.refund("r3", charge.reference, 1, "EUR")


async def test_the_recorded_processor_obeys_its_tokens(tmp_path: Path) -> None:
    payments = RecordedPayments(tmp_path / "payments.jsonl")
    outcomes = [(await payments.charge(f"k{n}", "tok_decline_after_2", 100, "EUR")).outcome for n in range(3)]
    assert outcomes == ["approved", "approved", "declined"]
    assert (await payments.charge("other", "tok_decline_after_2-b", 100, "EUR")).outcome is ChargeOutcome.APPROVED
    for _ in range(2):
        with pytest.raises(PaymentsAway):
            await payments.charge("k9", "tok_timeout", 100, "EUR")
    assert payments.taken_minor() == 300
    assert len(payments.charges()) == 4


async def test_a_line_that_a_power_cut_tore_was_never_answered(tmp_path: Path) -> None:
    journal = tmp_path / "payments.jsonl"
    await RecordedPayments(journal).charge("k1", "tok_approve", 300, "EUR")
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole[:40])
    payments = RecordedPayments(journal)
    assert journal.read_bytes() == whole
    await payments.charge("k2", "tok_approve", 200, "EUR")
    assert RecordedPayments(journal).taken_minor() == 500
