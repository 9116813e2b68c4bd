"""Accounts of the emulated store: sign-up, log-in, log-out, and the proof that somebody has one."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from cloud_stub.domain.attempts import ACCOUNT_PACE, LOG_IN_PACE, SIGN_UP_PACE, Attempts, source_key
from cloud_stub.domain.records import Session
from cloud_stub.domain.store_records import StoreAccount
from cloud_stub.errors import CloudError
from cloud_stub.flow.account_login import (
    EMAIL,
    LONGEST_EMAIL,
    LONGEST_PASSWORD,
    SESSION_DAYS,
    check_password,
    normal_email,
    token_hash,
)
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.ports import Clock, Passwords, Records

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StoreSignUp:
    """What a new customer chose; the web edge has checked `marketplace` and `time_zone` against its lists."""

    email: str
    password: str
    marketplace: str
    business: bool
    time_zone: str


@dataclass(frozen=True, slots=True)
class NewStoreSession:
    """A log-in that has just been made; `token` is shown once and never stored."""

    token: str
    session: Session
    account: StoreAccount


class StoreLogin:
    """Log-ins of customers, in sessions of their own: their token opens nothing of a camera account, nor the reverse.

    `clock` slows attempts and `real_now` ends sessions, neither of which a lab moves; `now` dates accounts.
    """

    def __init__(
        self,
        records: Records,
        clock: Clock,
        passwords: Passwords,
        real_now: Callable[[], datetime],
        now: Callable[[], datetime],
    ) -> None:
        self._records = records
        self._clock = clock
        self._passwords = passwords
        self._real_now = real_now
        self._now = now
        self._wrong = Attempts(LOG_IN_PACE)
        self._wrong_of_account = Attempts(ACCOUNT_PACE)
        self._sign_ups = Attempts(SIGN_UP_PACE)
        self._decoy: str | None = None

    async def sign_up(self, wish: StoreSignUp, source: str) -> NewStoreSession:
        """Make an account and log it in.

        CloudError 422 `bad_email`, `weak_password`, 409 `email_taken`, 429 `too_many_sign_ups`.
        """
        email = normal_email(wish.email)
        if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
            raise CloudError("bad_email", 422, "This is not an e-mail address.")
        check_password(wish.password)
        self._take_sign_up(source)
        account = StoreAccount(
            store_account_id=new_uuid(),
            email=email,
            password_hash=await self._passwords.hash(wish.password),
            marketplace=wish.marketplace,
            business=wish.business,
            time_zone=wish.time_zone,
            created_at=self._now(),
        )
        async with self._records.writing() as records:
            if await records.store.account_by_email(email, wish.marketplace) is not None:
                raise CloudError("email_taken", 409, "There is an account with this e-mail address: log in instead.")
            await records.store.add_account(account)
        log.info("store_account_made", store_account_id=account.store_account_id)
        return await self._new_session(account)

    async def log_in(self, email: str, password: str, marketplace: str, source: str) -> NewStoreSession:
        """Return a new session; CloudError 401 `wrong_login`, 429 `too_many_attempts`."""
        account = await self.prove(email, password, (marketplace,), source)
        if account is None:
            raise CloudError("wrong_login", 401, "The e-mail address or the password is wrong.")
        return await self._new_session(account)

    async def prove(self, email: str, password: str, marketplaces: Sequence[str], source: str) -> StoreAccount | None:
        """Return the account that an address and a password open, in the first marketplace where they do.

        CloudError 429 `too_many_attempts`.
        """
        key, place, now_s = normal_email(email), source_key(source), self._clock.monotonic()
        seconds = max(self._wrong.wait_s(place, now_s), self._wrong_of_account.wait_s(key, now_s))
        if seconds > 0:
            message = f"Too many wrong attempts. Try again in {seconds} seconds."
            raise CloudError("too_many_attempts", 429, message, retry_after_s=seconds)
        self._wrong.note(place, now_s)
        self._wrong_of_account.note(key, now_s)
        async with self._records.reading() as records:
            found = [await records.store.account_by_email(key, marketplace) for marketplace in marketplaces]
        known = [account for account in found if account is not None]
        for account in known:
            if await self._passwords.verify(account.password_hash, password[:LONGEST_PASSWORD]):
                self._wrong.clear(place)
                self._wrong_of_account.clear(key)
                return account
        if not known:
            await self._passwords.verify(await self._decoy_hash(), password[:LONGEST_PASSWORD])
        if self._wrong.is_slowed(place):
            log.warning("many_wrong_store_logins", source=source, count=self._wrong.count(place))
        return None

    async def session(self, token: str) -> tuple[Session, StoreAccount] | None:
        """Return the session of a cookie's token with its account, or `None` when it is unknown or over."""
        async with self._records.reading() as records:
            session = await records.accounts.session(token_hash(token))
            if session is None or session.expires_at <= self._real_now():
                return None
            account = await records.store.account(session.account_id)
        return None if account is None else (session, account)

    async def log_out(self, token: str) -> None:
        """End the session of a token; one that is over already is no error."""
        async with self._records.writing() as records:
            await records.accounts.drop_session(token_hash(token))

    async def _new_session(self, account: StoreAccount) -> NewStoreSession:
        token, now = secrets.token_urlsafe(32), self._real_now()
        session = Session(
            token_hash=token_hash(token),
            account_id=account.store_account_id,
            csrf_token=secrets.token_urlsafe(32),
            created_at=now,
            expires_at=now + timedelta(days=SESSION_DAYS),
        )
        async with self._records.writing() as records:
            await records.accounts.add_session(session)
        return NewStoreSession(token, session, account)

    async def _decoy_hash(self) -> str:
        """Return a hash to check for an unknown address, so that it takes as long as a known one."""
        if self._decoy is None:
            self._decoy = await self._passwords.hash(secrets.token_urlsafe(16))
        return self._decoy

    def _take_sign_up(self, source: str) -> None:
        now_s, place = self._clock.monotonic(), source_key(source)
        seconds = self._sign_ups.wait_s(place, now_s)
        if seconds > 0:
            message = f"Too many accounts were asked for from this place. Try again in {seconds} seconds."
            raise CloudError("too_many_sign_ups", 429, message, retry_after_s=seconds)
        self._sign_ups.note(place, now_s)
