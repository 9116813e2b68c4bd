"""Ties a module to an account by a one-time code, and removes it again."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import uuid4

import structlog

from cloud_stub.domain.attempts import CLAIM_PACE, Attempts, source_key
from cloud_stub.domain.claim_code import VALID_FOR, check_code, code_hash, hash_of, make_code
from cloud_stub.domain.lease import ISSUER
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.records import ClaimCode, LogEntry, Module
from cloud_stub.errors import CloudError
from cloud_stub.flow.records_to_lease import CLOCK_TOPIC, LEASE_TOPIC, LeaseDesk
from cloud_stub.flow.records_to_situation import read_account, read_situation
from cloud_stub.ports import BrokerAway, LeaseSigner, Transaction

SECRET_BYTES = 32
BROKER_BACK_S = 10

log = structlog.get_logger()


def new_uuid() -> str:
    """Return a new random UUID as text."""
    return str(uuid4())


def new_secret() -> str:
    """Return a new 256-bit secret as URL-safe text."""
    return secrets.token_urlsafe(SECRET_BYTES)


class BrokerAccess(Protocol):
    """Lets modules onto the broker and cuts them off (as BrokerUsers says); raises BrokerAway."""

    async def allow_module(self, module_id: str, secret: str) -> None:
        """Make or replace a module's client."""

    async def revoke_module(self, module_id: str) -> None:
        """Remove it and cut its live session."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How a module reaches this cloud; `ca_pem` is `None` without TLS or with a public authority."""

    cloud_url: str
    broker_host: str
    broker_port: int
    broker_tls: bool
    ca_pem: str | None


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """`claim_request_v1.json` after its shape was checked."""

    code: str
    module_model: str
    name: str
    software: str


@dataclass(slots=True)
class ClaimDesk:
    """Makes codes, takes claims, renames and removes modules."""

    desk: LeaseDesk
    broker_users: BrokerAccess
    signer: LeaseSigner
    reach: Reach
    new_id: Callable[[], str] = new_uuid
    new_secret: Callable[[], str] = new_secret
    choose: Callable[[str], str] = secrets.choice
    attempts: Attempts = field(default_factory=lambda: Attempts(CLAIM_PACE))

    async def create_code(self, account_id: str) -> tuple[str, ClaimCode]:
        """Make a code; return it as it is shown, once, and its record (it is kept only as a hash)."""
        now = self.desk.now()
        shown = make_code(self.choose)
        code = ClaimCode(code_hash(shown), account_id, now, now + VALID_FOR, None, None)
        async with self.desk.records.writing() as records:
            await read_account(records, account_id)
            await records.accounts.add_claim_code(code)
        return shown, code

    async def claim(self, request: ClaimRequest, source: str) -> Mapping[str, object]:
        """Make a module of a code and return `claim_reply_v1.json`; `source` is who asks, for the throttle.

        Raises CloudError: 404, 409 and 410 for the code, 429 after 100 wrong ones from a source, 400 for a module's
        model that the catalog does not know, 503 when the broker is away (the code stays good).
        """
        place = source_key(source)
        wait_s = self.attempts.wait_s(place, self.desk.clock.monotonic())
        if wait_s > 0:
            raise CloudError("too_many_attempts", 429, "Too many wrong codes: wait, then make a new code.", wait_s)
        try:
            account_id = await self._account_of(request.code)
        except CloudError:
            self.attempts.note(place, self.desk.clock.monotonic())
            raise
        secret = self.new_secret()
        async with self.desk.changing(account_id) as records:
            module = await self._add_module(records, request, secret)
        await self._allow(module, secret, code_hash(request.code))
        log.info("module_claimed", module_id=module.module_id, model=module.model, software=request.software)
        return self._reply(module, secret)

    async def rename(self, account_id: str, module_id: str, name: str) -> Module:
        """Give a module another name."""
        async with self.desk.records.writing() as records:
            module = replace(await self._own(records, account_id, module_id), name=name)
            await records.modules.update(module)
            await self._log(records, account_id, What.MODULE_RENAMED, module_id)
        return module

    async def remove(self, account_id: str, module_id: str, rule: Rule = Rule.OWNER) -> None:
        """Revoke a module: it is cut off at once, its clips stay, plans attached to its cameras are free again."""
        async with self.desk.changing(account_id) as records:
            module = await self._own(records, account_id, module_id)
            await records.modules.update(replace(module, revoked_at=self.desk.now(), online=False))
            cameras = {camera.camera_id for camera in await records.modules.cameras_of_module(module_id)}
            for attachment in (await read_situation(records, account_id)).attachments:
                if attachment.camera_id in cameras and attachment.detached_at is None:
                    await records.plans.put_attachment(replace(attachment, detached_at=self.desk.now()))
                    await self._log(records, account_id, What.PLAN_DETACHED, attachment.subscription_id, rule)
            for topic in (LEASE_TOPIC, CLOCK_TOPIC):  # nothing retained stays behind
                await records.leases.enqueue(module_id, topic, b"", retain=True)
            await self._log(records, account_id, What.MODULE_REMOVED, module_id, rule)
        try:
            await self.broker_users.revoke_module(module_id)
        except BrokerAway:
            log.warning("module_still_on_broker", module_id=module_id, does="reconciling removes it")
        log.info("module_removed", module_id=module_id)

    async def take_back(self, module_id: str) -> bool:
        """Remove a module that was claimed but never used: not once online, with no camera; say whether it was."""
        async with self.desk.records.reading() as records:
            module = await records.modules.get(module_id)
            cameras = await records.modules.cameras_of_module(module_id)
        if module is None or module.revoked_at is not None or module.session is not None or cameras:
            return False
        await self.remove(module.account_id, module_id, Rule.CLAIM_CUT_SHORT)
        return True

    async def _account_of(self, code: str) -> str:
        async with self.desk.records.reading() as records:
            return check_code(await records.accounts.claim_code(code_hash(code)), self.desk.now()).account_id

    async def _add_module(self, records: Transaction, request: ClaimRequest, secret: str) -> Module:
        now = self.desk.now()
        code = check_code(await records.accounts.claim_code(code_hash(request.code)), now)
        account = await read_account(records, code.account_id)
        models = self.desk.catalogs.in_force(account.vendor, now).module_models
        if request.module_model not in models:
            known = ", ".join(sorted(models))
            raise CloudError("module_model_unknown", 400, f"There is no such module model; set one of: {known}.")
        module = Module(
            module_id=self.new_id(),
            account_id=account.account_id,
            name=request.name,
            model=request.module_model,
            secret_hash=hash_of(secret),
            claimed_at=now,
            revoked_at=None,
            online=False,
            session=None,
            state=None,
            state_at=None,
        )
        await records.modules.add(module)
        await records.accounts.update_claim_code(replace(code, used_at=now, module_id=module.module_id))
        await self._log(records, account.account_id, What.MODULE_CLAIMED, module.module_id)
        return module

    async def _allow(self, module: Module, secret: str, used_code: str) -> None:
        try:
            await self.broker_users.allow_module(module.module_id, secret)
        except BrokerAway as error:
            async with self.desk.records.writing() as records:
                code = await records.accounts.claim_code(used_code)
                if code is not None:
                    await records.accounts.update_claim_code(replace(code, used_at=None, module_id=None))
                await records.modules.update(replace(module, revoked_at=self.desk.now()))
            message = "The broker is away, so this module cannot be connected now: try the same code again shortly."
            raise CloudError("broker_away", 503, message, BROKER_BACK_S) from error

    async def _own(self, records: Transaction, account_id: str, module_id: str) -> Module:
        module = await records.modules.get(module_id)
        if module is None or module.account_id != account_id or module.revoked_at is not None:
            raise CloudError("module_unknown", 404, "This account has no such module.")
        return module

    async def _log(
        self, records: Transaction, account_id: str, what: What, subject: str, rule: Rule = Rule.OWNER
    ) -> None:
        await records.leases.log(LogEntry(self.desk.now(), account_id, what.value, subject, rule.value))

    def _reply(self, module: Module, secret: str) -> Mapping[str, object]:
        reach = self.reach
        return {
            "module_id": module.module_id,
            "account_id": module.account_id,
            "secret": secret,
            "issuer": ISSUER,
            "cloud_url": reach.cloud_url,
            "broker": {"host": reach.broker_host, "port": reach.broker_port, "tls": reach.broker_tls},
            "ca_pem": reach.ca_pem,
            "lease_keys": [dict(key) for key in self.signer.public_keys()],
        }
