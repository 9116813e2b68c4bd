"""The module's side of tus 1.0.0 and of the clip status, over the cloud's HTTP session."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import quote

from agent.domain.clip import ClipRow, MediaKind
from agent.domain.shape import DoesNotFit, Pattern, Range, read_json
from agent.errors import AgentError, Refused, TryLater
from agent.ports import CloudAnswer, CloudCalls, CloudStatus

TUS = {"Tus-Resumable": "1.0.0"}
LONGEST_NUMBER = 15
"""Digits of a byte count that a clip can have, by far."""
CHECKSUM_MISMATCH = 460  # tus 1.0.0, extension "checksum"
_PLAIN_CODES = {
    HTTPStatus.NOT_FOUND: "upload_gone",
    HTTPStatus.GONE: "upload_gone",
    HTTPStatus.CONFLICT: "offset_mismatch",
    HTTPStatus.PRECONDITION_FAILED: "tus_version",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "wrong_content_type",
    CHECKSUM_MISMATCH: "checksum_mismatch",
}


@dataclass(frozen=True, slots=True)
class _Status:
    disposition: Literal["held", "evicted", "deleted", "expired", "partial"]
    size: Annotated[int, Range(least=0)] = 0
    sha256: Annotated[str, Pattern("[0-9a-f]{64}")] | None = None
    received_bytes: Annotated[int, Range(least=0)] = 0


class TusUploads:
    """The Uploads port. Every answer that cannot be one of our cloud's is a `TryLater`, never a loss."""

    def __init__(self, cloud: CloudCalls, files_path: str = "/files/") -> None:
        self._cloud = cloud
        self._files_url = cloud.locate(files_path)

    async def create(self, row: ClipRow) -> str:
        headers = {**TUS, "Upload-Defer-Length": "1", "Upload-Metadata": encode_metadata(metadata_of(row))}
        answer = await self._cloud.send("POST", self._files_url, headers)
        if answer.status != HTTPStatus.CREATED:
            raise self._cloud.error_of(answer, {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large"})
        location = answer.headers.get("Location", "")
        if not location:
            raise TryLater("The cloud made an upload but did not say where: it, or something before it, has trouble.")
        try:
            return self._cloud.locate(location)
        except ValueError:
            raise TryLater("The cloud made an upload at an address that is none: it has trouble.") from None

    async def offset(self, upload_url: str) -> int:
        self._check_origin(upload_url)
        answer = await self._cloud.send("HEAD", upload_url, TUS)
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.FORBIDDEN}:
            raise Refused("upload_gone", "The cloud does not have this upload any more.")  # HEAD answers have no body
        if answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            raise self._cloud.error_of(answer, _PLAIN_CODES)
        return _offset_in(answer)

    async def append(self, upload_url: str, offset: int, data: bytes, final_length: int | None) -> int:
        self._check_origin(upload_url)
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        headers = {
            **TUS,
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {digest}",
            "Content-Type": "application/offset+octet-stream",
        }
        if final_length is not None:
            headers["Upload-Length"] = str(final_length)
        answer = await self._cloud.send("PATCH", upload_url, headers, data)
        if answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.OK}:
            raise self._upload_error(answer)
        reached = _offset_in(answer)
        if not offset <= reached <= offset + len(data):
            raise TryLater("The cloud counts other bytes than were sent: it, or something before it, has trouble.")
        return reached

    async def status(self, clip_id: str) -> CloudStatus:
        url = self._cloud.locate(f"/api/v1/module/clips/{quote(clip_id, safe='')}")
        answer = await self._cloud.send("GET", url)
        if answer.status != HTTPStatus.OK:
            error = self._cloud.error_of(answer)
            if isinstance(error, Refused) and error.code == "clip_unknown":
                return CloudStatus("unknown", 0, None, 0)
            raise error
        try:
            found = read_json(_Status, answer.body)
        except DoesNotFit:
            raise TryLater("The cloud's word on this clip cannot be read: update the agent, or the cloud.") from None
        return CloudStatus(found.disposition, found.size, found.sha256, found.received_bytes)

    async def terminate(self, upload_url: str) -> None:
        self._check_origin(upload_url)
        answer = await self._cloud.send("DELETE", upload_url, TUS)
        if answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise self._upload_error(answer)

    def _upload_error(self, answer: CloudAnswer) -> AgentError:
        """Read a refusal of an upload; a body that broke off on its way is the line's fault and not the clip's."""
        error = self._cloud.error_of(answer, _PLAIN_CODES)
        if isinstance(error, Refused) and error.code == "upload_broken":
            return TryLater(str(error))
        if isinstance(error, Refused) and error.code == "upload_unknown":
            return Refused("upload_gone", str(error))
        return error

    def _check_origin(self, upload_url: str) -> None:
        if not self._cloud.owns(upload_url):
            raise Refused("upload_gone", "The cloud has another address than when this upload was made.")


def metadata_of(row: ClipRow) -> dict[str, str]:
    """Return what the cloud must know of a clip before its first byte (`upload_metadata_v1.json`)."""
    metadata = {
        "clip_id": row.clip_id,
        "camera_id": row.camera_id,
        "kind": row.kind.value,
        "clip_reason": row.clip_reason.value,
        "captured_at": row.captured_at,
        "clock_trusted": "true" if row.clock_trusted else "false",
        "lease_seq": None if row.choice.lease_seq is None else str(row.choice.lease_seq),
        "grant": row.choice.grant,
        "sink": row.choice.sink.value,
        "filetype": "image/jpeg" if row.kind is MediaKind.PHOTO else "video/mp4",
    }
    return {key: value for key, value in metadata.items() if value is not None}


def encode_metadata(metadata: Mapping[str, str]) -> str:
    """Encode as tus 1.0.0 says: `key base64,key base64`."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())


def _offset_in(answer: CloudAnswer) -> int:
    text = answer.headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise TryLater("Something that is not the cloud answered an upload: check this board's network.")
    return int(text)
