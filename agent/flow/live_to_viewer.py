"""Live views of one module: each one's beginning, its question, its limit, its end, and what its viewer is told."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from agent.domain.clip_life import ClipPhase
from agent.domain.live_pieces import PieceKind
from agent.domain.live_view import (
    ANSWER_WITHIN_S,
    CONTINUE_EVERY_S,
    LiveClock,
    LiveDue,
    LiveEnd,
    LiveGrant,
    LiveKind,
    begin_view,
    grant_view,
)
from agent.errors import BadInput, Refused
from agent.flow.live_to_clip import LiveToClip
from agent.flow.open_clip import ClipIntake
from agent.flow.status_board import StatusBoard
from agent.flow.steps_to_live import StepsToLive, Viewer
from agent.flow.viewer_to_speaker import ViewerToSpeaker
from agent.ports import Clock
from agent.ports.live import LiveMessage

MOST_VIEWS: Final = 4
"""Each viewer costs its own line: 4 Mbit/s of a usual camera, and up to 8 MiB when it is slow."""
RECORDING: Final = frozenset({ClipPhase.RECORDING.value, ClipPhase.POST_ROLL.value})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CameraForLive:
    """One camera as live view needs it: its steps, its recorder's early end, what its owner chose, its speaker.

    `early_notification`: a view ends the clip being recorded, and begins at once; otherwise it waits for it.
    """

    steps: StepsToLive
    early_notification: bool
    end_clip: Callable[[], None]
    talk: ViewerToSpeaker | None = None


@dataclass(slots=True)
class LiveViews:
    """The views of now. `camera_of` knows the cameras of now, by id."""

    board: StatusBoard
    clock: Clock
    intake: ClipIntake
    camera_of: Callable[[str], CameraForLive | None]
    views: "list[LiveView]" = field(default_factory=list)
    on_begin: list[Callable[[str], Awaitable[None]]] = field(default_factory=list)

    def open(self, camera_id: str, *, extended: bool = False, save: bool = False) -> "LiveView":
        """Grant a view, which begins with `messages`; BadInput for an unknown camera, Refused `failed` for too many."""
        camera = self.camera_of(camera_id)
        if camera is None:
            raise BadInput("This module has no such camera.")
        if len(self.views) >= MOST_VIEWS:
            raise Refused("failed", f"{MOST_VIEWS} live views are open on this module: close one of them.")
        now_s = self.clock.now().timestamp()
        grant = grant_view(self.board.link.lease, camera_id, now_s, extended=extended, save=save)
        view = LiveView(self, camera_id, camera, grant)
        self.views.append(view)
        log.info("live_view_granted", camera_id=camera_id, kind=grant.kind.value, saving=grant.saving.value)
        return view

    def end_all(self, why: LiveEnd) -> None:
        """End every view."""
        for view in self.views:
            view.end(why)


class LiveView:
    """One view. `messages` is iterated once; everything else may be called meanwhile, from the loop."""

    def __init__(self, views: LiveViews, camera_id: str, camera: CameraForLive, grant: LiveGrant) -> None:
        self.camera_id = camera_id
        self.grant = grant
        self._views = views
        self._camera = camera
        self._wake = asyncio.Event()
        self._viewer = Viewer(self._wake)
        self._clock: LiveClock | None = None
        self._ended: LiveEnd | None = None
        self._told_away = False

    def go_on(self) -> None:
        """Take the answer to "continue?"."""
        if self._clock is not None:
            self._clock = self._clock.answered()

    def end(self, why: LiveEnd) -> None:
        """End the view; its first end is the one that counts."""
        self._ended = self._ended or why
        self._wake.set()

    async def talk(self, pcm: bytes) -> None:
        """Play what the viewer says (R089); without a speaker it is dropped, which the grant has told."""
        if self._camera.talk is not None and self._clock is not None:
            await self._camera.talk.hear(self, pcm)

    def abandon(self) -> None:
        """Forget a view whose `messages` nobody has begun to read."""
        self._forget()

    async def messages(self) -> AsyncGenerator[LiveMessage, None]:
        """Yield what the viewer gets, the last message being why it ended. Close it to leave."""
        saver: LiveToClip | None = None
        try:
            yield self.granted()
            async for message in self._make_way():
                yield message
            if self._ended is None:
                self._clock = begin_view(self.grant, self._now_s())
                self._camera.steps.join(self._viewer)
                saver = self._begin_saving()
                for told in self._views.on_begin:
                    await told(self.camera_id)
            async for message in self._run():
                yield message
        finally:
            await self._leave(saver)

    async def _leave(self, saver: LiveToClip | None) -> None:
        self._forget()
        self._camera.steps.leave(self._viewer)
        if saver is not None:
            self._camera.steps.save_no_more(saver)
            await saver.end()
        if self._camera.talk is not None:
            await self._camera.talk.leave(self)
        log.info("live_view_ended", camera_id=self.camera_id, because=(self._ended or LiveEnd.LEFT).value)

    def _forget(self) -> None:
        with suppress(ValueError):
            self._views.views.remove(self)

    def _begin_saving(self) -> LiveToClip | None:
        if not self.grant.saved:
            return None
        views = self._views
        saver = LiveToClip(camera_id=self.camera_id, intake=views.intake, clock=views.clock, board=views.board)
        self._camera.steps.save_to(saver)
        return saver

    async def _make_way(self) -> AsyncIterator[LiveMessage]:
        """End the clip being recorded, or wait for it, as the camera is set; the limit does not count meanwhile."""
        if not self._is_recording():
            return
        if self._camera.early_notification:
            self._camera.end_clip()
        else:
            yield {"type": "waiting"}
        board = self._views.board
        board.listeners.append(self._wake.set)
        try:
            while self._is_recording() and self._ended is None:
                self._wake.clear()
                await self._wake.wait()
        finally:
            board.listeners.remove(self._wake.set)

    def _is_recording(self) -> bool:
        on_board = self._views.board.cameras.get(self.camera_id)
        return on_board is not None and on_board.phase in RECORDING

    async def _run(self) -> AsyncIterator[LiveMessage]:
        while True:
            self._wake.clear()
            message = self._due()
            if message is not None:
                yield message
                if message["type"] == "end":
                    return
                continue
            piece = self._viewer.queue.get()
            if piece is None:
                await self._wait()
                continue
            if piece.kind is PieceKind.HEAD:
                self._told_away = False
                yield {"type": "head", "mime": self._viewer.mime}
            yield piece.message()

    def _due(self) -> Mapping[str, object] | None:
        """Return what must be told before the next piece, if anything."""
        if self._viewer.gone:
            self._ended = self._ended or LiveEnd.STOPPED
        if self._ended is None and self._clock is not None:
            due = self._clock.due(self._now_s())
            if due is LiveDue.END_LIMIT:
                self._ended = LiveEnd.LIMIT
            elif due is LiveDue.END_NOT_ANSWERED:
                self._ended = LiveEnd.NOT_ANSWERED
            elif due is LiveDue.ASK:
                self._clock = self._clock.asked()
                return {"type": "continue", "answer_within_s": ANSWER_WITHIN_S}
        if self._ended is not None:
            return {"type": "end", "reason": self._ended.value}
        refused = self._camera.steps.refused
        if (self._viewer.away or refused) and not self._told_away:
            self._told_away = True
            return {"type": "away", "detail": refused}
        return None

    async def _wait(self) -> None:
        """Wait for a piece, an answer, an end, or the next deadline."""
        clock = self._clock
        due_in_s = ANSWER_WITHIN_S if clock is None else max(0.0, clock.next_s() - self._now_s())
        woken = asyncio.ensure_future(self._wake.wait())
        timer = asyncio.ensure_future(self._views.clock.sleep(due_in_s))
        try:
            await asyncio.wait({woken, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            timer.cancel()

    def _now_s(self) -> float:
        return self._views.clock.monotonic()

    def granted(self) -> Mapping[str, object]:
        """Return the first message (live_messages_v1.json)."""
        asks = self.grant.kind is LiveKind.NORMAL
        return {
            "type": "grant",
            "kind": self.grant.kind.value,
            "limit_s": self.grant.limit_s,
            "continue_every_s": CONTINUE_EVERY_S if asks else None,
            "extended": self.grant.extended.value,
            "saving": self.grant.saving.value,
            "talk": self._camera.talk is not None,
        }
