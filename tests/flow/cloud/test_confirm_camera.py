"""Cameras: modules propose, owners confirm; a first confirmation says beforehand what it does, and does that."""

from dataclasses import replace

import pytest

from cloud_stub.domain.trial import NoTrial
from cloud_stub.errors import CloudError
from cloud_stub.flow.confirm_camera import CameraProposal
from tests.flow.cloud.house import START, House

PROPOSAL = CameraProposal("Front door", "mini", "rtsp")


async def test_a_proposed_camera_may_nothing_but_alert_until_it_is_confirmed(house: House) -> None:
    module = await house.module()
    reply = await house.cameras.propose(module, "c1", PROPOSAL)
    assert reply == {"camera_id": "c1", "name": "Front door", "model": None}
    assert await house.storage(module, "c1") == ("none", "camera_not_confirmed")
    camera = (await house.said(module))["cameras"]["c1"]
    assert camera["model"] is None
    assert "live_view" in camera["features"]


async def test_proposing_again_changes_nothing_and_issues_nothing(house: House) -> None:
    module = await house.module()
    await house.cameras.propose(module, "c1", PROPOSAL)
    before = (await house.newest(module)).seq
    await house.cameras.propose(module, "c1", PROPOSAL)
    assert (await house.newest(module)).seq == before
    assert await house.whats() == ["module_claimed", "camera_proposed"]


async def test_a_name_is_the_modules_until_confirmed_then_the_owners(house: House) -> None:
    module = await house.module()
    await house.cameras.propose(module, "c1", PROPOSAL)
    renamed = replace(PROPOSAL, name="Door")
    assert (await house.cameras.propose(module, "c1", renamed))["name"] == "Door"
    await house.cameras.confirm("a1", "c1", "mini")
    await house.cameras.rename("a1", "c1", "Porch")
    assert (await house.cameras.propose(module, "c1", PROPOSAL))["name"] == "Porch"


async def test_the_eleventh_camera_of_a_module_is_refused(house: House) -> None:
    module = await house.module()
    for number in range(10):
        await house.cameras.propose(module, f"c{number}", PROPOSAL)
    with pytest.raises(CloudError) as caught:
        await house.cameras.propose(module, "c10", PROPOSAL)
    assert caught.value.code == "too_many_cameras"


async def test_a_camera_of_another_module_cannot_be_taken(house: House) -> None:
    module, other = await house.module(), await house.module()
    await house.cameras.propose(module, "c1", PROPOSAL)
    with pytest.raises(CloudError) as caught:
        await house.cameras.propose(other, "c1", PROPOSAL)
    assert caught.value.code == "camera_id_taken"
    await house.account("a2")
    foreign = await house.module("a2")
    await house.claims.remove("a1", module.module_id)
    with pytest.raises(CloudError):
        await house.cameras.propose(foreign, "c1", PROPOSAL)


async def test_a_camera_comes_back_with_a_new_module_as_it_was_and_starts_nothing(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.end_trial("a1")
    await house.claims.remove("a1", module.module_id)
    again = await house.module()
    reply = await house.cameras.propose(again, "c1", PROPOSAL)
    assert reply["model"] == "mini"
    await house.cameras.confirm("a1", "c1", "mini")
    assert await house.storage(again, "c1") == ("local", "local_storage")


@pytest.mark.parametrize(
    ("camera_id", "model", "code"),
    [
        ("absent", "mini", "camera_unknown"),
        ("c1", "outdoor_4", "not_in_region_catalog"),
        ("c1", "toaster", "not_in_region_catalog"),
    ],
)
async def test_what_cannot_be_confirmed_cannot_be_previewed(
    house: House, camera_id: str, model: str, code: str
) -> None:
    module = await house.module()
    await house.cameras.propose(module, "c1", PROPOSAL)
    for act in (house.cameras.preview("a1", camera_id, model), house.cameras.confirm("a1", camera_id, model)):
        with pytest.raises(CloudError) as caught:
            await act
        assert caught.value.code == code


async def test_the_preview_says_what_the_confirmation_then_does(house: House) -> None:
    """A new eligible camera moves every camera of the account to the cloud (R021, R026)."""
    module = await house.module()
    await house.camera(module, "old")
    await house.plans.end_trial("a1")
    assert await house.storage(module, "old") == ("local", "local_storage")
    await house.cameras.propose(module, "new", PROPOSAL)
    preview = await house.cameras.preview("a1", "new", "mini")
    assert preview.trial is not None
    assert set(preview.moves_to_cloud) == {"old", "new"}
    assert (await house.newest(module)).seq > 0
    assert await house.storage(module, "old") == ("local", "local_storage")
    await house.cameras.confirm("a1", "new", "mini")
    for camera_id in ("old", "new"):
        assert await house.storage(module, camera_id) == ("cloud", "trial")
    async with house.records.reading() as records:
        trial = (await records.plans.trials("a1"))[-1]
    assert trial.ends_at == preview.trial.ends_at


async def test_the_preview_says_why_no_trial_starts(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.cameras.propose(module, "c2", PROPOSAL)
    assert (await house.cameras.preview("a1", "c2", "mini")).no_trial is NoTrial.TRIAL_RUNS
    assert (await house.cameras.preview("a1", "c2", "xt2")).no_trial is NoTrial.MODEL_STARTS_NONE
    assert (await house.cameras.preview("a1", "c1", "mini")).no_trial is NoTrial.SET_UP_BEFORE


async def test_confirming_another_model_keeps_the_day_of_setting_up_and_starts_no_trial(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1", "xt2")
    await house.real.advance(60)
    camera = await house.cameras.confirm("a1", "c1", "mini")
    assert (camera.model, camera.confirmed_at) == ("mini", START)
    assert await house.storage(module, "c1") == ("local", "local_storage")


async def test_a_model_the_attached_plan_cannot_cover_is_refused(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.start_plan("a1", "basic", "month", "c1")
    with pytest.raises(CloudError) as caught:
        await house.cameras.confirm("a1", "c1", "xt2")
    assert caught.value.code == "model_not_eligible"
