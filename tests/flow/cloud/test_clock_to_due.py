"""On real time: what fell due while the cloud was off is caught up in order, and the loop ends for no failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from cloud_stub.flow.clock_to_due import DueDesk
from tests.flow.cloud.house import START, House
from tests.waiting import wait_until_async

DAY_S = 86_400.0


@asynccontextmanager
async def running(due: DueDesk) -> AsyncIterator[None]:
    task = asyncio.ensure_future(due.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_cloud_that_was_off_for_forty_days_catches_up(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.clip(module, "c1", "k1", START, 7)
    await house.real.advance(40 * DAY_S)
    assert await house.due.run_until(house.desk.now()) == house.desk.now() + timedelta(hours=12)
    log = await house.log()
    assert [(entry.what, entry.at) for entry in log][-1] == ("trial_ended", START + timedelta(days=30))
    assert await house.storage(module, "c1") == ("local", "local_storage")
    assert house.shelf.gone == [("k1", house.desk.now())]
    seq = (await house.newest(module)).seq
    await house.due.run_until(house.desk.now())
    assert ((await house.newest(module)).seq, await house.log()) == (seq, log)


async def test_a_trial_that_its_owner_ended_does_not_end_again(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.end_trial("a1")
    await house.real.advance(31 * DAY_S)
    await house.due.run_until(house.desk.now())
    assert (await house.whats()).count("trial_ended") == 1


async def test_a_change_that_leaves_the_lease_as_it_is_does_not_stay_due(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1", "xt2")
    plan = await house.plans.start_plan("a1", "basic", "month")
    await house.real.advance(60)
    await house.plans.end_plan("a1", plan.subscription_id)
    assert [due for due in await house.due.dues() if due.at <= house.desk.now()] == []


async def test_a_lease_is_renewed_at_half_its_life_and_not_before(house: House) -> None:
    module = await house.module()
    first = (await house.newest(module)).seq
    await house.real.advance(12 * 3600 - 1)
    await house.due.run_until(house.desk.now())
    assert (await house.newest(module)).seq == first
    await house.real.advance(1)
    await house.due.run_until(house.desk.now())
    assert (await house.newest(module)).seq > first


async def test_a_module_that_asks_gets_its_lease_again_and_a_fresh_one_past_half_its_life(house: House) -> None:
    module = await house.module()
    first = await house.newest(module)
    await house.desk.reissue(module.module_id)
    await house.desk.reissue(module.module_id)
    assert [item.payload.decode() for item in await house.leaving()] == [first.token, first.token]
    assert await house.desk.current_token(module.module_id) == first.token
    await house.real.advance(13 * 3600)
    await house.desk.reissue(module.module_id)
    newest = await house.newest(module)
    assert newest.seq > first.seq
    assert (await house.leaving())[-1].payload.decode() == newest.token
    await house.real.advance(13 * 3600)
    assert await house.desk.current_token(module.module_id) != newest.token


async def test_a_clip_that_cannot_be_deleted_stops_nothing_else(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")

    async def broken(_now: datetime) -> int:
        return 0

    house.due.sweep = broken
    await house.clip(module, "c1", "k1", START, 1)
    await house.real.advance(31 * DAY_S)
    await house.due.run_until(house.desk.now())
    assert "trial_ended" in await house.whats()


async def test_the_loop_waits_for_what_is_due_and_is_woken_by_a_change(house: House) -> None:
    module = await house.module()
    async with running(house.due):
        await _asleep(house)
        await house.real.advance(60)
        await _asleep(house)
        first = (await house.newest(module)).seq
        house.real.civil += timedelta(hours=12)
        house.due.poke()
        await wait_until_async(lambda: _newer(house, first), 20, "renewed after a poke")


async def test_a_failed_pass_is_logged_and_tried_again(house: House, caplog: pytest.LogCaptureFixture) -> None:
    passes: list[datetime] = []

    async def failing() -> datetime | None:
        passes.append(house.desk.now())
        if len(passes) == 1:
            raise OSError("disk")
        return None

    house.due.next_deletion_at = failing
    async with running(house.due):
        await _asleep(house)
        assert len(passes) == 1
        await house.real.advance(5)
        await wait_until_async(lambda: _twice(passes), 20, "a second pass")


async def _newer(house: House, seq: int) -> bool:
    async with house.records.reading() as records:
        (module,) = await records.modules.all()
    return (await house.newest(module)).seq > seq


async def _twice(passes: list[datetime]) -> bool:
    return len(passes) == 2


async def _asleep(house: House) -> None:
    async def sleeps() -> bool:
        return any(not future.done() for _, _, future in house.real._sleepers)

    await wait_until_async(sleeps, 20, "the loop asleep")
