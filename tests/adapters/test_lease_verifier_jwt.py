"""The verifier against the golden lease, and against everything that only looks like one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agent.adapters.lease_verifier_jwt import JwtLeaseVerifier
from agent.domain.lease import Cover, DriveRole, LeaseState, StorageKind, lease_state
from agent.errors import BadInput, Refused

GOLDEN = json.loads((Path(__file__).parents[1] / "contract" / "lease_v1.json").read_text())
CLAIMS: dict[str, object] = GOLDEN["claims"]
KEYS = {key["kid"]: key["public_key"] for key in GOLDEN["keys"]}
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(GOLDEN["private_key_seed_hex"]))
CAMERA = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"


def verifier() -> JwtLeaseVerifier:
    return JwtLeaseVerifier(KEYS, issuer="veilleur-cloud", module_id=str(CLAIMS["aud"]))


def signed(changes: Mapping[str, object], kid: str = "lease-2026-a") -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not ...}
    return jwt.encode(claims, SIGNER, algorithm="EdDSA", headers={"kid": kid})


def camera(**changes: object) -> Mapping[str, object]:
    cameras = json.loads(json.dumps(CLAIMS["cameras"]))
    cameras[CAMERA].update(changes)
    return {"cameras": cameras}


def by_hand(header: Mapping[str, object], sign: Callable[[bytes], bytes]) -> str:
    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    body = f"{part(json.dumps(header).encode())}.{part(json.dumps(CLAIMS).encode())}"
    return f"{body}.{part(sign(body.encode()))}"


def hs256_with_the_public_key() -> str:
    secret = base64.urlsafe_b64decode(KEYS["lease-2026-a"] + "=")
    return by_hand(
        {"alg": "HS256", "kid": "lease-2026-a"}, lambda body: hmac.digest(secret, body, hashlib.sha256().name)
    )


REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "algorithm none": (lambda: by_hand({"alg": "none", "kid": "lease-2026-a"}, lambda _: b""), "lease_bad_algorithm"),
    "HS256 with the public key as secret": (hs256_with_the_public_key, "lease_bad_algorithm"),
    "no algorithm": (lambda: by_hand({"kid": "lease-2026-a"}, lambda _: b""), "lease_bad_algorithm"),
    "unknown kid": (lambda: signed({}, kid="lease-2020-z"), "lease_unknown_key"),
    "no kid": (lambda: jwt.encode(dict(CLAIMS), SIGNER, algorithm="EdDSA"), "lease_unknown_key"),
    "another pinned key than the one that signed": (lambda: signed({}, kid="lease-2026-r"), "lease_bad_signature"),
    "one byte of the claims changed": (
        lambda: by_hand({"alg": "EdDSA", "kid": "lease-2026-a"}, lambda _: SIGNER.sign(b"other")),
        "lease_bad_signature",
    ),
    "for another module": (lambda: signed({"aud": "another"}), "lease_wrong_audience"),
    "for a list of modules": (lambda: signed({"aud": [CLAIMS["aud"], "another"]}), "lease_wrong_audience"),
    "no audience": (lambda: signed({"aud": ...}), "lease_malformed"),
    "another issuer": (lambda: signed({"iss": "somebody"}), "lease_malformed"),
    "no end": (lambda: signed({"exp": ...}), "lease_malformed"),
    "ends before it begins": (lambda: signed({"exp": 1}), "lease_malformed"),
    "grace ends before the lease": (lambda: signed({"grace_until": 1772323201}), "lease_malformed"),
    "a sequence number in text": (lambda: signed({"seq": "7"}), "lease_malformed"),
    "no cameras": (lambda: signed({"cameras": ...}), "lease_malformed"),
    "cloud storage without days": (lambda: signed(camera(storage={"kind": "cloud"})), "lease_malformed"),
    "quota without a limit": (lambda: signed(camera(storage={"kind": "quota", "pool": "p"})), "lease_malformed"),
    "unknown storage": (lambda: signed(camera(storage={"kind": "moon"})), "lease_unsupported"),
    "unknown cover": (lambda: signed(camera(why="lottery")), "lease_unsupported"),
    "unknown drive role": (lambda: signed(camera(drive="mirror")), "lease_unsupported"),
    "an unknown word beside a missing field": (
        lambda: signed({**camera(why="lottery"), "longest_clip_s": ...}),
        "lease_malformed",
    ),
    "empty": (lambda: "", "lease_malformed"),
    "three dots": (lambda: "...", "lease_malformed"),
    "not UTF-8 when decoded": (lambda: "//8.//8.//8", "lease_malformed"),
    "endless": (lambda: "a" * 100_000, "lease_malformed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_only_looks_like_a_lease_is_refused_with_its_code(name: str) -> None:
    token, code = REFUSED[name]
    with pytest.raises(Refused) as refusal:
        verifier().verify(token())
    assert refusal.value.code == code


@given(at=st.integers(min_value=0, max_value=len(GOLDEN["token"]) - 1), letter=st.sampled_from("Ab0_-.="))
def test_no_single_changed_letter_passes(at: int, letter: str) -> None:
    token = GOLDEN["token"]
    changed = token[:at] + letter + token[at + 1 :]
    if base64_equal(changed, token):
        return
    with pytest.raises(Refused):
        verifier().verify(changed)


def base64_equal(one: str, other: str) -> bool:
    """Say whether two tokens decode to the same bytes: the last letter of a part has unused bits."""

    def decoded(token: str) -> list[bytes] | None:
        try:
            return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]
        except ValueError:
            return None

    return decoded(one) == decoded(other)


def test_the_golden_lease_is_read_whole() -> None:
    lease = verifier().verify(GOLDEN["token"])
    assert (lease.seq, lease.issued_at_s, lease.expires_at_s) == (CLAIMS["seq"], CLAIMS["iat"], CLAIMS["exp"])
    assert (lease.grace_until_s, lease.account_id, lease.longest_clip_s) == (
        CLAIMS["grace_until"],
        CLAIMS["account_id"],
        60.0,
    )
    first, second, third = lease.cameras.values()
    assert (first.storage.kind, first.storage.keep_for_days, first.why) == (StorageKind.CLOUD, 30, Cover.TRIAL)
    assert (second.storage.limit_ms, second.storage.used_ms, second.drive) == (7_200_000, 120_000, DriveRole.OFF)
    assert (third.storage.kind, third.grant, third.drive) == (StorageKind.LOCAL, None, DriveRole.PRIMARY)


def test_the_recovery_key_signs_as_well() -> None:
    other = Ed25519PrivateKey.generate()
    public = base64.urlsafe_b64encode(other.public_key().public_bytes_raw()).rstrip(b"=").decode()
    keys = {**KEYS, "lease-2026-r": public}
    token = jwt.encode(dict(CLAIMS), other, algorithm="EdDSA", headers={"kid": "lease-2026-r"})
    assert JwtLeaseVerifier(keys, issuer="veilleur-cloud", module_id=str(CLAIMS["aud"])).verify(token).seq


def test_unknown_fields_and_features_are_ignored_or_kept() -> None:
    token = signed({**camera(features=["teleport"], colour="red"), "mood": "fine"})
    assert verifier().verify(token).cameras[CAMERA].features == {"teleport"}


def test_an_expired_lease_still_verifies_and_is_in_grace() -> None:
    lease = verifier().verify(signed({"iat": 1000, "nbf": 1000, "exp": 2000, "grace_until": 3000}))
    states = [lease_state(lease, at) for at in (1999, 2000, 3000)]
    assert states == [LeaseState.IN_FORCE, LeaseState.IN_GRACE, LeaseState.OVER]


@pytest.mark.parametrize("text", ["", "short", "!" * 43])
def test_a_damaged_pinned_key_says_what_to_do(text: str) -> None:
    with pytest.raises(BadInput, match="claim this module again"):
        JwtLeaseVerifier({"lease-2026-a": text}, issuer="i", module_id="m")
