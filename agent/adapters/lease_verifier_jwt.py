"""Verifies lease tokens with PyJWT and cryptography: EdDSA only, keys from the claim, shape by our own reader."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.types import Options

from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, Storage, StorageKind
from agent.domain.shape import DoesNotFit, Fault, Length, Range, read
from agent.errors import BadInput, Refused

ALGORITHM = "EdDSA"
LONGEST_TOKEN = 65_536
"""Ten cameras need about 6 kB; more than this is not a lease."""
OPTIONS: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "strict_aud": True,
    "require": ["iss", "aud", "iat", "nbf", "exp"],
}
"""What a lease is worth at a time is the keeper's question, asked with our own clock and not with the system's."""


Count = Annotated[int, Range(least=0)]


@dataclass(frozen=True, slots=True)
class _StorageClaim:
    kind: StorageKind
    keep_for_days: Count | None = None
    pool: str | None = None
    limit_ms: Count | None = None
    used_ms: Count | None = None

    def __post_init__(self) -> None:
        if self.kind is StorageKind.CLOUD and self.keep_for_days is None:
            raise ValueError("cloud storage without keep_for_days")
        if self.kind is StorageKind.QUOTA and (self.pool is None or self.limit_ms is None):
            raise ValueError("a quota without pool and limit_ms")


@dataclass(frozen=True, slots=True)
class _CameraClaim:
    model: str | None
    features: frozenset[str]
    storage: _StorageClaim
    why: Cover
    grant: str | None
    drive: DriveRole


@dataclass(frozen=True, slots=True)
class _LeaseClaims:
    """The shape of `lease_v1.json`; unknown fields are ignored."""

    account_id: Annotated[str, Length()]
    seq: Annotated[int, Range(least=1)]
    iat: Count
    nbf: Count
    exp: Count
    grace_until: Count
    longest_clip_s: Annotated[float, Range(above=0)]
    cameras: dict[str, _CameraClaim]

    def __post_init__(self) -> None:
        if not self.iat <= self.exp <= self.grace_until or self.nbf > self.exp:
            raise ValueError("iat, nbf, exp and grace_until are not in this order")


class JwtLeaseVerifier:
    """Knows the pinned keys (kid to base64url public key), the issuer and this module's id.

    Raises BadInput when a pinned key is no Ed25519 key: the identity file is damaged, and a new claim makes a new one.
    """

    def __init__(self, keys: Mapping[str, str], *, issuer: str, module_id: str) -> None:
        self._keys = {kid: _public_key(kid, text) for kid, text in keys.items()}
        self._issuer = issuer
        self._module_id = module_id

    def verify(self, token: str) -> Lease:
        claims = self._claims_in_shape(self._signed_claims(token))
        return Lease(
            seq=claims.seq,
            issued_at_s=claims.iat,
            not_before_s=claims.nbf,
            expires_at_s=claims.exp,
            grace_until_s=claims.grace_until,
            account_id=claims.account_id,
            longest_clip_s=claims.longest_clip_s,
            cameras={camera_id: _camera(camera) for camera_id, camera in claims.cameras.items()},
            token=token,
        )

    def _signed_claims(self, token: str) -> dict[str, object]:
        key = self._pinned_key(token)
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._module_id,
                issuer=self._issuer,
                options=OPTIONS,
            )
        except jwt.InvalidSignatureError as error:
            raise Refused(
                "lease_bad_signature", "The lease's signature is wrong; the last good lease stays."
            ) from error
        except jwt.InvalidAudienceError as error:
            raise Refused(
                "lease_wrong_audience", "The lease is for another module; the last good lease stays."
            ) from error
        except jwt.InvalidIssuerError as error:
            raise Refused("lease_malformed", "The lease names another issuer; the last good lease stays.") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Refused("lease_malformed", f"The lease cannot be read ({type(error).__name__}).") from error

    def _pinned_key(self, token: str) -> Ed25519PublicKey:
        if len(token) > LONGEST_TOKEN:
            raise Refused("lease_malformed", "The lease is too long to be one.")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Refused("lease_malformed", "The lease is not a signed token.") from error
        if header.get("alg") != ALGORITHM:
            raise Refused("lease_bad_algorithm", "The lease is not signed with EdDSA; the last good lease stays.")
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise Refused("lease_unknown_key", "The lease is signed with a key that this module does not know.")
        return key

    @staticmethod
    def _claims_in_shape(claims: dict[str, object]) -> _LeaseClaims:
        try:
            return read(_LeaseClaims, claims)
        except DoesNotFit as error:
            where = ".".join(str(part) for part in error.misfits[0].where)
            if all(misfit.fault is Fault.UNKNOWN_WORD for misfit in error.misfits):
                raise Refused(
                    "lease_unsupported", f"The lease has a word in {where} that this version does not know: update it."
                ) from error
            raise Refused("lease_malformed", f"The lease has no usable {where or 'times'}.") from error


def _public_key(kid: str, text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise BadInput(f"The lease key {kid} of the identity file is damaged: claim this module again.") from error


def _camera(claim: _CameraClaim) -> CameraLease:
    storage = claim.storage
    return CameraLease(
        model=claim.model,
        features=claim.features,
        storage=Storage(storage.kind, storage.keep_for_days, storage.pool, storage.limit_ms, storage.used_ms),
        why=claim.why,
        grant=claim.grant,
        drive=claim.drive,
    )
