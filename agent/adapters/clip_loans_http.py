"""The pieces of a clip that the owner wants to see, over the cloud's HTTP session."""

from http import HTTPStatus
from urllib.parse import quote

from agent.ports import CloudCalls


class HttpClipLoans:
    """The ClipLoans port: one PATCH per piece."""

    def __init__(self, cloud: CloudCalls) -> None:
        self._cloud = cloud

    async def append(self, loan_id: str, offset: int, piece: bytes) -> None:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = await self._cloud.send("PATCH", self._url(loan_id), headers, piece)
        if answer.status != HTTPStatus.NO_CONTENT:
            raise self._cloud.error_of(answer)

    async def give_up(self, loan_id: str) -> None:
        answer = await self._cloud.send("DELETE", self._url(loan_id))
        if answer.status != HTTPStatus.NO_CONTENT:
            raise self._cloud.error_of(answer)

    def _url(self, loan_id: str) -> str:
        return self._cloud.locate(f"/api/v1/module/drive-loans/{quote(loan_id, safe='')}")
