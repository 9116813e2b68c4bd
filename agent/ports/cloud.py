"""Ports towards the cloud over HTTP: uploads, the few other calls of a module, and the calls beneath both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agent.domain.clip import ClipRow
from agent.errors import AgentError


@dataclass(frozen=True, slots=True)
class CloudStatus:
    """The cloud's word on a clip; `disposition` is one of docs/wire.md, or `unknown`."""

    disposition: str
    size_bytes: int
    sha256: str | None
    received_bytes: int


@dataclass(frozen=True, slots=True)
class CloudAnswer:
    """An HTTP answer of the cloud, read to its end; header names are matched without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CloudCalls(Protocol):
    """HTTP calls to the cloud as this module: authenticated, bounded in time, never to another origin."""

    def locate(self, address: str) -> str:
        """Return the URL on the cloud's own origin of a path below its base, or of an address that it gave."""

    def owns(self, url: str) -> bool:
        """Say whether a stored URL is on the cloud's origin."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> CloudAnswer:
        """Make one call; raises `TryLater` when no answer comes."""

    def error_of(self, answer: CloudAnswer, codes: Mapping[int, str] | None = None) -> AgentError:
        """Say what an answer that is no success means: `TryLater`, or `Refused` with the problem document's code.

        `codes` names statuses whose answer may carry no problem document.
        """


class Uploads(Protocol):
    """The module's side of tus and of the clip status. Raises `TryLater` or `Refused` (agent.errors), nothing else.

    `Refused.code` is the cloud's word (`not_entitled`, `upload_gone`, `clip_finished`, `offset_mismatch`, ...).
    """

    async def create(self, row: ClipRow) -> str:
        """Create, or find again, the upload of this clip and return its URL."""

    async def offset(self, upload_url: str) -> int:
        """Ask where the upload stands (HEAD); `Refused("upload_gone")` for 404 and 410."""

    async def append(self, upload_url: str, offset: int, data: bytes, final_length: int | None) -> int:
        """Send one checksummed PATCH and return the new offset; `final_length` states Upload-Length."""

    async def status(self, clip_id: str) -> CloudStatus:
        """Ask what the cloud holds."""

    async def terminate(self, upload_url: str) -> None:
        """Take an upload back that differs from what stands here; one that is gone already is no error."""


class ModuleApi(Protocol):
    """The few HTTP calls of a module that are not uploads. Errors as in `Uploads`."""

    async def propose_camera(self, camera_id: str, name: str, model: str, source_kind: str) -> str | None:
        """Tell the cloud of a camera; return the confirmed model, or `None` while the owner has not confirmed."""

    async def fetch_lease(self) -> str:
        """Return the signed lease token in force."""
