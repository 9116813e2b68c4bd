"""Has clips saved on their module's own drive, verified by their hash, before they leave the cloud.

An owner asks for it, clip by clip: the erasure of each is put off for a stated time, its module is told to fetch it and
to write it on its drive (`cmd/save_clip`, docs/wire.md), and what the module read back must hash to what the cloud has.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NoReturn

import structlog

from cloud_stub.domain.lease import wire_time
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.module_words import drive_state
from cloud_stub.domain.records import Clip, ClipPhase, DriveCopy, LogEntry
from cloud_stub.errors import CloudError
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.ports import Clock, Records, Transaction

COMMAND: Final = "save_clip"
PATIENCE_S: Final = 300.0
"""A module fetches a whole clip, writes it and reads it back before it answers."""
TRIED_AGAIN_S: Final = 60.0
ENDS_IT: Final = frozenset({"no_drive", "drive_full", "bad_arguments", "unknown_command", "not_entitled"})
"""Results after which asking again is of no use."""
CHANGES: Final = {
    DriveCopy.ASKED: (What.DRIVE_COPY_ASKED, Rule.OWNER),
    DriveCopy.SAVED: (What.DRIVE_COPY_SAVED, Rule.MODULE),
    DriveCopy.FAILED: (What.DRIVE_COPY_FAILED, Rule.MODULE),
}

log = structlog.get_logger()


@dataclass(slots=True)
class HistoryToDrive:
    """Asks modules until each clip is saved, or its time is over; `waits` is for how long an erasure is put off.

    `settled` is called when a clip waits no more: what was put off for it is due.
    """

    records: Records
    commands: CommandsToModules
    clock: Clock
    waits: timedelta = timedelta(hours=24)
    settled: Callable[[], None] = lambda: None
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, account_id: str, clip_ids: Sequence[str]) -> Sequence[Clip]:
        """Have clips saved; those that are saved or asked for already stay as they are.

        CloudError 404 `clip_unknown`, 410 `clip_deleted`, 409 `no_drive` where a clip's module has none it can use.
        """
        now, asked = self.clock.now(), []
        async with self.records.writing() as records:
            for clip_id in dict.fromkeys(clip_ids):
                clip = await _held(records, account_id, clip_id)
                if clip.drive_copy not in {DriveCopy.ASKED, DriveCopy.SAVED}:
                    await _needs_drive(records, clip)
                    clip = replace(clip, kept_until=now + self.waits)
                    clip = await _changed(records, clip, DriveCopy.ASKED, now)
                asked.append(clip)
        self._woken.set()
        return asked

    async def run(self) -> NoReturn:
        """Run for ever: try what is asked for now and then, and when something is asked for."""
        while True:
            self._woken.clear()
            try:
                await self.pass_once()
            except Exception:  # the records may fail in any driver: it is tried again
                log.exception("drive_copies_failed", again_in_s=TRIED_AGAIN_S)
            woken, slept = asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(self._pause())
            try:
                await asyncio.wait({woken, slept}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                woken.cancel()
                slept.cancel()

    async def pass_once(self) -> None:
        """Try each clip that is asked for once; the clips of one module one after the other."""
        async with self.records.reading() as records:
            waiting = [clip for clip in await records.clips.put_off() if clip.drive_copy is DriveCopy.ASKED]
            online = {m.module_id for m in await records.modules.all() if m.online and m.revoked_at is None}
        modules = dict.fromkeys(clip.module_id for clip in waiting)
        await asyncio.gather(
            *(self._save([c for c in waiting if c.module_id == each], is_online=each in online) for each in modules)
        )

    async def _save(self, clips: Sequence[Clip], *, is_online: bool) -> None:
        for clip in clips:
            if clip.kept_until is not None and self.clock.now() >= clip.kept_until:
                await self._settle(clip, DriveCopy.FAILED)
            elif is_online:
                try:
                    said = await self.commands.send_command(clip.module_id, COMMAND, arguments_of(clip), PATIENCE_S)
                except CloudError as error:
                    log.info("drive_copy_later", clip_id=clip.clip_id, reason=error.code)
                    return  # the module is out of reach: its other clips wait with this one
                outcome = outcome_of(clip, said)
                log.info("drive_copy_answered", clip_id=clip.clip_id, code=said.get("code"), outcome=outcome)
                if outcome is not DriveCopy.ASKED:
                    await self._settle(clip, outcome)

    async def _settle(self, clip: Clip, outcome: DriveCopy) -> None:
        async with self.records.writing() as records:
            found = await records.clips.get(clip.module_id, clip.clip_id)
            if found is None or found.phase is not ClipPhase.HELD or found.drive_copy is not DriveCopy.ASKED:
                return
            await _changed(records, replace(found, kept_until=None), outcome, self.clock.now())
        self.settled()

    async def _pause(self) -> None:
        await self.clock.sleep(TRIED_AGAIN_S)


def arguments_of(clip: Clip) -> Mapping[str, object]:
    """Return what a module is told of the clip that it is to fetch and save (`command_save_clip_v1.json`)."""
    return {
        "clip_id": clip.clip_id,
        "camera_id": clip.camera_id,
        "kind": clip.kind,
        "captured_at": wire_time(clip.captured_at),
        "size": clip.size_bytes,
        "sha256": clip.sha256,
    }


def outcome_of(clip: Clip, said: Mapping[str, object]) -> DriveCopy:
    """Return what a module's result means: saved only with the clip's own hash; asked again where that may help."""
    if said.get("ok") is True:
        return DriveCopy.SAVED if said.get("sha256") == clip.sha256 else DriveCopy.ASKED
    return DriveCopy.FAILED if said.get("code") in ENDS_IT else DriveCopy.ASKED


async def _held(records: Transaction, account_id: str, clip_id: str) -> Clip:
    clip = await records.clips.find(account_id, clip_id)
    if clip is None or clip.phase is ClipPhase.RECEIVING or (clip.phase is ClipPhase.GONE and clip.disposition is None):
        raise CloudError("clip_unknown", 404, "There is no such clip.")
    if clip.phase is not ClipPhase.HELD:
        raise CloudError("clip_deleted", 410, "This clip was deleted.")
    return clip


async def _needs_drive(records: Transaction, clip: Clip) -> None:
    module = await records.modules.get(clip.module_id)
    if module is None or module.revoked_at is not None or drive_state(module.state) != "usable":
        raise CloudError("no_drive", 409, "The module of this clip has no drive that it can use: download the clip.")


async def _changed(records: Transaction, clip: Clip, state: DriveCopy, now: datetime) -> Clip:
    changed = replace(clip, drive_copy=state)
    await records.clips.update(changed)
    what, rule = CHANGES[state]
    await records.leases.log(LogEntry(now, clip.account_id, what.value, clip.clip_id, rule.value))
    return changed
