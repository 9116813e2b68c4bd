"""The module's few calls that are not uploads: propose a camera, fetch the lease, replace photos by their clip."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from agent.domain.shape import DoesNotFit, Length, read_json
from agent.errors import TryLater
from agent.ports import CloudAnswer, CloudCalls


@dataclass(frozen=True, slots=True)
class _Camera:
    model: str | None


@dataclass(frozen=True, slots=True)
class _Lease:
    token: Annotated[str, Length()]


class HttpModuleApi:
    """The ports ModuleApi and PhotosInCloud over the cloud's HTTP session."""

    def __init__(self, cloud: CloudCalls) -> None:
        self._cloud = cloud

    async def propose_camera(self, camera_id: str, name: str, model: str, source_kind: str) -> str | None:
        url = self._cloud.locate(f"/api/v1/module/cameras/{quote(camera_id, safe='')}")
        document = {"name": name, "proposed_model": model, "source_kind": source_kind}
        headers = {"Content-Type": "application/json"}
        answer = await self._cloud.send("PUT", url, headers, json.dumps(document).encode())
        self._expect_ok(answer)
        try:
            return read_json(_Camera, answer.body).model
        except DoesNotFit:
            raise TryLater("The cloud's answer on a camera cannot be read: update the agent, or the cloud.") from None

    async def fetch_lease(self) -> str:
        answer = await self._cloud.send("GET", self._cloud.locate("/api/v1/module/lease"))
        self._expect_ok(answer)
        try:
            return read_json(_Lease, answer.body).token
        except DoesNotFit:
            raise TryLater("The cloud's lease document cannot be read: update the agent, or the cloud.") from None

    async def replace_photos(self, clip_id: str, photo_ids: Sequence[str]) -> None:
        url = self._cloud.locate(f"/api/v1/module/clips/{quote(clip_id, safe='')}/replaces")
        body = json.dumps({"photo_ids": list(photo_ids)}).encode()
        self._expect_ok(await self._cloud.send("POST", url, {"Content-Type": "application/json"}, body))

    def _expect_ok(self, answer: CloudAnswer) -> None:
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise self._cloud.error_of(answer)
