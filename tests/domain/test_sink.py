"""DESIGN §5 on the pure rule: cover x model eligibility x drive x legacy x lease state, first line that holds."""

import itertools
import json
from pathlib import Path

import pytest

from agent.domain.clip import BlockedBy, ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, LeaseState, Storage, StorageKind
from agent.domain.sink import choose_again, choose_sink, is_covered
from hardware.drive import DriveState

CAMERA = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"
DRIVES = [state.value for state in DriveState]
DOCUMENT = json.loads((Path(__file__).parents[1] / "contract" / "lease_v1.json").read_text())["claims"]

# What the cloud can say of one camera: (storage, why, role of the drive), for every line of DESIGN §5.
CLOUD_SAYS = {
    "trial": (StorageKind.CLOUD, Cover.TRIAL, DriveRole.BACKUP),
    "plan": (StorageKind.CLOUD, Cover.PLAN, DriveRole.BACKUP),
    "plan, model may use no drive": (StorageKind.CLOUD, Cover.PLAN, DriveRole.OFF),
    "free tier": (StorageKind.CLOUD, Cover.FREE_TIER, DriveRole.OFF),
    "legacy account": (StorageKind.QUOTA, Cover.LEGACY_ACCOUNT, DriveRole.BACKUP),
    "legacy model": (StorageKind.QUOTA, Cover.LEGACY_MODEL, DriveRole.OFF),
    "eligible": (StorageKind.LOCAL, Cover.LOCAL_STORAGE, DriveRole.PRIMARY),
    "model not eligible": (StorageKind.NONE, Cover.MODEL_NOT_ELIGIBLE, DriveRole.OFF),
    "module not eligible": (StorageKind.NONE, Cover.MODULE_NOT_ELIGIBLE, DriveRole.OFF),
    "camera not confirmed": (StorageKind.NONE, Cover.CAMERA_NOT_CONFIRMED, DriveRole.OFF),
    "not entitled": (StorageKind.NONE, Cover.NOT_ENTITLED, DriveRole.OFF),
}


def make_lease(case: str, seq: int = 7) -> Lease:
    kind, why, drive = CLOUD_SAYS[case]
    grant = f"{why.value}:1" if kind in {StorageKind.CLOUD, StorageKind.QUOTA} else None
    camera = CameraLease("mini", frozenset(), Storage(kind), why, grant, drive)
    return Lease(seq, 0, 0, 100, 200, "account", 60, {CAMERA: camera}, "token")


def expected(case: str, state: LeaseState, drive: str, reason: ClipReason) -> tuple[str, str, str | None]:
    """Give the table of DESIGN §5 and docs/wire.md, written down a second time as data."""
    kind, why, _ = CLOUD_SAYS[case]
    stays_at_home = reason in {ClipReason.LIVE_VIEW, ClipReason.PHOTOS}
    if state in {LeaseState.NONE, LeaseState.OVER}:
        word = "no_lease" if state is LeaseState.NONE else "grace_over"
        return ("none", "not_entitled", None) if stays_at_home else ("held", word, None)
    if kind is StorageKind.CLOUD:
        return ("cloud", why.value, None)
    blocked = why.value if why.value in {"model_not_eligible", "module_not_eligible", "camera_not_confirmed"} else None
    if stays_at_home:
        return ("none", "not_entitled", blocked)
    if kind is StorageKind.QUOTA:
        return ("quota", why.value, None)
    if kind is StorageKind.LOCAL:
        return ("usb", "local_storage", None) if drive == "usable" else ("none", "not_entitled", f"drive_{drive}")
    return ("none", "not_entitled", blocked)


@pytest.mark.parametrize("case", CLOUD_SAYS)
def test_the_whole_product_follows_the_table(case: str) -> None:
    for state, drive, reason in itertools.product(LeaseState, DRIVES, ClipReason):
        choice = choose_sink(make_lease(case), state, CAMERA, drive, reason)
        blocked = None if choice.blocked_by is None else choice.blocked_by.value
        found = (choice.sink.value, choice.reason.value, blocked)
        assert found == expected(case, state, drive, reason), (case, state, drive, reason)
        assert choice.lease_seq == 7
        assert (choice.grant is not None) == (choice.sink in {Sink.CLOUD, Sink.QUOTA})


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("state", LeaseState)
def test_a_camera_that_the_lease_does_not_name_keeps_nothing(state: LeaseState, drive: str) -> None:
    """A lease is the complete statement: a camera outside it waits for its owner's confirmation."""
    choice = choose_sink(make_lease("plan"), state, "another camera", drive)
    if state in {LeaseState.IN_FORCE, LeaseState.IN_GRACE}:
        assert (choice.sink, choice.blocked_by) == (Sink.NONE, BlockedBy.CAMERA_NOT_CONFIRMED)
    else:
        assert choice.sink is Sink.HELD


def test_without_any_lease_a_clip_is_held_and_names_no_lease() -> None:
    choice = choose_sink(None, LeaseState.NONE, CAMERA, "usable")
    assert choice == SinkChoice(Sink.HELD, SinkReason.NO_LEASE, None, None, None)


def test_the_golden_lease_gives_the_three_kinds_of_sink() -> None:
    cameras = {
        camera_id: CameraLease(
            said["model"],
            frozenset(said["features"]),
            Storage(StorageKind(said["storage"]["kind"])),
            Cover(said["why"]),
            said["grant"],
            DriveRole(said["drive"]),
        )
        for camera_id, said in DOCUMENT["cameras"].items()
    }
    lease = Lease(DOCUMENT["seq"], 0, 0, 1, 2, DOCUMENT["account_id"], 60, cameras, "token")
    sinks = [choose_sink(lease, LeaseState.IN_FORCE, camera, "usable").sink.value for camera in cameras]
    assert sinks == ["cloud", "quota", "usb"]


def held(
    choice: SinkChoice, refused_seq: int | None = None, reason: ClipReason = ClipReason.MOTION, camera: str = CAMERA
) -> ClipRow:
    return ClipRow(
        "clip", camera, MediaKind.CLIP, reason, RowPhase.HELD, choice, "2026-03-01T00:00:00.000Z", True, "clip.mp4",
        refused_seq=refused_seq,
    )  # fmt: skip


UNDECIDED = SinkChoice(Sink.HELD, SinkReason.NO_LEASE, None, None, None)
FOR_CLOUD = SinkChoice(Sink.CLOUD, SinkReason.PLAN, None, "plan:1", 7)
FOR_DRIVE = SinkChoice(Sink.USB, SinkReason.LOCAL_STORAGE, None, None, 3)


@pytest.mark.parametrize(
    ("choice", "refused_seq", "case", "state", "drive", "goes"),
    [
        (UNDECIDED, None, "plan", LeaseState.NONE, "usable", None),
        (UNDECIDED, None, "plan", LeaseState.OVER, "usable", None),
        (UNDECIDED, None, "plan", LeaseState.IN_FORCE, "absent", Sink.CLOUD),
        (UNDECIDED, None, "legacy model", LeaseState.IN_GRACE, "absent", Sink.QUOTA),
        (UNDECIDED, None, "eligible", LeaseState.IN_FORCE, "absent", None),
        (UNDECIDED, None, "eligible", LeaseState.IN_FORCE, "usable", Sink.USB),
        (UNDECIDED, None, "not entitled", LeaseState.IN_FORCE, "usable", None),
        (FOR_CLOUD, 7, "plan", LeaseState.IN_FORCE, "absent", None),
        (FOR_CLOUD, 7, "plan", LeaseState.IN_FORCE, "usable", Sink.USB),
        (FOR_CLOUD, 7, "plan, model may use no drive", LeaseState.IN_FORCE, "usable", None),
        (FOR_CLOUD, 6, "plan", LeaseState.IN_FORCE, "usable", Sink.CLOUD),
        (FOR_DRIVE, None, "eligible", LeaseState.IN_FORCE, "pulled", None),
        (FOR_DRIVE, None, "eligible", LeaseState.IN_FORCE, "usable", Sink.USB),
        (FOR_DRIVE, None, "plan", LeaseState.IN_FORCE, "usable", Sink.USB),
        (FOR_DRIVE, None, "plan", LeaseState.OVER, "usable", Sink.USB),
        (FOR_DRIVE, None, "plan", LeaseState.IN_FORCE, "ejected", Sink.CLOUD),
    ],
)
def test_a_held_clip_is_decided_again(
    choice: SinkChoice, refused_seq: int | None, case: str, state: LeaseState, drive: str, goes: Sink | None
) -> None:
    again = choose_again(held(choice, refused_seq), make_lease(case), state, drive)
    assert (None if again is None else again.sink) == goes


def test_deciding_again_never_offers_a_refused_clip_under_the_same_lease_and_never_puts_a_live_view_on_a_drive() -> (
    None
):
    for case, state, drive, reason in itertools.product(CLOUD_SAYS, LeaseState, DRIVES, ClipReason):
        again = choose_again(held(FOR_CLOUD, 7, reason), make_lease(case), state, drive)
        assert again is None or again.sink is Sink.USB
        if reason in {ClipReason.LIVE_VIEW, ClipReason.PHOTOS}:
            assert again is None


def test_cover_is_a_place_in_the_cloud() -> None:
    covered = [case for case in CLOUD_SAYS if is_covered(make_lease(case), LeaseState.IN_FORCE, CAMERA)]
    assert covered == ["trial", "plan", "plan, model may use no drive", "free tier", "legacy account", "legacy model"]
    assert not is_covered(make_lease("plan"), LeaseState.OVER, CAMERA)
