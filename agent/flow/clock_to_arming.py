"""From the clock and the owner's words to what is armed, switched off and snoozed: kept, and on the board."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from agent.domain.arming import FROM_THE_START, ArmingReason, ByHand, decide_arming
from agent.domain.schedule import Schedule, read_schedule, schedule_document
from agent.domain.snooze import SENTENCES, SnoozeReason, snooze_reason, snoozed_until
from agent.errors import BadInput, Refused, TryLater
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, ModuleState

KEPT: Final = "arming"
KEPT_BEFORE: Final = "armed"
"""Where earlier agents kept the switch alone."""
LOOKS_EVERY_S: Final = 5.0
"""Civil time may be set meanwhile, so no sleep is as long as the time to the next step."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Words:
    """What the owner said last; `armed` is what was decided last."""

    armed: bool = True
    by_hand: ByHand | None = None
    schedule: Schedule | None = None
    switched_off: frozenset[str] = frozenset()
    snoozed: Mapping[str, datetime] = field(default_factory=dict)


class ClockToArming:
    """Decides and keeps; `load()` comes before the first clip, `run()` follows the clock until cancelled.

    Every change raises OSError, and changes nothing, when it cannot be kept.
    """

    def __init__(self, *, board: StatusBoard, state: ModuleState, clock: Clock) -> None:
        self._board = board
        self._state = state
        self._clock = clock
        self._words = _Words()
        self._one_change = asyncio.Lock()

    async def load(self) -> None:
        """Take up what was kept; a step that fell due while the agent was off counts now."""
        kept = await self._state.load_kept(KEPT)
        if kept is None:
            armed = await self._state.load_kept(KEPT_BEFORE)
            self._words = _Words() if not isinstance(armed, bool) else _Words(armed, ByHand(armed, None))
        else:
            self._words = _read(kept)
        self._board.arming.now = replace(FROM_THE_START, armed=self._words.armed)
        self._decide()

    async def run(self) -> None:
        """Look at the clock every few seconds, and at the moment of the next step."""
        while True:
            await self._clock.sleep(self._pause_s())
            async with self._one_change:
                await self._follow()

    async def arm(self, *, armed: bool) -> None:
        """Arm or disarm by hand, until the next step of the schedule."""
        async with self._one_change:
            await self._change(replace(self._words, by_hand=ByHand(armed, self._trusted_now())))

    async def switch(self, camera_id: str, *, on: bool) -> None:
        """Switch a camera's motion recording on or off; BadInput for a camera that the module does not have."""
        self._known(camera_id)
        async with self._one_change:
            others = self._words.switched_off - {camera_id}
            await self._change(replace(self._words, switched_off=others if on else others | {camera_id}))

    async def set_schedule(self, schedule: Schedule | None) -> None:
        """Take another schedule; without one it stays as it is now, by hand."""
        async with self._one_change:
            words = replace(self._words, schedule=schedule)
            if schedule is None and self._words.schedule is not None:
                words = replace(words, by_hand=ByHand(self._board.armed, self._trusted_now()))
            await self._change(words)

    async def snooze(self, minutes: float, camera_id: str | None) -> Mapping[str, SnoozeReason]:
        """Snooze one camera, or all that may be; 0 minutes wake it. Returns the answer for each camera asked for.

        Raises Refused (`not_entitled`) when no camera may be snoozed, TryLater while nobody knows the time.
        """
        if camera_id is not None:
            self._known(camera_id)
        asked = [camera_id] if camera_id is not None else list(self._board.cameras)
        if not asked:
            raise BadInput("This module has no camera.")
        async with self._one_change:
            now = self._clock.now()
            reasons = dict.fromkeys(asked, SnoozeReason.ALLOWED)
            if minutes > 0:
                if not self._clock.trusted():
                    raise TryLater("This module does not know the time yet, so it cannot know when a snooze ends.")
                lease = self._board.link.lease
                reasons = {each: snooze_reason(lease, each, now.timestamp()) for each in asked}
            allowed = [each for each in asked if reasons[each] is SnoozeReason.ALLOWED]
            if not allowed:
                raise Refused("not_entitled", SENTENCES[reasons[asked[0]]])
            snoozed = {each: until for each, until in self._words.snoozed.items() if each not in allowed}
            if minutes > 0:
                snoozed |= dict.fromkeys(allowed, now + timedelta(minutes=minutes))
            await self._change(replace(self._words, snoozed=snoozed))
        return reasons

    def _known(self, camera_id: str) -> None:
        if camera_id not in self._board.cameras:
            raise BadInput("This module has no such camera.")

    def _trusted_now(self) -> datetime | None:
        return self._clock.now() if self._clock.trusted() else None

    async def _change(self, words: _Words) -> None:
        now, trusted = self._clock.now(), self._clock.trusted()
        decided = decide_arming(words.schedule, words.by_hand, self._board.arming.now, now, trusted=trusted)
        words = replace(words, armed=decided.armed)
        await self._state.save_kept(KEPT, _document(words))
        self._words = words
        self._decide()

    async def _follow(self) -> None:
        """Apply what time changed, and keep it: what cannot be kept counts all the same."""
        words = self._words
        snoozed = {each: until for each, until in words.snoozed.items() if snoozed_until(until, self._clock.now())}
        words = replace(words, snoozed=snoozed)
        if words.by_hand is not None and words.by_hand.at is None and self._clock.trusted():
            words = replace(words, by_hand=replace(words.by_hand, at=self._clock.now()))
        before, self._words = self._words, words
        self._decide()
        self._words = replace(self._words, armed=self._board.armed)
        if self._words == before:
            return
        try:
            await self._state.save_kept(KEPT, _document(self._words))
        except OSError as error:
            log.warning("arming_not_kept", problem=str(error))

    def _decide(self) -> None:
        board, words = self._board, self._words
        before = (board.arming.now, board.arming.switched_off, board.arming.snoozed, board.arming.schedule)
        decided = decide_arming(
            words.schedule, words.by_hand, board.arming.now, self._clock.now(), trusted=self._clock.trusted()
        )
        if (decided.armed, decided.reason) != (before[0].armed, before[0].reason):
            log.info("arming", armed=decided.armed, because=decided.reason.value)
        board.armed, board.arming.now = decided.armed, decided
        board.arming.switched_off, board.arming.snoozed = words.switched_off, words.snoozed
        board.arming.schedule = words.schedule
        if before != (decided, words.switched_off, words.snoozed, words.schedule):
            board.changed()

    def _pause_s(self) -> float:
        now = self._clock.now()
        moments = [*self._words.snoozed.values()]
        then = self._board.arming.now.then
        if then is not None and self._board.arming.now.reason is not ArmingReason.TIME_UNKNOWN:
            moments.append(then.at)
        ahead = [(moment - now).total_seconds() for moment in moments if moment > now]
        return min([LOOKS_EVERY_S, *ahead])


def _document(words: _Words) -> dict[str, object]:
    by_hand = words.by_hand
    at = None if by_hand is None or by_hand.at is None else by_hand.at.timestamp()
    return {
        "armed": words.armed,
        "by_hand": None if by_hand is None else {"armed": by_hand.armed, "at_s": at},
        "schedule": schedule_document(words.schedule),
        "switched_off": sorted(words.switched_off),
        "snoozed": {camera_id: until.timestamp() for camera_id, until in words.snoozed.items()},
    }


def _read(kept: object) -> _Words:
    """Read what `_document` wrote; what a later agent wrote otherwise is left out, and said."""
    document = kept if isinstance(kept, dict) else {}
    armed, by_hand, snoozed = document.get("armed"), document.get("by_hand"), document.get("snoozed")
    schedule = None
    if document.get("schedule") is not None:
        try:
            schedule = read_schedule(document["schedule"])
        except (BadInput, AttributeError) as error:
            log.warning("schedule_not_taken_up", problem=str(error))
    return _Words(
        armed=armed if isinstance(armed, bool) else True,
        by_hand=_by_hand(by_hand) if isinstance(by_hand, dict) else None,
        schedule=schedule,
        switched_off=frozenset(map(str, document.get("switched_off") or ())),
        snoozed={each: _moment(at_s) for each, at_s in snoozed.items()} if isinstance(snoozed, dict) else {},
    )


def _by_hand(document: Mapping[str, object]) -> ByHand:
    at_s = document.get("at_s")
    return ByHand(bool(document.get("armed", True)), None if not isinstance(at_s, int | float) else _moment(at_s))


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
