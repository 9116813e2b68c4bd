"""The module's few calls that are not uploads: propose a camera, fetch the lease."""

import json
from http import HTTPStatus
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError

from agent.errors import TryLater
from agent.ports import CloudAnswer, CloudCalls


class _Camera(BaseModel):
    model: str | None


class _Lease(BaseModel):
    token: str = Field(min_length=1)


class HttpModuleApi:
    """The ModuleApi port over the cloud's HTTP session."""

    def __init__(self, cloud: CloudCalls) -> None:
        self._cloud = cloud

    async def propose_camera(self, camera_id: str, name: str, model: str, source_kind: str) -> str | None:
        url = self._cloud.locate(f"/api/v1/module/cameras/{quote(camera_id, safe='')}")
        document = {"name": name, "proposed_model": model, "source_kind": source_kind}
        headers = {"Content-Type": "application/json"}
        answer = await self._cloud.send("PUT", url, headers, json.dumps(document).encode())
        self._expect_ok(answer)
        try:
            return _Camera.model_validate_json(answer.body).model
        except ValidationError:
            raise TryLater("The cloud's answer on a camera cannot be read: update the agent, or the cloud.") from None

    async def fetch_lease(self) -> str:
        answer = await self._cloud.send("GET", self._cloud.locate("/api/v1/module/lease"))
        self._expect_ok(answer)
        try:
            return _Lease.model_validate_json(answer.body).token
        except ValidationError:
            raise TryLater("The cloud's lease document cannot be read: update the agent, or the cloud.") from None

    def _expect_ok(self, answer: CloudAnswer) -> None:
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise self._cloud.error_of(answer)
