"""The due desk with the real retention: trials end, clips and their blobs leave exactly when their days are over."""

from datetime import timedelta
from pathlib import Path

from cloud_stub.adapters.blobs_obstore import blobs_in_folder
from cloud_stub.adapters.posters_pyav import PyavPosters
from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.records import Account
from cloud_stub.flow.media_flows import MediaPorts, MediaRules, media_flows
from cloud_stub.flow.upload_to_clip import UploadLimits
from cloud_stub.ports import Blobs
from tests.flow.cloud.lab import Lab, at, open_lab_house


def with_real_retention(lab: Lab, folder: Path) -> Blobs:
    """Let the house's due desk drive the media flows' own retention."""
    house = lab.house

    def days(account: Account) -> int:
        return auto_delete_in_force(house.desk.catalogs.in_force(account.vendor, house.clock.now()), account)

    blobs = blobs_in_folder(folder / "blobs")
    ports = MediaPorts(house.records, FileStaging(folder / "staging", reserve_bytes=0), blobs, PyavPosters())
    rules = MediaRules(house.clock.now, house.real.now, days, UploadLimits())
    retention = media_flows(ports, rules).retention
    house.due.next_deletion_at, house.due.sweep = retention.next_deletion_at, retention.sweep
    return blobs


async def test_r034_a_clip_outlives_its_trial_until_auto_delete_takes_it(tmp_path: Path) -> None:
    async with open_lab_house(tmp_path) as lab:
        blobs = with_real_retention(lab, tmp_path)
        house = lab.house
        await house.account()
        module = await house.module()
        await house.camera(module, "c1")
        await house.plans.set_auto_delete("a1", 7)
        await lab.desk.freeze()
        await lab.desk.advance_to(at(days=27))
        await house.clip(module, "c1", "k1", at(days=27), 30)
        await blobs.put("a1/k1.mp4", b"clip")
        await lab.desk.advance_to(at(days=34) - timedelta(milliseconds=1))
        assert await house.storage(module, "c1") == ("local", "local_storage")
        assert await blobs.size("a1/k1.mp4") == 4
        await lab.desk.advance_to(at(days=40))
        assert await blobs.size("a1/k1.mp4") is None
        log = [(entry.what, entry.rule, entry.at) for entry in await house.log()][-2:]
    assert log == [("trial_ended", "trial.days", at(days=30)), ("clip_gone", "auto_delete", at(days=34))]


async def test_r080_the_window_of_the_plan_holds_where_auto_delete_is_longer(tmp_path: Path) -> None:
    async with open_lab_house(tmp_path) as lab:
        blobs = with_real_retention(lab, tmp_path)
        house = lab.house
        await house.account(region="US")
        module = await house.module()
        await house.camera(module, "c1")
        await house.clip(module, "c1", "short", at(), 30)
        await house.clip(module, "c1", "long", at(), 60)
        for clip_id in ("short", "long"):
            await blobs.put(f"a1/{clip_id}.mp4", b"clip")
        await lab.desk.advance_to(at(days=61))
        gone = [(entry.subject, entry.at) for entry in await house.log() if entry.what == "clip_gone"]
    assert gone == [("short", at(days=30)), ("long", at(days=60))]
