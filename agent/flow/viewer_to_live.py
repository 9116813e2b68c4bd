"""One view on one line: its messages go to the viewer, and what the viewer sends comes back, until one of them ends."""

import asyncio
from contextlib import aclosing

import structlog

from agent.domain.live_pieces import PieceKind
from agent.domain.live_view import LiveEnd
from agent.errors import AgentError
from agent.flow.live_to_viewer import LiveView
from agent.ports.live import LiveLine

ENDS_OF_OTHERS = {"logged_out": LiveEnd.LOGGED_OUT, "revoked": LiveEnd.REVOKED}

log = structlog.get_logger()


async def attend(view: LiveView, line: LiveLine) -> None:
    """Serve a view to its end; the line is closed then. A line that breaks ends the view, and is no error."""
    listening = asyncio.ensure_future(_listen(view, line))
    try:
        async with aclosing(view.messages()) as messages:
            async for message in messages:
                await line.send(message)
    except AgentError as error:
        log.info("live_view_line_lost", camera_id=view.camera_id, because=str(error))
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await line.close()


async def _listen(view: LiveView, line: LiveLine) -> None:
    """Take answers, sound and the end; an unknown message is of a newer page and is passed over."""
    try:
        async for message in line.received():
            if isinstance(message, bytes):
                if message[:1] == bytes((PieceKind.TALK,)):
                    await view.talk(message[1:])
            elif message.get("type") == "go_on":
                view.go_on()
            elif message.get("type") == "end":
                view.end(ENDS_OF_OTHERS.get(str(message.get("reason")), LiveEnd.LEFT))
    except AgentError as error:
        log.info("live_view_line_lost", camera_id=view.camera_id, because=str(error))
    finally:
        view.end(LiveEnd.LEFT)
