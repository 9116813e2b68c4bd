"""Reads an issued lease back: what of it decides whether and how a clip is taken."""

import json
from typing import Any

from cloud_stub.domain.clip_acceptance import CameraLease, LeaseTerms
from cloud_stub.domain.records import IssuedLease


def read_terms(lease: IssuedLease) -> LeaseTerms:
    """Return the terms of a lease that this cloud wrote (claims as in lease_v1.json)."""
    claims = json.loads(lease.claims)
    return LeaseTerms(
        account_id=claims["account_id"],
        issued_at=lease.issued_at,
        grace_until=lease.grace_until,
        longest_clip_ms=int(claims["longest_clip_s"]) * 1000,
        cameras={camera_id: _camera(said) for camera_id, said in claims["cameras"].items()},
    )


def _camera(said: dict[str, Any]) -> CameraLease:
    storage = said["storage"]
    return CameraLease(
        kind=storage["kind"],
        why=said["why"],
        grant=said["grant"] or "",
        features=frozenset(said["features"]),
        keep_for_days=storage.get("keep_for_days"),
        pool=storage.get("pool"),
        limit_ms=int(storage.get("limit_ms", 0)),
    )
