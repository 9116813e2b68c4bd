"""Claims this module: a code from the owner's page becomes an identity on disk."""

import ipaddress
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from agent.domain.identity import ClaimRequest, Identity
from agent.errors import BadInput, Refused

log = structlog.get_logger()

SENTENCES = {
    "claim_code_unknown": "The cloud does not know this code: check each character, or make a new one on its page.",
    "claim_code_used": "This code was used already: make a new one on the owner's page.",
    "claim_code_expired": "This code has expired: make a new one on the owner's page and use it at once.",
    "too_many_attempts": "Too many wrong codes came from here: wait a quarter of an hour, then try again.",
}


class ClaimCloud(Protocol):
    """The one call that needs no identity (agent.adapters.claim_http)."""

    async def claim(self, cloud_url: str, request: ClaimRequest) -> Identity:
        """Trade the code for an identity; raises TryLater, Refused (the cloud's code) or BadInput."""


class IdentityStore(Protocol):
    """Where the identity is kept (agent.adapters.identity_file)."""

    def exists(self) -> bool:
        """Say whether this module is claimed."""

    def prepare(self) -> None:
        """Raise BadInput when an identity could not be written."""

    def save(self, identity: Identity) -> None:
        """Write the identity, never over another."""


async def claim_module(cloud: ClaimCloud, store: IdentityStore, cloud_url: str, request: ClaimRequest) -> Identity:
    """Claim this module and keep its identity. Nothing is sent before the disk has proved that it can keep the answer.

    Raises BadInput for all that a person must change and TryLater when the cloud is away.
    """
    if store.exists():
        raise BadInput(
            "This module is claimed already. To claim it anew, remove it on the owner's page and delete identity.json "
            "in its state folder."
        )
    url = checked_cloud_url(cloud_url)
    request = ClaimRequest(tidy_code(request.code), request.module_model, request.name, request.software)
    store.prepare()
    try:
        identity = await cloud.claim(url, request)
    except Refused as error:
        raise BadInput(SENTENCES.get(error.code, f"The cloud refused the claim: {error}")) from error
    store.save(identity)
    log.info("module_claimed", module_id=identity.module_id)
    return identity


def tidy_code(code: str) -> str:
    """Return a code as the cloud writes it, however it was typed; BadInput when it cannot be one."""
    tidy = code.strip().upper()
    if not tidy or len(tidy) > 32 or not all(part.isalnum() for part in tidy.replace("-", " ").split(" ")):  # noqa: PLR2004 - longer than any code
        raise BadInput("A claim code looks like K7QX-4M2P: copy it from the owner's page.")
    return tidy


def checked_cloud_url(url: str) -> str:
    """Return the cloud's address without a trailing slash; BadInput when a secret could leave in the clear."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadInput("The cloud's address looks like https://cloud.example.org: give it with --cloud.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadInput("The cloud's address holds more than scheme, host and path: leave user names and queries out.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise BadInput("Over http the module's secret would travel unprotected: use the cloud's https address.")
    return url.strip().rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
