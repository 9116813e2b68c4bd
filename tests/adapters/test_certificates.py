"""The cloud's own CA: pinned by every module, so it never changes; the server's certificate follows names and time."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from cloud_stub.adapters.certificates import ServerCertificate, keep_server_certificate
from cloud_stub.errors import BadConfiguration

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def names(files: ServerCertificate) -> list[str]:
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    return [
        str(each.value) for each in certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    ]


@pytest.mark.parametrize("broken", ["ca.pem", "ca.key"])
@pytest.mark.parametrize("how", ["missing", "nonsense", "of another pair"])
def test_a_damaged_authority_is_refused_and_never_made_anew(tmp_path: Path, broken: str, how: str) -> None:
    keep_server_certificate(tmp_path / "a", [], NOW)
    keep_server_certificate(tmp_path / "b", [], NOW)
    path = tmp_path / "a" / broken
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(b"nonsense" if how == "nonsense" else (tmp_path / "b" / broken).read_bytes())
    with pytest.raises(BadConfiguration, match="back"):
        keep_server_certificate(tmp_path / "a", [], NOW)


def test_a_name_that_is_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="caméra"):
        keep_server_certificate(tmp_path, ["caméra.example"], NOW)


def test_files_are_kept_while_nothing_changed(tmp_path: Path) -> None:
    first = keep_server_certificate(tmp_path, ["camera.example"], NOW)
    content = [path.read_bytes() for path in (first.ca, first.certificate, first.key)]
    again = keep_server_certificate(tmp_path, ["camera.example"], NOW + timedelta(days=300))
    assert [path.read_bytes() for path in (again.ca, again.certificate, again.key)] == content


@pytest.mark.parametrize(
    ("wanted", "later"),
    [(["camera.example", "192.0.2.7"], timedelta()), (["camera.example"], timedelta(days=340)), ([], timedelta())],
    ids=["another name", "near its end", "a name less"],
)
def test_the_server_certificate_is_renewed_and_the_authority_stays(
    tmp_path: Path, wanted: list[str], later: timedelta
) -> None:
    first = keep_server_certificate(tmp_path, ["camera.example"], NOW)
    authority, certificate = first.ca.read_bytes(), first.certificate.read_bytes()
    renewed = keep_server_certificate(tmp_path, wanted, NOW + later)
    assert renewed.ca.read_bytes() == authority
    assert renewed.certificate.read_bytes() != certificate
    assert names(renewed) == ["localhost", "127.0.0.1", *wanted]


@pytest.mark.parametrize("broken", ["server.pem", "server.key"])
def test_a_damaged_server_certificate_is_made_anew(tmp_path: Path, broken: str) -> None:
    files = keep_server_certificate(tmp_path, [], NOW)
    (tmp_path / broken).write_bytes(b"nonsense")
    keep_server_certificate(tmp_path, [], NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    files = keep_server_certificate(tmp_path / "tls", [], NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (files.key, tmp_path / "tls" / "ca.key")}
    assert modes == {"server.key": 0o600, "ca.key": 0o600}
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700


def test_the_strictest_verification_accepts_the_chain(tmp_path: Path) -> None:
    """Python 3.13 verifies with VERIFY_X509_STRICT by default; a real handshake in memory, by name and by address."""
    files = keep_server_certificate(tmp_path, ["camera.example"], datetime.now(UTC))  # noqa: TID251 - TLS runs on real time
    for name in ("localhost", "127.0.0.1", "camera.example"):
        handshake(files, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, "other.example")


def handshake(files: ServerCertificate, name: str) -> None:
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(files.certificate, files.key)
    client_context = ssl.create_default_context(cafile=str(files.ca))
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(down, up, server_hostname=name)
    server = server_context.wrap_bio(up, down, server_side=True)
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
