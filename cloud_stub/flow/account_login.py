"""From an e-mail address and a password to a log-in that can be shown later: sign-up, log-in, log-out, passwords."""

import hashlib
import re
import secrets
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from cloud_stub.domain.attempts import ACCOUNT_PACE, LOG_IN_PACE, SIGN_UP_PACE, Attempts, source_key
from cloud_stub.domain.records import Account, LogEntry, Session
from cloud_stub.errors import CloudError
from cloud_stub.ports import Clock, Passwords, Records

SESSION_DAYS = 30
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
LONGEST_EMAIL = 254
KNOWN_PLACES = 10_000
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True, slots=True)
class NewSession:
    """A log-in that has just been made; `token` is shown once and never stored."""

    token: str
    session: Session
    account: Account


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a new owner chose; the web edge has checked all but e-mail and password."""

    email: str
    password: str
    vendor: str
    region: str
    time_zone: str
    locale: str
    subdivision: str | None = None


def token_hash(token: str) -> str:
    """Return the form in which a token is stored: SHA-256 in hex (256 random bits need no slow hash)."""
    return hashlib.sha256(token.encode()).hexdigest()


def normal_email(email: str) -> str:
    """Return the address as it is compared and stored."""
    return email.strip().lower()


class AccountLogin:
    """Log-ins of owners.

    `real_now` is real civil time: a lab clock that jumps thirty days must not log its owner out. Wrong attempts slow
    their source, and the account they were for wherever they come from; a place from which its owner logged in before
    is slowed by its own attempts alone, so that nobody can keep an owner out by guessing.
    """

    def __init__(self, records: Records, clock: Clock, passwords: Passwords, real_now: Callable[[], datetime]) -> None:
        self._records = records
        self._clock = clock
        self._passwords = passwords
        self._real_now = real_now
        self._wrong = Attempts(LOG_IN_PACE)
        self._wrong_of_account = Attempts(ACCOUNT_PACE)
        self._sign_ups = Attempts(SIGN_UP_PACE)
        self._known_places: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._decoy: str | None = None
        self._log = structlog.get_logger()

    async def log_in(self, email: str, password: str, source: str) -> NewSession:
        """Return a new session, or raise CloudError: 401 `wrong_login`, 429 `too_many_attempts`.

        `source` is the peer's address; it only serves to slow it down.
        """
        key = normal_email(email)
        self._take_attempt(source, key)
        async with self._records.reading() as records:
            account = await records.accounts.by_email(key)
        known_hash = account.password_hash if account else await self._decoy_hash()
        right = await self._passwords.verify(known_hash, password[:LONGEST_PASSWORD])
        if account is None or not right:
            self._report_wrong(source, key)
            raise CloudError("wrong_login", 401, "The e-mail address or the password is wrong.")
        self._proved_right(source, key)
        self._log.info("logged_in", account_id=account.account_id)
        return await self._new_session(account)

    async def sign_up(self, wish: SignUp, source: str) -> NewSession:
        """Make an account and log it in.

        CloudError 422 `bad_email`, `weak_password`, 409 `email_taken`, 429 `too_many_sign_ups`.
        """
        email = normal_email(wish.email)
        if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
            raise CloudError("bad_email", 422, "This is not an e-mail address.")
        check_password(wish.password)
        self._take_sign_up(source)
        now = self._clock.now()
        account = Account(
            account_id=str(uuid.uuid4()),
            email=email,
            password_hash=await self._passwords.hash(wish.password),
            vendor=wish.vendor,
            region=wish.region,
            created_on=now.astimezone(ZoneInfo(wish.time_zone)).date(),
            time_zone=wish.time_zone,
            auto_delete_days=None,
            locale=wish.locale,
            subdivision=wish.subdivision,
        )
        async with self._records.writing() as records:
            if await records.accounts.by_email(email) is not None:
                raise CloudError("email_taken", 409, "There is an account with this e-mail address: log in instead.")
            await records.accounts.add(account)
            await records.leases.log(LogEntry(now, account.account_id, "account_made", email, "owner"))
        self._log.info("account_made", account_id=account.account_id)
        return await self._new_session(account)

    async def session(self, token: str) -> tuple[Session, Account] | None:
        """Return the session of a cookie's token with its account, or `None` when it is unknown or over."""
        async with self._records.reading() as records:
            session = await records.accounts.session(token_hash(token))
            if session is None or session.expires_at <= self._real_now():
                return None
            account = await records.accounts.get(session.account_id)
        return None if account is None else (session, account)

    async def log_out(self, token: str) -> None:
        """End the session of a token; one that is over already is no error."""
        async with self._records.writing() as records:
            await records.accounts.drop_session(token_hash(token))

    async def change_password(self, session: Session, account: Account, current: str, new: str, source: str) -> None:
        """Replace the password and end every other session of the account: whoever knew the old one is out.

        CloudError 403 `wrong_password`, 422 `weak_password`, 429 `too_many_attempts`.
        """
        await self.confirm_password(account, current, source)
        check_password(new)
        new_hash = await self._passwords.hash(new)
        async with self._records.writing() as records:
            latest = await records.accounts.get(account.account_id)
            if latest is not None:
                await records.accounts.update(replace(latest, password_hash=new_hash))
                await records.accounts.drop_sessions_of(account.account_id, but_not=session.token_hash)
                await records.leases.log(
                    LogEntry(self._clock.now(), account.account_id, "password_changed", "", "owner")
                )
        self._log.info("password_changed", account_id=account.account_id)

    async def confirm_password(self, account: Account, password: str, source: str) -> None:
        """Let an owner who is logged in prove it again; CloudError 403 `wrong_password`, 429 `too_many_attempts`."""
        self._take_attempt(source, account.email)
        if not await self._passwords.verify(account.password_hash, password[:LONGEST_PASSWORD]):
            self._report_wrong(source, account.email)
            raise CloudError("wrong_password", 403, "The current password is wrong.")
        self._proved_right(source, account.email)

    async def set_language(self, account: Account, locale: str, time_zone: str) -> None:
        """Keep the language and the time zone of an account; the web edge has checked both."""
        async with self._records.writing() as records:
            latest = await records.accounts.get(account.account_id)
            if latest is not None:
                await records.accounts.update(replace(latest, locale=locale, time_zone=time_zone))

    async def set_subdivision(self, account: Account, subdivision: str | None) -> None:
        """Keep an account's province or state (R018); the web edge has checked it."""
        async with self._records.writing() as records:
            latest = await records.accounts.get(account.account_id)
            if latest is not None:
                await records.accounts.update(replace(latest, subdivision=subdivision))

    async def _new_session(self, account: Account) -> NewSession:
        token = secrets.token_urlsafe(32)
        now = self._real_now()
        session = Session(
            token_hash=token_hash(token),
            account_id=account.account_id,
            csrf_token=secrets.token_urlsafe(32),
            created_at=now,
            expires_at=now + timedelta(days=SESSION_DAYS),
        )
        async with self._records.writing() as records:
            await records.accounts.drop_sessions_before(now)
            await records.accounts.add_session(session)
        return NewSession(token, session, account)

    async def _decoy_hash(self) -> str:
        """Return a hash to check for an unknown address, so that it takes as long as a known one."""
        if self._decoy is None:
            self._decoy = await self._passwords.hash(secrets.token_urlsafe(16))
        return self._decoy

    def _take_attempt(self, source: str, email: str) -> None:
        """Refuse a source in haste, or an account at which many guess; else count it as wrong until it proves right.

        Counting comes before the slow hash, so that a hundred attempts sent at once are slowed too.
        """
        now_s, place = self._clock.monotonic(), source_key(source)
        known = (email, place) in self._known_places
        seconds = max(self._wrong.wait_s(place, now_s), 0 if known else self._wrong_of_account.wait_s(email, now_s))
        if seconds > 0:
            message = f"Too many wrong attempts. Try again in {seconds} seconds."
            raise CloudError("too_many_attempts", 429, message, retry_after_s=seconds)
        self._wrong.note(place, now_s)
        if not known:
            self._wrong_of_account.note(email, now_s)

    def _take_sign_up(self, source: str) -> None:
        now_s, place = self._clock.monotonic(), source_key(source)
        seconds = self._sign_ups.wait_s(place, now_s)
        if seconds > 0:
            message = f"Too many accounts were asked for from this place. Try again in {seconds} seconds."
            raise CloudError("too_many_sign_ups", 429, message, retry_after_s=seconds)
        self._sign_ups.note(place, now_s)
        if self._sign_ups.is_slowed(place):
            self._log.warning("many_sign_ups", source=source, count=self._sign_ups.count(place))

    def _proved_right(self, source: str, email: str) -> None:
        place = source_key(source)
        self._wrong.clear(place)
        self._wrong_of_account.clear(email)
        self._known_places[email, place] = None
        self._known_places.move_to_end((email, place))
        if len(self._known_places) > KNOWN_PLACES:
            self._known_places.popitem(last=False)

    def _report_wrong(self, source: str, email: str) -> None:
        place = source_key(source)
        if self._wrong.is_slowed(place):
            self._log.warning("many_wrong_logins", source=source, count=self._wrong.count(place))
        elif self._wrong_of_account.is_slowed(email):
            self._log.warning("many_wrong_logins_for_one_account", count=self._wrong_of_account.count(email))


def check_password(password: str) -> None:
    """Raise CloudError 422 `weak_password` when a new password is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise CloudError("weak_password", 422, f"A password needs at least {SHORTEST_PASSWORD} characters.")
