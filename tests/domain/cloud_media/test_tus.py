"""What tus 1.0.0 asks of a request's headers."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.tus import (
    Creation,
    http_date,
    read_checksum,
    read_creation,
    read_metadata,
    read_patch,
    require_version,
    settled_length,
)
from cloud_stub.errors import CloudError

OCTETS = {"Content-Type": "application/offset+octet-stream"}


@pytest.mark.parametrize("headers", [{}, {"Tus-Resumable": "0.2.2"}, {"Tus-Resumable": "1.0"}])
def test_another_version_is_412(headers: dict[str, str]) -> None:
    with pytest.raises(CloudError) as refusal:
        require_version(headers)
    assert refusal.value.status == 412


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload-Length": "1", "Upload-Defer-Length": "1"}, 400),
        ({"Upload-Defer-Length": "0"}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "1.5"}, 400),
        ({"Upload-Length": "٣"}, 400),
        ({"Upload-Length": "99999999999999999999"}, 400),
        ({"Upload-Length": "1001"}, 413),
        ({"Upload-Length": "1", "Upload-Concat": "partial"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "a YQ==,a YQ=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "a not*base64"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": ",a YQ=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "clé YQ=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "a " + "QUJD" * 3000}, 400),
    ],
)
def test_a_creation_that_contradicts_itself_or_the_grammar_is_refused(headers: dict[str, str], status: int) -> None:
    with pytest.raises(CloudError) as refusal:
        read_creation(headers, max_bytes=1000)
    assert refusal.value.status == status


def test_a_creation_states_its_length_or_defers_it_and_a_value_may_be_absent() -> None:
    assert read_creation({"Upload-Length": "1000"}, max_bytes=1000) == Creation(1000, "", {})
    deferred = read_creation({"Upload-Defer-Length": "1", "Upload-Metadata": "a YQ==, b"}, max_bytes=10)
    assert (deferred.length, deferred.pairs) == (None, {"a": b"a", "b": b""})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": "0"}, 415),
        ({"Upload-Offset": "0", "Content-Type": "application/octet-stream"}, 415),
        (OCTETS, 400),
        (OCTETS | {"Upload-Offset": "x"}, 400),
        (OCTETS | {"Upload-Offset": "0", "Upload-Length": "-3"}, 400),
        (OCTETS | {"Upload-Offset": "0", "Upload-Checksum": "md5 aGVsbG8="}, 400),
        (OCTETS | {"Upload-Offset": "0", "Upload-Checksum": "sha1 aGVsbG8="}, 400),
        (OCTETS | {"Upload-Offset": "0", "Upload-Checksum": "sha256 ***"}, 400),
    ],
)
def test_a_patch_that_is_none_is_refused(headers: dict[str, str], status: int) -> None:
    with pytest.raises(CloudError) as refusal:
        read_patch(headers)
    assert refusal.value.status == status


def test_sha1_is_understood_as_the_specification_demands() -> None:
    checksum = read_checksum({"Upload-Checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="})
    assert checksum is not None
    assert (checksum.algorithm, len(checksum.digest)) == ("sha1", 20)


def test_a_deferred_length_is_settled_once() -> None:
    assert settled_length(None, None, 5, max_bytes=10) is None
    assert settled_length(None, 7, 5, max_bytes=10) == 7
    assert settled_length(7, 7, 5, max_bytes=10) == 7
    for known, stated, status in ((7, 8, 400), (None, 4, 400), (None, 11, 413)):
        with pytest.raises(CloudError) as refusal:
            settled_length(known, stated, 5, max_bytes=10)
        assert refusal.value.status == status


def test_upload_expires_is_an_rfc_9110_date() -> None:
    assert http_date(datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) == "Sun, 01 Mar 2026 12:00:00 GMT"


@given(st.text(max_size=200))
def test_any_metadata_is_read_or_refused_with_400(raw: str) -> None:
    statuses = set()
    try:
        read_metadata(raw)
    except CloudError as refusal:
        statuses.add(refusal.status)
    assert statuses <= {400}


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.binary(max_size=40), max_size=6))
def test_what_is_encoded_is_read_back(pairs: dict[str, bytes]) -> None:
    raw = ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in pairs.items())
    assert read_metadata(raw) == pairs
