"""What happens at home: modules and cameras come and go, clips are uploaded, accounts are linked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from cloud_stub.domain.linking import LinkRequest
from cloud_stub.domain.records import Module
from cloud_stub.domain.tus import Creation, Patch, read_metadata
from cloud_stub.flow.claim_module import ClaimRequest
from cloud_stub.flow.confirm_camera import CameraProposal
from cloud_stub.flow.records_to_situation import read_account
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import encoded, sha256_checksum, wire_time
from tests.properties.lookups import NOTHING, OK, cameras_of_owner, modules_of_owner, pick
from tests.properties.people import OWNER, PASSWORD, STORES, STRANGER
from tests.properties.world import World

CLIP_SECONDS = (3, 6, 9)


@dataclass(frozen=True, slots=True)
class SetUp:
    """A camera is proposed by a module (a new one where `module` is beyond those there are) and confirmed."""

    module: int
    model: int

    async def happen(self, world: World) -> str:
        modules = await modules_of_owner(world)
        module = modules[self.module] if self.module < len(modules) else await _claimed(world, self.module)
        model = pick(world.catalog.region(world.profile.region).models, self.model)
        assert model is not None
        camera_id = world.new_id()
        await world.desks.cameras.propose(module, camera_id, CameraProposal("Camera", model, "emulated"))
        await world.desks.cameras.confirm(OWNER, camera_id, model)
        return OK


@dataclass(frozen=True, slots=True)
class RemoveModule:
    """The owner removes a module with its cameras."""

    module: int

    async def happen(self, world: World) -> str:
        module = pick(await modules_of_owner(world), self.module)
        if module is None:
            return NOTHING
        await world.desks.claims.remove(OWNER, module.module_id)
        return OK


@dataclass(frozen=True, slots=True)
class SetAutoDelete:
    """The owner chooses for how long clips stay (R084)."""

    choice: int

    async def happen(self, world: World) -> str:
        days = pick(world.catalog.region(world.profile.region).auto_delete_days, self.choice)
        await world.desks.money.plans.set_auto_delete(OWNER, days or 0)
        return OK


@dataclass(frozen=True, slots=True)
class LinkTo:
    """An account is linked to a store account; `stranger` takes one away from the owner."""

    store: int
    stranger: bool

    async def happen(self, world: World) -> str:
        name = STRANGER if self.stranger else OWNER
        async with world.desks.records.reading() as records:
            account = await read_account(records, name)
        store = STORES[self.store % len(STORES)]
        phone = LinkRequest(world.profile.country, "99.0", "ios", "99.0")
        await world.desks.links.link(account, f"{store}@example.org", PASSWORD, phone, "here")
        return OK


@dataclass(frozen=True, slots=True)
class Unlink:
    """An account's link is cut (R049)."""

    stranger: bool

    async def happen(self, world: World) -> str:
        async with world.desks.records.reading() as records:
            account = await read_account(records, STRANGER if self.stranger else OWNER)
        await world.desks.links.unlink(account, PASSWORD, "here")
        return OK


@dataclass(frozen=True, slots=True)
class Upload:
    """A camera uploads a clip that it recorded some minutes ago under its newest lease."""

    camera: int
    seconds: int
    minutes_ago: int

    async def happen(self, world: World) -> str:
        camera = pick(await cameras_of_owner(world), self.camera)
        if camera is None:
            return NOTHING
        async with world.desks.records.reading() as records:
            module = await records.modules.get(camera.module_id)
            lease = await records.leases.newest(camera.module_id)
        if module is None or lease is None:
            return NOTHING
        data = make_clip(seconds=CLIP_SECONDS[self.seconds % len(CLIP_SECONDS)])
        at = world.now - timedelta(minutes=self.minutes_ago)
        pairs = {
            "clip_id": world.new_id(),
            "camera_id": camera.camera_id,
            "kind": "clip",
            "clip_reason": "motion",
            "captured_at": wire_time(at),
            "clock_trusted": "true",
            "lease_seq": str(lease.seq),
            "grant": "",
            "sink": "cloud",
            "filetype": "video/mp4",
        }
        uploads = world.desks.media.uploads
        creation = Creation(len(data), encoded(pairs), read_metadata(encoded(pairs)))
        upload = await uploads.create(module, creation, None, None)
        await uploads.patch(module, upload.upload_id, Patch(0, None, sha256_checksum(data), len(data)), _whole(data))
        return OK


async def _claimed(world: World, number: int) -> Module:
    models = sorted(world.catalog.module_models)
    shown, _ = await world.desks.claims.create_code(OWNER)
    reply = await world.desks.claims.claim(ClaimRequest(shown, models[number % len(models)], "Garage", "t"), "here")
    async with world.desks.records.reading() as records:
        module = await records.modules.get(str(reply["module_id"]))
    assert module is not None
    return module


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
