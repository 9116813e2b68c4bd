"""From a module's drive to its owner: the list on demand, and clips that are here for an hour, in no quota."""

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn

import structlog

from cloud_stub.domain.drive_loan import (
    LARGEST_BYTES,
    MOST_FOR_AN_ACCOUNT,
    DriveClip,
    DriveLoan,
    DriveShelf,
    LoanPhase,
    is_over,
    is_silent,
    read_clip,
    read_shelf,
)
from cloud_stub.errors import CloudError
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.ports import Clock, Records
from cloud_stub.ports.media import Staging

PATIENCE_S: Final = 40.0
"""A module asks its drive behind what is being copied to it, for 30 s at most."""
SWEEP_EVERY_S: Final = 30.0
LONGEST_MESSAGE: Final = 300

log = structlog.get_logger()


@dataclass(slots=True)
class DriveToOwner:
    """What is lent now. It is kept in memory: a cloud that starts anew forgets it. `clock` is real time."""

    records: Records
    commands: CommandsToModules
    staging: Staging
    clock: Clock
    _loans: dict[str, DriveLoan] = field(default_factory=dict)

    async def listing(self, account_id: str, module_id: str, offset: int = 0, manifest_id: str = "") -> DriveShelf:
        """Return a part of what is on the drive now.

        CloudError 404 `module_unknown`, 409 `module_offline` or `drive_not_read`, 503 `broker_away`, 504
        `module_silent`, 502 `module_nonsense`.
        """
        arguments: dict[str, object] = {"offset": offset}
        if manifest_id:
            arguments["manifest_id"] = manifest_id
        said = await self._tell(account_id, module_id, "list_drive", arguments)
        try:
            return read_shelf(said)
        except ValueError as error:
            raise _nonsense(error) from error

    async def ask(self, account_id: str, module_id: str, store: str, clip_id: str) -> DriveLoan:
        """Have the module send one clip; what an account asked for first makes room. Errors as in `listing`."""
        now = self.clock.now()
        loan = DriveLoan(str(uuid.uuid4()), account_id, module_id, now, now)
        own = [each for each in self._loans.values() if each.account_id == account_id]
        for oldest in own[: max(0, len(own) + 1 - MOST_FOR_AN_ACCOUNT)]:
            await self._forget(oldest)
        self._loans[loan.loan_id] = loan
        try:
            wish = {"loan_id": loan.loan_id, "store": store, "clip_id": clip_id}
            clip = read_clip(await self._tell(account_id, module_id, "lend_drive_clip", wish))
            _check_size(clip)
        except ValueError as error:
            await self._forget(loan)
            raise _nonsense(error) from error
        except BaseException:
            await self._forget(loan)
            raise
        loan = self._loans[loan.loan_id] = replace(loan, phase=LoanPhase.COMING, clip=clip, heard_at=self.clock.now())
        log.info("drive_clip_asked", loan_id=loan.loan_id, module_id=module_id, size_bytes=clip.size_bytes)
        return loan

    def find(self, account_id: str, loan_id: str) -> DriveLoan:
        """Return an owner's loan; CloudError 404 `loan_unknown`, also when its hour is over."""
        loan = self._loans.get(loan_id)
        if loan is None or loan.account_id != account_id or is_over(loan, self.clock.now()):
            raise CloudError("loan_unknown", 404, "This clip is not here any more: ask the module for it again.")
        return replace(loan, phase=LoanPhase.FAILED) if is_silent(loan, self.clock.now()) else loan

    def read(self, loan: DriveLoan, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes [start, end) of a clip that is here; FileNotFoundError when its hour is over meanwhile."""
        return self.staging.read(loan.loan_id, start, end)

    async def append(self, module_id: str, loan_id: str, offset: int, chunks: AsyncIterator[bytes]) -> None:
        """Take a piece; one that came before may come again. The whole must hash to what the module named.

        CloudError 404 `loan_unknown`, 425 `loan_early`, 409 `offset_mismatch`, 413, 507.
        """
        loan = self._of_module(module_id, loan_id)
        if loan.clip is None:
            raise CloudError("loan_early", 425, "The module's answer is still on its way.", 1)
        if loan.phase is not LoanPhase.COMING or not 0 <= offset <= loan.received_bytes:
            raise CloudError("offset_mismatch", 409, f"{loan.received_bytes} bytes are here.")
        received = await self.staging.append(loan_id, offset, chunks, loan.clip.size_bytes)
        if loan_id not in self._loans:
            await self.staging.delete(loan_id)
            return
        phase = LoanPhase.COMING
        if received == loan.clip.size_bytes:
            whole = await self.staging.sha256(loan_id) == loan.clip.sha256
            phase = LoanPhase.HERE if whole else LoanPhase.FAILED
            log.info("drive_clip_came", loan_id=loan_id, whole=whole)
        self._loans[loan_id] = replace(loan, phase=phase, received_bytes=received, heard_at=self.clock.now())

    def give_up(self, module_id: str, loan_id: str) -> None:
        """Note that the module will not send the rest; CloudError 404 `loan_unknown`."""
        loan = self._of_module(module_id, loan_id)
        if loan.phase is not LoanPhase.HERE:
            self._loans[loan_id] = replace(loan, phase=LoanPhase.FAILED)

    async def clear(self) -> None:
        """Remove what an earlier run of this cloud left; before the first request."""
        for loan_id in await self.staging.ids():
            await self.staging.delete(loan_id)

    async def sweep(self) -> None:
        """Remove what is over."""
        for loan in [each for each in self._loans.values() if is_over(each, self.clock.now())]:
            await self._forget(loan)

    async def run(self) -> NoReturn:
        """Sweep for ever."""
        while True:
            await self.clock.sleep(SWEEP_EVERY_S)
            try:
                await self.sweep()
            except OSError:  # the disk may fail: it is tried again
                log.exception("drive_loans_not_swept", again_in_s=SWEEP_EVERY_S)

    def _of_module(self, module_id: str, loan_id: str) -> DriveLoan:
        loan = self._loans.get(loan_id)
        if loan is None or loan.module_id != module_id or is_over(loan, self.clock.now()):
            raise CloudError("loan_unknown", 404, "Nobody waits for this clip.")
        return loan

    async def _forget(self, loan: DriveLoan) -> None:
        self._loans.pop(loan.loan_id, None)
        await self.staging.delete(loan.loan_id)

    async def _tell(
        self, account_id: str, module_id: str, name: str, arguments: Mapping[str, object]
    ) -> Mapping[str, object]:
        async with self.records.reading() as records:
            module = await records.modules.get(module_id)
        if module is None or module.account_id != account_id or module.revoked_at is not None:
            raise CloudError("module_unknown", 404, "There is no such module.")
        if not module.online:
            raise CloudError(
                "module_offline", 409, "The module is offline: it cannot be told anything until it is back."
            )
        said = await self.commands.send_command(module_id, name, arguments, PATIENCE_S)
        if said.get("ok") is not True:
            message = str(said.get("message") or "The module could not read its drive.")[:LONGEST_MESSAGE]
            raise CloudError("drive_not_read", 409, message)
        return said


def _check_size(clip: DriveClip) -> None:
    if clip.size_bytes > LARGEST_BYTES:
        raise CloudError("clip_too_large", 413, "This clip is too large to be shown through the cloud.")


def _nonsense(error: ValueError) -> CloudError:
    log.warning("module_nonsense", reason=str(error))
    return CloudError("module_nonsense", 502, "The module's answer cannot be understood: update its software.")
