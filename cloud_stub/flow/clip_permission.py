"""Asks the records whether an owner may do something with a clip."""

from dataclasses import dataclass

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.clip_rights import ClipAction, clip_refusal, refused
from cloud_stub.domain.features import FeatureRefusal
from cloud_stub.domain.lease_terms import read_terms
from cloud_stub.domain.policies import ClipRights
from cloud_stub.domain.records import Clip
from cloud_stub.flow.records_to_situation import read_situation
from cloud_stub.ports import Clock, Records, Transaction


@dataclass(frozen=True, slots=True)
class ClipPermission:
    """Judges by the catalog in force; `clock` is civil."""

    records: Records
    catalogs: Catalogs
    clock: Clock

    async def check(self, clip: Clip, action: ClipAction) -> None:
        """Raise CloudError 403, whose code names the set that lacks the right."""
        async with self.records.reading() as records:
            await self.check_in(records, clip, action)

    async def check_in(self, records: Transaction, clip: Clip, action: ClipAction) -> None:
        """Raise as `check` does, inside the caller's transaction."""
        refusal = await self.refusal(records, clip, action)
        if refusal is not None:
            raise refused(refusal)

    async def refusal(self, records: Transaction, clip: Clip, action: ClipAction) -> FeatureRefusal | None:
        """Return the set that lacks the right, or `None`."""
        now = self.clock.now()
        account = await records.accounts.get(clip.account_id)
        if account is None:
            return FeatureRefusal.NOT_GRANTED
        catalog = self.catalogs.in_force(account.vendor, now)
        if catalog.history.clip_rights is ClipRights.AT_RECORDING and action is not ClipAction.SHARE:
            return None  # nothing needs to be read for it: this is asked for every byte range that a player fetches
        lease = await records.leases.by_seq(clip.module_id, clip.lease_seq)
        its_lease = None if lease is None else read_terms(lease).cameras.get(clip.camera_id)
        situation = await read_situation(records, account.account_id)
        return clip_refusal(action, clip, its_lease, catalog, situation, now)
