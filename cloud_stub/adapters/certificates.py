"""A small certificate authority and one server certificate, made once and kept beside the cloud's records."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud_stub.errors import BadConfiguration

LOCAL_NAMES = ("localhost", "127.0.0.1")
CA_LIFE = timedelta(days=20 * 365)
SERVER_LIFE = timedelta(days=398)
RENEW_BEFORE = timedelta(days=60)
BACKDATED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Paths of PEM files; `ca` is public and goes to modules with their claim, `key` is readable by its owner only."""

    ca: Path
    certificate: Path
    key: Path


def keep_server_certificate(folder: Path, names: Sequence[str], now: datetime) -> ServerCertificate:
    """Return the server's certificate for localhost, 127.0.0.1 and `names` (DNS names or addresses).

    Makes the CA when there is none; makes the server certificate anew when its names changed, when it ends within 60
    days of `now` (real time), or when another CA signed it. The CA never changes: modules have pinned it. A CA that
    is damaged or half there is a BadConfiguration, since a new one would lock every module out.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca, ca_key = _keep_authority(folder, now)
    files = ServerCertificate(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    wanted = tuple(dict.fromkeys((*LOCAL_NAMES, *names)))
    if not _still_good(files, ca, wanted, now):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _server_certificate(ca, ca_key, key.public_key(), wanted, now)
        _write(files.key, _key_pem(key), 0o600)
        _write(files.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return files


def _keep_authority(folder: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    path, key_path = folder / "ca.pem", folder / "ca.key"
    if not path.exists() and not key_path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _authority(key, now)
        _write(key_path, _key_pem(key), 0o600)
        _write(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        return certificate, key
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        loaded = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise BadConfiguration(
            f"The certificate authority in {folder} cannot be read ({type(error).__name__}): put ca.pem and ca.key "
            "back from a backup, or remove both and claim every module again."
        ) from None
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.public_key() != certificate.public_key():
        raise BadConfiguration(f"ca.key in {folder} is not the key of ca.pem: put the matching pair back.")
    return certificate, loaded


def _still_good(files: ServerCertificate, ca: x509.Certificate, wanted: tuple[str, ...], now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        certificate.verify_directly_issued_by(ca)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, InvalidSignature, TypeError, x509.ExtensionNotFound):
        return False
    return (
        key.public_key() == certificate.public_key()
        and list(names) == [_general_name(name) for name in wanted]
        and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE
    )


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Veilleur private CA")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _server_certificate(
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    public_key: ec.EllipticCurvePublicKey,
    names: tuple[str, ...],
    now: datetime,
) -> x509.Certificate:
    authority = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Veilleur cloud")]))
        .issuer_name(ca.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise BadConfiguration(
            f"{name!r} is neither an address nor a host name in ASCII: correct the server's names."
        ) from None


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file whole: it is never seen half written, nor with wider rights than `mode`."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
