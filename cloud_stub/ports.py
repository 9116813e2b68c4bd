"""What the flows need from the outside world; each comment is the contract that the adapters' test suites hold."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from cloud_stub.domain.billing_records import Attachment, CreditNote, Invoice, PaymentMethod, Subscription
from cloud_stub.domain.clip_page import ClipCursor
from cloud_stub.domain.notice_records import Notice
from cloud_stub.domain.records import (
    Account,
    Camera,
    ClaimCode,
    Clip,
    IssuedLease,
    LabClock,
    LogEntry,
    Module,
    OutboxItem,
    RememberedReply,
    Session,
    ShareLink,
    Trial,
    Upload,
)
from cloud_stub.domain.store_records import DeviceOrder, Link, StoreAccount, Waiver


class Clock(Protocol):
    """Two clocks: civil time (in a lab frozen and advanced) and monotonic time (time-outs, upload expiry)."""

    def now(self) -> datetime:
        """Return civil time, aware, UTC."""

    def monotonic(self) -> float:
        """Return seconds that never step."""

    async def sleep(self, seconds: float) -> None:
        """Wait monotonic seconds."""


class AccountRecords(Protocol):
    """Accounts, log-ins and claim codes. `get`-like calls return `None` when there is nothing."""

    async def add(self, account: Account) -> None: ...
    async def get(self, account_id: str) -> Account | None: ...
    async def by_email(self, email: str) -> Account | None: ...
    async def update(self, account: Account) -> None: ...
    async def all(self) -> Sequence[Account]: ...
    async def count(self) -> int: ...
    async def add_session(self, session: Session) -> None: ...
    async def session(self, token_hash: str) -> Session | None: ...
    async def drop_session(self, token_hash: str) -> None: ...
    async def drop_sessions_of(self, account_id: str, *, but_not: str) -> None:
        """End every session of an account except the one with the token hash `but_not`."""

    async def drop_sessions_before(self, when: datetime) -> None:
        """Forget sessions that expired before `when`."""

    async def add_claim_code(self, code: ClaimCode) -> None: ...
    async def claim_code(self, code_hash: str) -> ClaimCode | None: ...
    async def update_claim_code(self, code: ClaimCode) -> None: ...
    async def drop_claim_codes_before(self, when: datetime) -> None:
        """Forget claim codes, used or not, that expired before `when`."""


class ModuleRecords(Protocol):
    """Modules and cameras."""

    async def add(self, module: Module) -> None: ...
    async def get(self, module_id: str) -> Module | None: ...
    async def update(self, module: Module) -> None: ...
    async def of_account(self, account_id: str) -> Sequence[Module]: ...
    async def all(self) -> Sequence[Module]: ...
    async def claimed_ids(self) -> Sequence[str]:
        """Return the ids of the modules that are not removed, without reading their state."""

    async def count_claimed(self) -> tuple[int, int]:
        """Return how many modules are not removed, and how many of those are online."""

    async def put_camera(self, camera: Camera) -> None:
        """Insert or replace by camera id."""

    async def camera(self, camera_id: str) -> Camera | None: ...
    async def cameras_of_account(self, account_id: str) -> Sequence[Camera]:
        """Return cameras in the order they were added."""

    async def cameras_of_module(self, module_id: str) -> Sequence[Camera]: ...


class PlanRecords(Protocol):
    """Trials, subscriptions and what they are attached to, ended ones included, oldest first."""

    async def trials(self, account_id: str) -> Sequence[Trial]: ...
    async def put_trial(self, trial: Trial) -> None: ...
    async def subscription(self, subscription_id: str) -> Subscription | None: ...
    async def subscriptions_of_holder(self, holder_id: str) -> Sequence[Subscription]:
        """Return what a store account, or a camera account that pays itself, ever bought."""

    async def subscriptions_bought_for(self, account_id: str) -> Sequence[Subscription]:
        """Return what was bought for a camera account, whoever holds it (R060)."""

    async def put_subscription(self, subscription: Subscription) -> None: ...
    async def attachments(self, subscription_ids: Collection[str]) -> Sequence[Attachment]:
        """Return the attachments of some subscriptions, detached ones included."""

    async def put_attachment(self, attachment: Attachment) -> None: ...


class BillingRecords(Protocol):
    """Invoices, money given back, and how holders pay; everything is kept (R151), oldest first."""

    async def put_invoice(self, invoice: Invoice) -> None: ...
    async def invoice(self, invoice_id: str) -> Invoice | None: ...
    async def invoices_of(self, holder_id: str) -> Sequence[Invoice]: ...
    async def open_invoices(self) -> Sequence[Invoice]:
        """Return invoices that are still to be paid, by `next_attempt_at`."""

    async def next_invoice_number(self, vendor: str) -> int:
        """Count a vendor's invoices up from 1; without gaps, since it is rolled back with its transaction."""

    async def put_credit_note(self, note: CreditNote) -> None: ...
    async def credit_notes_of(self, holder_id: str) -> Sequence[CreditNote]: ...
    async def unrefunded(self) -> Sequence[CreditNote]:
        """Return refunds that the processor has not confirmed."""

    async def put_payment_method(self, method: PaymentMethod) -> None:
        """Insert or replace: a holder has one."""

    async def payment_method(self, holder_id: str) -> PaymentMethod | None: ...
    async def holders(self) -> Sequence[str]:
        """Return everybody who has a subscription that is not over."""


class StoreRecords(Protocol):
    """The emulated store: its accounts, links, device orders and waivers, oldest first."""

    async def add_account(self, account: StoreAccount) -> None: ...
    async def account(self, store_account_id: str) -> StoreAccount | None: ...
    async def account_by_email(self, email: str, marketplace: str) -> StoreAccount | None: ...
    async def put_link(self, link: Link) -> None: ...
    async def links_of_account(self, account_id: str) -> Sequence[Link]: ...
    async def links_of_store_account(self, store_account_id: str) -> Sequence[Link]: ...
    async def add_order(self, order: DeviceOrder) -> None: ...
    async def orders(self, store_account_id: str) -> Sequence[DeviceOrder]: ...
    async def add_waiver(self, waiver: Waiver) -> None: ...
    async def waivers(self, holder_id: str) -> Sequence[Waiver]: ...


class NoticeRecords(Protocol):
    """Messages to owners, oldest first, and the replies remembered for repeated calls."""

    async def put(self, notice: Notice) -> None: ...
    async def of_account(self, account_id: str) -> Sequence[Notice]: ...
    async def queued(self, limit: int) -> Sequence[Notice]: ...
    async def remember(self, reply: RememberedReply) -> None: ...
    async def remembered(self, caller: str, key: str) -> RememberedReply | None: ...
    async def forget_replies_before(self, when: datetime) -> None: ...


class LeaseRecords(Protocol):
    """Issued leases, the outbox that carries them, the lab clock, and the log of what happened."""

    async def newest(self, module_id: str) -> IssuedLease | None: ...
    async def by_seq(self, module_id: str, seq: int) -> IssuedLease | None: ...
    async def newest_at(self, module_id: str, when: datetime) -> IssuedLease | None:
        """Return the newest lease that was issued at `when` or before."""

    async def add(self, lease: IssuedLease) -> None: ...
    async def drop_leases_before(self, when: datetime, limit: int) -> int:
        """Forget at most `limit` leases whose grace ended before `when`, never a module's newest; return how many."""

    async def enqueue(self, module_id: str, topic: str, payload: bytes, *, retain: bool) -> None: ...
    async def outbox(self, limit: int) -> Sequence[OutboxItem]: ...
    async def count_outbox(self, up_to: int) -> int:
        """Return how many messages wait, counted to `up_to`."""

    async def drop_from_outbox(self, item_id: int) -> None: ...
    async def lab_clock(self) -> LabClock | None: ...
    async def put_lab_clock(self, clock: LabClock) -> None: ...
    async def log(self, entry: LogEntry) -> None: ...
    async def entries(self, account_id: str, limit: int) -> Sequence[LogEntry]: ...
    async def drop_entries_before(self, when: datetime, limit: int) -> int:
        """Forget at most `limit` log entries from before `when`, the oldest first; return how many."""


class ClipRecords(Protocol):
    """Clips and their uploads."""

    async def add(self, clip: Clip) -> None: ...
    async def get(self, module_id: str, clip_id: str) -> Clip | None: ...
    async def find(self, account_id: str, clip_id: str) -> Clip | None: ...
    async def update(self, clip: Clip) -> None: ...
    async def hand_over(self, clip: Clip, module_id: str) -> None:
        """Make a clip and its upload another module's."""

    async def page(
        self, account_id: str, *, kind: str, camera_id: str | None, before: ClipCursor | None, limit: int
    ) -> Sequence[Clip]:
        """Return clips that can be watched (receiving or held), newest `captured_at` first, then by id."""

    async def held_in_pool(self, pool: str) -> Sequence[Clip]:
        """Return held clips counted in a pool, oldest `captured_at` first, with the pool locked by this transaction."""

    async def used_ms(self, pool: str) -> int:
        """Return how long the held clips of a pool play together."""

    async def held_of_account(self, account_id: str) -> Sequence[Clip]: ...
    async def held_windows(self, account_id: str) -> Sequence[tuple[int | None, datetime]]:
        """Return each `keep_for_days` among the held clips, with the oldest `retained_from` that has it."""

    async def deleting(self) -> Sequence[Clip]:
        """Return clips whose blobs must still go (after a crash too)."""

    async def put_share(self, share: ShareLink) -> None: ...
    async def share(self, token_hash: str) -> ShareLink | None: ...
    async def shares_of_clip(self, account_id: str, clip_id: str) -> Sequence[ShareLink]: ...
    async def not_gone(self, account_id: str, clip_ids: Sequence[str]) -> Mapping[str, bool]:
        """Return those of the ids that have a row, each with whether its media may still be there."""

    async def drop_tombstones_before(self, when: datetime, limit: int) -> int:
        """Forget at most `limit` clips that were gone before `when`, with their uploads; return how many."""

    async def put_upload(self, upload: Upload) -> None: ...
    async def upload(self, upload_id: str) -> Upload | None: ...
    async def upload_of_clip(self, module_id: str, clip_id: str) -> Upload | None: ...
    async def uploads_expiring_before(self, when: datetime) -> Sequence[Upload]: ...
    async def count_open_uploads(self, module_id: str) -> int:
        """Return how many uploads of a module are not finished."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction over all records; it commits when its context ends without an error, else rolls back."""

    accounts: AccountRecords
    modules: ModuleRecords
    plans: PlanRecords
    billing: BillingRecords
    store: StoreRecords
    notices: NoticeRecords
    leases: LeaseRecords
    clips: ClipRecords


class Records(Protocol):
    """The cloud's records. Write transactions run one at a time (SQLite: BEGIN IMMEDIATE; PostgreSQL: row locks)."""

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that may write."""

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a read-only snapshot."""


class Staging(Protocol):
    """Growing uploads on local disk."""

    async def append(self, upload_id: str, offset: int, chunks: AsyncIterator[bytes], limit_bytes: int) -> int:
        """Write chunks from `offset` on (what stood behind it is cut first), fdatasync, return the new size.

        Stops at `limit_bytes` and raises CloudError 413; a broken request keeps what has arrived (fdatasynced).
        """

    async def truncate(self, upload_id: str, size: int) -> None:
        """Cut back to `size` (a chunk whose checksum was wrong)."""

    async def size(self, upload_id: str) -> int:
        """Return the bytes staged; 0 when there is no file."""

    async def sha256(self, upload_id: str) -> str: ...
    def read(self, upload_id: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes [start, end) in chunks; FileNotFoundError when there is no file any more."""

    async def ids(self) -> Sequence[str]:
        """Return the uploads that have a file."""

    async def delete(self, upload_id: str) -> None:
        """Remove the file and say so to the disk; one that is not there is no error."""

    def locate(self, upload_id: str) -> Path: ...


class Blobs(Protocol):
    """Finished media and thumbnails by key (`{account_id}/{clip_id}.mp4`, `.jpg`, `.poster.jpg`)."""

    async def put_file(self, key: str, path: Path) -> None: ...
    async def put(self, key: str, data: bytes) -> None: ...
    async def size(self, key: str) -> int | None: ...
    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes [start, end) in chunks."""

    async def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is no error."""

    def pages(self) -> AsyncIterator[Sequence[str]]:
        """Yield the keys of all blobs in pages of bounded size, in no order."""


class Posters(Protocol):
    """The picture that stands for a clip."""

    async def poster(self, path: Path) -> bytes | None:
        """Decode a picture of the middle of what is there to a JPEG at most 640 pixels wide; `None` if it cannot."""


class LeaseSigner(Protocol):
    """Signs lease claims and publishes the keys that verify them."""

    def sign(self, claims: Mapping[str, object]) -> str: ...
    def public_keys(self) -> Sequence[Mapping[str, str]]:
        """Return `[{kid, use, public_key}]` as in claim_reply_v1.json."""


class BrokerUsers(Protocol):
    """Clients and rights on the broker (DESIGN §4). Idempotent."""

    async def allow_module(self, module_id: str, secret: str) -> None:
        """Make or replace the client and role of a module."""

    async def revoke_module(self, module_id: str) -> None:
        """Remove the client and role and cut its live session."""

    async def reconcile(self, module_ids: Sequence[str]) -> Sequence[str]:
        """Remove clients of modules that are not named; return the named ids that have no client.

        Those need a new secret: the cloud keeps only a hash of the old one.
        """


@dataclass(frozen=True, slots=True)
class ModuleMessage:
    """One MQTT message of a module; `topic` is relative to the module's prefix."""

    module_id: str
    topic: str
    payload: bytes


class Broker(Protocol):
    """The cloud's own broker session. Reconnecting is the flow's business; lost connections raise `BrokerAway`."""

    def session(self, ready: Callable[[bool], None] = lambda _kept: None) -> AsyncGenerator[ModuleMessage, None]:
        """Connect, subscribe to what modules publish, yield messages.

        `ready` is called once, when the subscriptions are acknowledged, with whether the broker kept our session: if
        it did not, it may have forgotten retained messages too. A message is acknowledged to the broker when the next
        one is asked for, so one that was not handled comes again.
        """

    async def publish(
        self, module_id: str, topic: str, payload: bytes, *, retain: bool, expires_s: int | None = None
    ) -> None:
        """Publish with QoS 1 under the module's prefix and return on PUBACK; `expires_s` is MQTT's message expiry."""


class BrokerAway(Exception):  # noqa: N818 - a state with a name, not a fault of the program
    """The broker does not answer or refused us; try again later. The text says which."""


class Passwords(Protocol):
    """Password hashing."""

    async def hash(self, password: str) -> str: ...
    async def verify(self, password_hash: str, password: str) -> bool: ...


class ChargeOutcome(StrEnum):
    """What the processor says of a charge."""

    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Charge:
    """An answer of the processor; `reference` is its own number of an approved charge."""

    outcome: ChargeOutcome
    reference: str


class Payments(Protocol):
    """The payment processor. The same `key` again gives the same answer and moves no money twice."""

    async def register(self, token: str) -> tuple[str, str]:
        """Return (brand, last four digits) of a method's token; CloudError 422 `payment_method_refused`."""

    async def charge(self, key: str, token: str, amount_minor: int, currency: str) -> Charge:
        """Take money. PaymentsAway when there is no answer in time: whether money moved is then unknown."""

    async def refund(self, key: str, reference: str, amount_minor: int, currency: str) -> str:
        """Give back at most what the charge took; return the refund's reference. PaymentsAway as above."""


class PaymentsAway(Exception):  # noqa: N818 - a state with a name, not a fault of the program
    """The processor did not answer in time; ask again with the same key. The text says which."""


class Messages(Protocol):
    """Carries one message to an owner: mail, or text message."""

    async def send(self, recipient: str, title: str, text: str) -> None:
        """Hand it over for good. MessagesAway when it cannot now; CloudError `recipient_refused` when it never will."""


class MessagesAway(Exception):  # noqa: N818 - a state with a name, not a fault of the program
    """The carrier does not take messages now; try again later. The text says why."""
