"""The payment processor that stands in for a real one: no card, no network, and every answer follows from the token.

What it was asked is a journal of one line for each key, written through to the disk: a restart forgets no charge.
"""

import asyncio
import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cloud_stub.errors import CloudError
from cloud_stub.ports import Charge, ChargeOutcome, PaymentsAway

TOKEN: Final = re.compile(r"tok_(approve|decline|decline_after_(?P<times>\d{1,4})|timeout|timeout_once)(-[\w.]{1,40})?")
"""The words that the processor obeys; `-anything` behind one makes it another card that answers alike."""
BRAND: Final = "Demo card"


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer as the journal keeps it; `reference` names the charge, which a refund takes its money from."""

    kind: str
    key: str
    token: str
    amount_minor: int
    currency: str
    outcome: str
    reference: str
    charge: str = ""


class RecordedPayments:
    """Payments that answer by the token: approve, decline, decline after N charges, or not in time (once, or ever).

    `tok_timeout_once` takes the money and loses the answer to the first call of each key; `tok_timeout` takes none.
    """

    def __init__(self, journal: Path) -> None:
        self._path = journal
        self._writing = asyncio.Lock()
        self._by_key = {asked.key: asked for asked in _read(journal)}

    async def register(self, token: str) -> tuple[str, str]:
        """Return brand and last four digits; CloudError 422 for a token that the processor does not know."""
        _check(token)
        return BRAND, f"{int(hashlib.sha256(token.encode()).hexdigest(), 16) % 10_000:04d}"

    async def charge(self, key: str, token: str, amount_minor: int, currency: str) -> Charge:
        """Answer as the token says; the same key again as before."""
        _check(token)
        if amount_minor <= 0:
            raise ValueError("a charge takes something: nothing to pay is no charge")
        async with self._writing:
            if token.startswith("tok_timeout") and not token.startswith("tok_timeout_once"):
                raise PaymentsAway("the processor did not answer in time")
            known = self._by_key.get(key)
            if known is None:
                outcome = self._outcome(token)
                reference = _reference("ch", key) if outcome is ChargeOutcome.APPROVED else ""
                known = Asked("charge", key, token, amount_minor, currency, outcome.value, reference)
                await self._note(known)
                if token.startswith("tok_timeout_once"):
                    raise PaymentsAway("the processor's answer was lost on the way")
            _same(known, "charge", amount_minor, currency)
            return Charge(ChargeOutcome(known.outcome), known.reference)

    async def refund(self, key: str, reference: str, amount_minor: int, currency: str) -> str:
        """Give money of a charge back; CloudError 409 beyond what it took, 404 for a charge there never was."""
        async with self._writing:
            known = self._by_key.get(key)
            if known is None:
                known = Asked("refund", key, "", amount_minor, currency, "", _reference("re", key), reference)
                self._check_left(known)
                await self._note(known)
            _same(known, "refund", amount_minor, currency)
            return known.reference

    def taken_minor(self) -> int:
        """Return the money that moved: every approved charge less every refund."""
        charges = (a.amount_minor for a in self._by_key.values() if a.outcome == ChargeOutcome.APPROVED)
        return sum(charges) - sum(a.amount_minor for a in self._by_key.values() if a.kind == "refund")

    def charges(self) -> tuple[Asked, ...]:
        """Return every charge that was answered, declined ones too, in their order."""
        return tuple(asked for asked in self._by_key.values() if asked.kind == "charge")

    def _outcome(self, token: str) -> ChargeOutcome:
        match = TOKEN.fullmatch(token)
        times = match.group("times") if match is not None else None
        if times is not None:
            before = sum(a.token == token and a.outcome == ChargeOutcome.APPROVED for a in self._by_key.values())
            return ChargeOutcome.APPROVED if before < int(times) else ChargeOutcome.DECLINED
        return ChargeOutcome.DECLINED if token.startswith("tok_decline") else ChargeOutcome.APPROVED

    def _check_left(self, wish: Asked) -> None:
        charge = next((a for a in self.charges() if a.reference and a.reference == wish.charge), None)
        if charge is None or charge.currency != wish.currency:
            raise CloudError("charge_unknown", 404, "There is no such charge to give money back from.")
        given = sum(a.amount_minor for a in self._by_key.values() if a.kind == "refund" and a.charge == wish.charge)
        if given + wish.amount_minor > charge.amount_minor:
            raise CloudError("refund_exceeds_charge", 409, "A refund cannot exceed what its charge took.")

    async def _note(self, asked: Asked) -> None:
        try:
            await asyncio.to_thread(self._keep, asked)
        except OSError as error:
            raise PaymentsAway(f"the processor cannot write its journal: {error.strerror}") from error

    def _keep(self, asked: Asked) -> None:
        _append(self._path, json.dumps(asdict(asked)))
        self._by_key[asked.key] = asked


def _check(token: str) -> None:
    if TOKEN.fullmatch(token) is None:
        raise CloudError("payment_method_refused", 422, "The payment processor does not know this payment method.")


def _same(known: Asked, kind: str, amount_minor: int, currency: str) -> None:
    if (known.kind, known.amount_minor, known.currency) != (kind, amount_minor, currency):
        raise CloudError("payment_key_reused", 409, "This key was used for another payment.")


def _reference(kind: str, key: str) -> str:
    return f"{kind}_{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def _read(journal: Path) -> list[Asked]:
    """Read the journal; a last line that a power cut tore was never answered, and is cut off."""
    if not journal.exists():
        return []
    whole, _, torn = journal.read_bytes().rpartition(b"\n")
    if torn:
        with journal.open("r+b") as file:
            file.truncate(len(whole) + 1 if whole else 0)
            os.fsync(file.fileno())
    return [Asked(**json.loads(line)) for line in whole.splitlines()]


def _append(journal: Path, line: str) -> None:
    made = not journal.exists()
    with journal.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            file.write(line.encode() + b"\n")
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)  # a half line would swallow the next one
            raise
    if made:
        journal.chmod(0o600)
        folder = os.open(journal.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
