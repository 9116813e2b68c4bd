"""The lease: its claims as they go over the wire, how long it lives, and when the cloud issues the next one.

A lease lives 24 hours, is renewed at 12, and has 7 days of grace in which silence changes nothing. Its grace never
reaches beyond the first instant at which the cloud already knows that one of the module's cameras loses its cloud
storage (a trial that nothing follows), but always to `exp`: a module that was told nothing since then holds its clips
and lets the next lease decide, so an ended trial is used for 24 hours at most, and no clip is lost by it. A clip
recorded before that end still starts within the lease, so the cloud accepts it whenever it arrives.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.entitlement import CameraRights, cloud_ends_at
from cloud_stub.domain.records import Account, IssuedLease, Module
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.storage_order import StorageKind

ISSUER = "veilleur-cloud"
LIFE = timedelta(hours=24)
RENEWED_AFTER = timedelta(hours=12)
GRACE = timedelta(days=7)
TIMES = ("jti", "seq", "iat", "nbf", "exp", "grace_until")


@dataclass(frozen=True, slots=True)
class Term:
    """When a lease was issued (milliseconds), expires and is past its grace (whole seconds)."""

    issued_at: datetime
    expires_at: datetime
    grace_until: datetime


def whole_ms(moment: datetime) -> datetime:
    """Cut a time to milliseconds, the precision of records and wire documents."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def next_seq(last: int | None, real_now: datetime) -> int:
    """Return the next number of a module's lease: it rises, and after a restored backup too (real time in ms)."""
    at_least = int(real_now.timestamp() * 1000)
    return at_least if last is None else max(last + 1, at_least)


def lease_term(catalog: Catalog, situation: Situation, now: datetime) -> Term:
    """Return the life and grace of a lease issued at `now`."""
    issued_at = whole_ms(now)
    expires_at = issued_at.replace(microsecond=0) + LIFE
    grace_until = expires_at + GRACE
    known_end = cloud_ends_at(catalog, situation, now, grace_until - now)
    if known_end is not None:
        grace_until = max(expires_at, known_end.replace(microsecond=0))
    return Term(issued_at, expires_at, grace_until)


def lease_claims(
    catalog: Catalog,
    account: Account,
    module: Module,
    rights: Iterable[CameraRights],
    used_ms: Mapping[str, int],
) -> dict[str, object]:
    """Return the claims without times: what the module and each of its cameras may do; `used_ms` is per pool."""
    model = catalog.module_models.get(module.model)
    return {
        "iss": ISSUER,
        "aud": module.module_id,
        "account_id": account.account_id,
        "catalog_version": catalog.version,
        "vendor": catalog.vendor,
        "region": account.region,
        "longest_clip_s": catalog.longest_clip_s,
        "module": {"model": module.model, "local_storage": model is not None and model.local_storage},
        "cameras": {
            each.camera.camera_id: _camera_claims(each, used_ms)
            for each in rights
            if each.camera.module_id == module.module_id
        },
    }


def timed_claims(claims: Mapping[str, object], term: Term, jti: str, seq: int) -> dict[str, object]:
    """Add identity and times to claims."""
    iat = int(term.issued_at.timestamp())
    return {
        **claims,
        "jti": jti,
        "seq": seq,
        "iat": iat,
        "nbf": iat,
        "exp": int(term.expires_at.timestamp()),
        "grace_until": int(term.grace_until.timestamp()),
    }


def fingerprint(claims: Mapping[str, object]) -> str:
    """Return the SHA-256 of what a lease says, without times and without the quota's use.

    The use of a pool changes with every clip and the cloud alone enforces it, so it makes no new lease: the figure in
    a lease is that of its issue, at most 12 hours old.
    """
    said = {key: value for key, value in claims.items() if key not in TIMES}
    return hashlib.sha256(json.dumps(_without_use(said), sort_keys=True).encode()).hexdigest()


def lease_due_at(newest: IssuedLease, known_changes: Sequence[datetime]) -> datetime:
    """Return when a module needs its next lease: at half its life, or at a known change before that."""
    half = newest.issued_at + RENEWED_AFTER
    return min([half, *(instant for instant in known_changes if instant > newest.issued_at)])


def past_half(newest: IssuedLease, now: datetime) -> bool:
    """Return whether a lease is to be renewed by now; one from the future (a clock set back) is, too."""
    return now >= newest.issued_at + RENEWED_AFTER or newest.issued_at > now


def wire_time(moment: datetime) -> str:
    """Format a time as the wire documents have it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock_document(now: datetime, *, frozen: bool, lease_seq: int | None, real_at: datetime) -> bytes:
    """Return the payload of the `clock` topic (lab only); `real_at` lets a late reader of a running clock catch up."""
    document = {"now": wire_time(now), "frozen": frozen, "lease_seq": lease_seq, "real_at": wire_time(real_at)}
    return json.dumps(document).encode()


def _camera_claims(each: CameraRights, used_ms: Mapping[str, int]) -> dict[str, object]:
    return {
        "model": each.camera.model,
        "features": list(each.features),
        "storage": _storage_claims(each, used_ms),
        "why": each.storage.why.value,
        "grant": each.storage.grant_id,
        "sources": list(each.sources),
        "drive": each.drive.value,
    }


def _storage_claims(each: CameraRights, used_ms: Mapping[str, int]) -> dict[str, object]:
    storage = each.storage
    if storage.kind is StorageKind.CLOUD:
        return {"kind": storage.kind.value, "keep_for_days": storage.keep_for_days}
    if storage.kind is StorageKind.QUOTA:
        used = used_ms.get(storage.pool or "", 0)
        return {"kind": storage.kind.value, "pool": storage.pool, "limit_ms": storage.limit_ms, "used_ms": used}
    return {"kind": storage.kind.value}


def _without_use(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_use(inner) for key, inner in value.items() if key != "used_ms"}
    return value
