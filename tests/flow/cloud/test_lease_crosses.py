"""A lease that the cloud issues is one that the device verifies and reads, whatever it says."""

from agent.adapters.lease_verifier_jwt import JwtLeaseVerifier
from agent.domain.lease import Cover, DriveRole, StorageKind
from tests.flow.cloud.house import House


async def test_the_device_reads_every_kind_of_storage_that_the_cloud_grants(house: House) -> None:
    module = await house.module()
    for camera_id, model in (("plan", "mini"), ("local", "video_doorbell"), ("quota", "xt2"), ("new", None)):
        await house.camera(module, camera_id, model)
    await house.plans.end_trial("a1")
    await house.plans.start_plan("a1", "basic", "month", "plan")
    keys = {str(key["kid"]): str(key["public_key"]) for key in house.claims.signer.public_keys()}
    verifier = JwtLeaseVerifier(keys, issuer="veilleur-cloud", module_id=module.module_id)
    newest = await house.newest(module)
    lease = verifier.verify(newest.token)
    assert (lease.seq, lease.account_id) == (newest.seq, "a1")
    assert lease.expires_at_s == int(newest.expires_at.timestamp())
    found = {name: (its.storage.kind, its.why, its.drive, its.model) for name, its in lease.cameras.items()}
    assert found == {
        "plan": (StorageKind.CLOUD, Cover.PLAN, DriveRole.BACKUP, "mini"),
        "local": (StorageKind.LOCAL, Cover.LOCAL_STORAGE, DriveRole.PRIMARY, "video_doorbell"),
        "quota": (StorageKind.QUOTA, Cover.LEGACY_MODEL, DriveRole.OFF, "xt2"),
        "new": (StorageKind.NONE, Cover.CAMERA_NOT_CONFIRMED, DriveRole.OFF, None),
    }
