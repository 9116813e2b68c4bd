"""The lab's clock: only forward, everything due on the way in order, the same after any power cut."""

import asyncio
import json
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_stub.domain.lease import GRACE, LIFE
from cloud_stub.domain.records import ClipPhase
from cloud_stub.errors import CloudError
from tests.flow.cloud.house import START, open_house
from tests.flow.cloud.lab import Lab, PowerCutError, at, furnish, open_lab_house, told
from tests.manual_clock import ManualClock


async def test_a_cloud_on_real_time_has_no_lab_clock(tmp_path: Path) -> None:
    async with open_lab_house(tmp_path / "lab") as lab, open_house(tmp_path) as house:
        lab.desk.records = house.records
        with pytest.raises(CloudError) as caught:
            await lab.desk.freeze()
    assert caught.value.code == "not_a_lab"


async def test_time_that_is_past_cannot_be_advanced_to(tmp_path: Path) -> None:
    async with open_lab_house(tmp_path) as lab:
        await lab.desk.advance_to(at(days=1))
        with pytest.raises(CloudError) as caught:
            await lab.desk.advance_to(at(hours=23))
        assert caught.value.code == "clock_backwards"
        with pytest.raises(CloudError) as caught:
            await lab.desk.advance_to(datetime.max.replace(tzinfo=UTC))
        assert caught.value.code == "clock_too_far", "an advance cannot be taken back, not even by a restart"
        assert lab.house.clock.now() == at(days=1)


async def test_a_frozen_clock_stands_a_running_one_runs_also_through_a_restart(tmp_path: Path) -> None:
    real = ManualClock(START)
    async with open_lab_house(tmp_path, real) as lab:
        await lab.desk.advance_to(at(days=9))
        await real.advance(60)
        assert lab.house.clock.now() == at(days=9, minutes=1)
        assert (await lab.desk.freeze()).now == at(days=9, minutes=1)
        await real.advance(3600)
        assert (await lab.desk.state()).now == at(days=9, minutes=1)
    async with open_lab_house(tmp_path, real) as lab:
        assert lab.house.clock.now() == at(days=9, minutes=1)
        await lab.desk.resume()
        await real.advance(3600)
    async with open_lab_house(tmp_path, real) as lab:
        assert lab.house.clock.now() == at(days=9, hours=1, minutes=1)


async def test_thirty_one_days_pass_in_order(tmp_path: Path) -> None:
    async with open_lab_house(tmp_path) as lab:
        await furnish(lab)
        await lab.desk.freeze()
        await lab.desk.advance_to(at(days=31))
        left = await told(lab)
    assert [(clip_id, when - START) for clip_id, when in lab.house.shelf.gone] == [
        ("k1", timedelta(days=1, minutes=1)),
        ("k2", timedelta(days=1, minutes=2)),
        ("k3", timedelta(days=2, minutes=3)),
        ("k4", timedelta(days=30, minutes=4)),
    ]
    log = [(entry.what, entry.at) for entry in left["log"]]
    started = ("trial_ended", "plan_started", "invoice_issued", "invoice_paid")
    assert log[-4:] == [(what, at(days=30)) for what in started]
    assert left["trials"][0].ended_at == at(days=30)
    ends = [claims["iat"] for claims in left["leases"]]
    half_days = [int((START + timedelta(hours=12 * n)).timestamp()) for n in range(1, 63)]
    assert ends[-62:] == half_days
    newest = left["leases"][-1]
    assert newest["cameras"]["c1"]["why"] == "plan"
    assert newest["cameras"]["c2"]["why"] == "legacy_model"
    assert newest["exp"] == int((at(days=31) + LIFE).timestamp())
    assert newest["grace_until"] == int((at(days=31) + LIFE + GRACE).timestamp())


async def test_modules_hear_of_an_advance_at_its_end_lease_first_then_the_clock_that_names_it(tmp_path: Path) -> None:
    async with open_lab_house(tmp_path) as lab:
        await furnish(lab)
        async with lab.house.records.writing() as records:
            for item in await records.leases.outbox(1000):
                await records.leases.drop_from_outbox(item.item_id)
        await lab.desk.advance_to(at(days=3))
        items = await lab.house.leaving()
        async with lab.house.records.reading() as records:
            (module,) = await records.modules.all()
        newest = await lab.house.newest(module)
    assert [(item.topic, item.retain) for item in items] == [("lease", True), ("clock", True)]
    assert items[0].payload.decode() == newest.token
    clock = json.loads(items[1].payload)
    assert clock == {
        "now": "2026-03-04T00:00:00.000Z",
        "frozen": False,
        "lease_seq": newest.seq,
        "real_at": "2026-03-01T00:00:00.000Z",
    }


async def test_what_was_due_before_the_advance_does_not_turn_the_clock_back(tmp_path: Path) -> None:
    async with open_lab_house(tmp_path) as lab:
        await lab.house.account()
        module = await lab.house.module()
        await lab.desk.advance_to(at(days=3))
        await lab.house.clip(module, "c1", "k1", at(), 1)
        await lab.desk.advance_to(at(days=4))
    assert lab.house.shelf.gone == [("k1", at(days=3))]


BEYOND_TRIAL = at(days=30, hours=3)


async def _with_a_cut(folder: Path, cut_at: int, *, after_commit: bool) -> dict[str, Any]:
    async with open_lab_house(folder) as lab:
        lab.cut.writes, lab.cut.cut_at, lab.cut.after_commit = 0, cut_at, after_commit
        try:
            await lab.desk.advance_to(BEYOND_TRIAL)
        except PowerCutError:
            pass
        else:
            lab.cut.cut_at = None
    async with open_lab_house(folder) as lab:
        await lab.desk.finish_interrupted()
        if lab.house.clock.now() < BEYOND_TRIAL:  # cut before the advance was on record: it is asked for again
            await lab.desk.advance_to(BEYOND_TRIAL)
        assert await lab.desk.finish_interrupted() is None
        return await told(lab)


@pytest.mark.parametrize("after_commit", [False, True], ids=["before_commit", "after_commit"])
async def test_a_power_cut_in_any_transaction_of_an_advance_changes_nothing(tmp_path: Path, after_commit: bool) -> None:
    async with open_lab_house(tmp_path / "furnished") as lab:
        await furnish(lab)
        await lab.desk.advance_to(at(days=29))
    shutil.copytree(tmp_path / "furnished", tmp_path / "whole")
    async with open_lab_house(tmp_path / "whole") as lab:
        before = lab.cut.writes
        await lab.desk.advance_to(BEYOND_TRIAL)
        writes = lab.cut.writes - before
        whole = await told(lab)
    ended = ["trial_ended", "plan_started", "invoice_issued", "invoice_paid"]
    assert [entry.what for entry in whole["log"]][-4:] == ended
    assert [clip.phase for clip in whole["clips"]] == [ClipPhase.GONE] * 4
    assert writes >= 7
    for cut_at in range(1, writes + 1):
        folder = tmp_path / f"cut{cut_at}"
        shutil.copytree(tmp_path / "furnished", folder)
        cut = await _with_a_cut(folder, cut_at, after_commit=after_commit)
        assert cut == whole, f"cut in transaction {cut_at} of {writes}"


async def test_a_change_of_plan_finishes_an_interrupted_advance_first(tmp_path: Path) -> None:
    async with open_lab_house(tmp_path) as lab:
        await furnish(lab)
        lab.cut.cut_at, lab.cut.writes = 4, 0
        with pytest.raises(PowerCutError):
            await lab.desk.advance_to(at(days=2))
        lab.cut.cut_at = None
        state = await lab.desk.freeze()
    assert (state.now, state.frozen, state.advancing_to) == (at(days=2), True, None)


ACTS = st.one_of(
    st.tuples(st.just("advance"), st.integers(0, 40)),
    st.tuples(st.just("camera"), st.sampled_from(["mini", "xt2", "video_doorbell"])),
    st.tuples(st.just("plan"), st.sampled_from(["basic", "plus"])),
    st.tuples(st.just("end_plan"), st.integers(0, 3)),
    st.tuples(st.just("end_trial"), st.none()),
    st.tuples(st.just("auto_delete"), st.sampled_from([3, 7, 60])),
)


async def _play(lab: Lab, history: list[tuple[str, Any]], pieces: int) -> None:
    """Play a history; each advance goes in so many pieces."""
    await lab.house.account()
    module = await lab.house.module()
    await lab.desk.freeze()
    for number, (act, argument) in enumerate(history):
        try:
            if act == "advance":
                for _ in range(pieces):
                    here = lab.house.clock.now()
                    await lab.desk.advance_to(here + timedelta(hours=argument) / pieces)
            elif act == "camera":
                await lab.house.camera(module, f"c{number}", argument)
            elif act == "plan":
                await lab.house.plans.start_plan("a1", argument, "month")
            elif act == "end_plan":
                await lab.house.plans.end_plan("a1", f"s{argument}")
            elif act == "end_trial":
                await lab.house.plans.end_trial("a1")
            else:
                await lab.house.plans.set_auto_delete("a1", argument)
        except CloudError:
            continue


async def _played(history: list[tuple[str, Any]], pieces: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_lab_house(Path(folder)) as lab:
            await _play(lab, history, pieces)
            left = await told(lab)
            left.pop("retained")
            async with lab.house.records.reading() as records:
                (module,) = await records.modules.all()
            before = (await lab.house.newest(module)).seq
            async with lab.house.desk.changing("a1"):
                pass
            assert (await lab.house.newest(module)).seq == before, "the newest lease says what the records say"
            late = [due for due in await lab.house.due.dues() if due.at <= lab.house.clock.now()]
            assert late == [], "nothing stays due after it was done"
    return left


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=st.lists(ACTS, max_size=7))
def test_the_same_history_gives_the_same_leases_however_time_is_cut_up(history: list[tuple[str, Any]]) -> None:
    """Replayed whole, and with every advance in three pieces: leases, log and deletions are the same."""
    once = asyncio.run(_played(history, 1))
    again = asyncio.run(_played(history, 1))
    in_pieces = asyncio.run(_played(history, 3))
    assert once == again
    assert once == in_pieces
