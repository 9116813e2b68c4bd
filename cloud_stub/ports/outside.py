"""Time, passwords, money and messages."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Clock(Protocol):
    """Two clocks: civil time (in a lab frozen and advanced) and monotonic time (time-outs, upload expiry)."""

    def now(self) -> datetime:
        """Return civil time, aware, UTC."""

    def monotonic(self) -> float:
        """Return seconds that never step."""

    async def sleep(self, seconds: float) -> None:
        """Wait monotonic seconds."""


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

    async def send(self, message_id: str, recipient: str, title: str, text: str, picture: bytes | None = None) -> None:
        """Hand it over for good, with a JPEG beside it where there is one.

        MessagesAway when it cannot now; CloudError `recipient_refused` when it never will.
        The same `message_id` again is the same message: whoever receives it twice can see that.
        """


class MessagesAway(Exception):  # noqa: N818 - a state with a name, not a fault of the program
    """The carrier does not take messages now; try again later. The text says why."""
