"""Plans: what is refused, what begins when, what is left when they end; leases follow in the same transaction."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_stub.errors import CloudError
from tests.domain.cloud.situations import subscription
from tests.flow.cloud.house import START, House


async def covered_after_trial(house: House, *models: str) -> None:
    """Set up cameras c1, c2, ... and end the trial that they start."""
    module = await house.module()
    for number, model in enumerate(models, start=1):
        await house.camera(module, f"c{number}", model)
    if "trial_started" in await house.whats():
        await house.plans.end_trial("a1")


@pytest.mark.parametrize(
    ("plan", "interval", "camera_id", "code"),
    [
        ("gold", "month", None, "plan_unknown"),
        ("basic", "week", None, "interval_unknown"),
        ("plus", "month", "c1", "plan_covers_every_camera"),
        ("basic", "month", "absent", "camera_unknown"),
        ("basic", "month", "c2", "model_not_eligible"),
        ("basic", "month", "c3", "camera_not_confirmed"),
    ],
)
async def test_a_purchase_that_makes_no_sense_is_refused(
    house: House, plan: str, interval: str, camera_id: str | None, code: str
) -> None:
    await covered_after_trial(house, "mini", "xt2")
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
    await house.camera(module, "c3", None)
    with pytest.raises(CloudError) as caught:
        await house.plans.start_plan("a1", plan, interval, camera_id)
    assert caught.value.code == code


async def test_the_same_cover_is_not_sold_twice(house: House) -> None:
    await covered_after_trial(house, "mini")
    await house.plans.start_plan("a1", "plus", "month")
    with pytest.raises(CloudError) as caught:
        await house.plans.start_plan("a1", "plus", "year")
    assert caught.value.code == "already_subscribed"
    await house.plans.start_plan("a1", "basic", "month", "c1")
    with pytest.raises(CloudError) as caught:
        await house.plans.start_plan("a1", "basic", "month", "c1")
    assert caught.value.code == "camera_already_attached"


async def test_acts_on_what_is_not_there_are_refused(house: House) -> None:
    await covered_after_trial(house, "mini")
    for act, code in (
        (house.plans.end_plan("a1", "absent"), "plan_unknown"),
        (house.plans.attach_plan("a1", "absent", "c1"), "plan_unknown"),
        (house.plans.end_trial("a1"), "no_trial"),
        (house.plans.end_trial("nobody"), "account_unknown"),
    ):
        with pytest.raises(CloudError) as caught:
            await act
        assert caught.value.code == code


async def test_an_ended_plan_can_be_neither_ended_again_nor_attached(house: House) -> None:
    await covered_after_trial(house, "mini")
    plan = await house.plans.start_plan("a1", "basic", "month", "c1")
    await house.plans.detach_plan("a1", plan.subscription_id)
    with pytest.raises(CloudError, match="no camera"):
        await house.plans.detach_plan("a1", plan.subscription_id)
    await house.plans.end_plan("a1", plan.subscription_id)
    for act in (
        house.plans.end_plan("a1", plan.subscription_id),
        house.plans.attach_plan("a1", plan.subscription_id, "c1"),
    ):
        with pytest.raises(CloudError) as caught:
            await act
        assert caught.value.code == "plan_ended"


async def test_a_change_of_plan_and_its_lease_are_one_transaction(house: House) -> None:
    await covered_after_trial(house, "mini")
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
    before = await house.newest(module)
    with pytest.raises(RuntimeError, match="power"):
        await _buy_and_fail(house)
    assert await house.newest(module) == before
    assert await house.storage(module, "c1") == ("local", "local_storage")
    plan = await house.plans.start_plan("a1", "plus", "year")
    assert await house.storage(module, "c1") == ("cloud", "plan")
    await house.plans.end_plan("a1", plan.subscription_id)
    assert await house.storage(module, "c1") == ("local", "local_storage")


async def _buy_and_fail(house: House) -> None:
    async with house.desk.changing("a1") as records:
        await records.plans.put_subscription(replace(subscription("plus", starts_at=START), holder_id="a1"))
        raise RuntimeError("power")


async def test_a_scheduled_plan_that_is_ended_never_begins(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    plan = await house.plans.start_plan("a1", "plus", "month")
    assert plan.starts_at == START + timedelta(days=30)
    await house.plans.end_plan("a1", plan.subscription_id)
    await house.plans.end_trial("a1")
    assert await house.storage(module, "c1") == ("local", "local_storage")


async def test_listeners_hear_of_commits_only(house: House) -> None:
    heard: list[str] = []
    house.desk.listeners.append(lambda: heard.append("change"))
    await covered_after_trial(house, "mini")
    count = len(heard)
    with pytest.raises(CloudError):
        await house.plans.start_plan("a1", "gold", "month")
    assert len(heard) == count > 0


async def test_the_log_says_what_happened_by_which_rule(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    plan = await house.plans.start_plan("a1", "basic", "month")
    await house.plans.end_trial("a1")
    await house.plans.set_auto_delete("a1", 7)
    await house.plans.end_plan("a1", plan.subscription_id)
    assert [(entry.what, entry.rule) for entry in (await house.log())[3:]] == [
        ("trial_started", "trial.new_device"),
        ("plan_bought", "owner"),
        ("plan_attached", "plans.auto_attach"),
        ("trial_ended", "trial.cancelled"),
        ("plan_started", "trial.purchase_starts"),
        ("invoice_issued", "plans.intervals"),
        ("invoice_paid", "payment_processor"),
        ("auto_delete_set", "owner"),
        ("plan_cancelled", "owner"),
        ("money_returned", "cancel.terms"),
        ("plan_ended", "cancel.terms"),
        ("refund_confirmed", "payment_processor"),
    ]
