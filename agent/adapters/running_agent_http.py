"""Asks the agent that runs on this board how its broker session is, at its diagnostics."""

from http import HTTPStatus

import aiohttp

from agent.errors import TryLater

ANSWER_WITHIN_S = 10.0


class RunningAgentHttp:
    """The doctor's question instead of a log-in, while the agent has the module's one session."""

    def __init__(self, host: str, port: int) -> None:
        name = f"[{host}]" if ":" in host else host
        self._url = f"http://{name}:{port}/api/v1/status"

    async def __call__(self) -> None:
        """Return when the agent is connected; TryLater says why it is not, in the agent's words."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)) as session,
                session.get(self._url) as answer,
            ):
                document = await answer.json() if answer.status == HTTPStatus.OK else {}
            broker = document["broker"]
            connected, why = bool(broker["connected"]), str(broker["last_error"])
        except (TimeoutError, aiohttp.ClientError, ValueError, KeyError, TypeError):
            raise TryLater("The agent runs, but its diagnostics do not say how its broker session is.") from None
        if not connected:
            raise TryLater(f"The running agent has no broker session. {why}".rstrip())
