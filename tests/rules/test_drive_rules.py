"""R115..R117: what a USB drive is for, and what is left without plan, drive and quota; C19."""

import pytest

from tests.rules.home import STANDARD, Home


@pytest.mark.parametrize(
    ("model", "able", "kind"),
    [("sync_module_1", False, "none"), ("camera", False, "none"), ("sync_module_2", True, "local")],
)
async def test_R115_local_recording_needs_a_second_generation_module(
    home: Home, model: str, able: bool, kind: str
) -> None:
    module, (camera,) = await home.settled("mini", module=model)
    assert (await home.lease(module))["module"] == {"model": model, "local_storage": able}
    assert (await home.storage(module, camera))[0] == kind


async def test_R116_the_drive_is_the_store_without_a_plan_and_the_backup_from_its_first_lease(home: Home) -> None:
    module, (camera,) = await home.settled("mini")
    before = await home.lease(module)
    assert before["cameras"][camera]["drive"] == "primary"
    plan = await home.buy("plus")
    after = await home.lease(module)
    assert (after["cameras"][camera]["drive"], after["cameras"][camera]["storage"]["kind"]) == ("backup", "cloud")
    assert after["seq"] > before["seq"]
    await home.cancel(plan, "now")
    assert (await home.its(module, camera))["drive"] == "primary"


async def test_R117_without_plan_drive_and_quota_alerts_and_live_view_are_left(home: Home) -> None:
    module, (camera,) = await home.settled("mini", module="sync_module_1")
    its = await home.its(module, camera)
    assert (its["storage"], its["drive"], its["grant"]) == ({"kind": "none"}, "off", None)
    assert its["features"] == STANDARD
    assert await home.creation_status(module, camera) == 403
    seen = await home.have("GET", f"/api/v1/cameras/{camera}")
    assert (seen["next_clip"]["sink"], seen["next_clip"]["reason"]) == ("none", "not_entitled")


async def test_C19_one_drive_is_the_store_of_one_camera_and_the_backup_of_another(home: Home) -> None:
    module, (bare, covered, old) = await home.settled("mini", "mini", "xt")
    await home.buy("basic", covered)
    said = (await home.lease(module))["cameras"]
    assert [said[camera]["drive"] for camera in (bare, covered, old)] == ["primary", "backup", "off"]
