"""Claim codes and secrets: their shape, their hashes, and what becomes of a code that is used."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from cloud_stub.domain.records import ClaimCode
from cloud_stub.errors import CloudError

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 or O, no 1, I or L, no U beside V: a code is read aloud and typed."""
LENGTH = 8
VALID_FOR = timedelta(minutes=15)


def make_code(choose: Callable[[str], str]) -> str:
    """Return a new code as it is shown (`XXXX-XXXX`); `choose` picks one character at random."""
    text = "".join(choose(ALPHABET) for _ in range(LENGTH))
    return f"{text[:4]}-{text[4:]}"


def hash_of(secret: str) -> str:
    """Return the SHA-256 under which a secret is kept, as hexadecimal text."""
    return hashlib.sha256(secret.encode()).hexdigest()


def code_hash(typed: str) -> str:
    """Return the hash of a code however it was typed: small letters, blanks and dashes do not matter."""
    return hash_of("".join(character for character in typed.upper() if character not in " -\t\r\n"))


def check_code(code: ClaimCode | None, now: datetime) -> ClaimCode:
    """Return a code that can be used, or raise CloudError: unknown, used or expired (docs/wire.md)."""
    if code is None:
        raise CloudError("claim_code_unknown", 404, "There is no such code: check it, or make a new one on the page.")
    if code.used_at is not None:
        raise CloudError("claim_code_used", 409, "This code was used already: make a new one on the page.")
    if now >= code.expires_at:
        raise CloudError("claim_code_expired", 410, "This code is too old: make a new one on the page.")
    return code
