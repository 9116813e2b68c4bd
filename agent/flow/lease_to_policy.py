"""Keeps the lease in force: takes and refuses tokens, ages the lease as time passes, and asks for a new one in time."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

import structlog

from agent.domain.lease import Lease, LeaseState, lease_state
from agent.errors import AgentError, Refused
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, LeaseVerifier, ModuleState

log = structlog.get_logger()

LOOK_EVERY_S = 15.0
ASK_AGAIN_S = 300.0
"""How long an unanswered request for a lease waits for the next one."""
FETCH_AFTER_S = 300.0
"""A broker that is away for longer than this is gone round, over HTTP."""


class LeaseAnswer(StrEnum):
    """What became of a token; refused ones have their code on the board and in an alert."""

    TAKEN = "taken"
    KNOWN = "known"
    REFUSED = "refused"


class EmitAlert(Protocol):
    """Queues an `event/alert`."""

    def __call__(self, code: str, detail: str, *, cleared: bool) -> Awaitable[None]:
        """`code` is the alert's stable word, `detail` a sentence for a person."""


class LeaseKeeper:
    """The only writer of the board's lease. Call `load` once, then `take` for each token and `run` for ever.

    `listeners` are told (lease, state) after each change of either and must not block; `recheck` is for a clock that
    jumped. `request_lease(reason)` asks over the broker, `fetch_lease` over HTTP; both may raise an AgentError, which
    means "later". `raise_clock_floor` takes POSIX seconds.
    """

    def __init__(
        self,
        *,
        verifier: LeaseVerifier,
        state: ModuleState,
        clock: Clock,
        board: StatusBoard,
        raise_clock_floor: Callable[[float], None],
        request_lease: Callable[[str], Awaitable[None]],
        fetch_lease: Callable[[], Awaitable[str]],
        emit_alert: EmitAlert,
    ) -> None:
        self._verifier = verifier
        self._state = state
        self._clock = clock
        self._link = board.link
        self._board = board
        self._raise_clock_floor = raise_clock_floor
        self._request_lease = request_lease
        self._fetch_lease = fetch_lease
        self._emit_alert = emit_alert
        self.listeners: list[Callable[[Lease | None, LeaseState], None]] = []
        self._one_at_a_time = asyncio.Lock()
        self._unsaved = False
        self._refused_token = ""
        self._asked_s: float | None = None
        self._fetched_s: float | None = None
        self._link_seen_s: float | None = None
        self._over_alerted = False
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Take up the last good lease from disk; one that does not verify any more is reported and left where it is."""
        token = await self._state.load_lease_token()
        if token is None:
            return
        try:
            lease = self._verifier.verify(token)
        except Refused as error:
            await self._refuse(token, error)
            return
        self._raise_clock_floor(float(lease.issued_at_s))
        self._adopt(lease)
        log.info("lease_loaded", seq=lease.seq, state=self._link.lease_state.value)

    async def take(self, token: str) -> LeaseAnswer:
        """Judge a token that came from the cloud. The last good lease stays whenever this one is refused."""
        async with self._one_at_a_time:
            held = self._link.lease
            if held is not None and token == held.token:
                self._link.lease_taken_s = self._clock.monotonic()
                return LeaseAnswer.KNOWN
            try:
                lease = self._newer(self._verifier.verify(token), held)
            except Refused as error:
                await self._refuse(token, error)
                return LeaseAnswer.REFUSED
            await self._save(token)
            self._raise_clock_floor(float(lease.issued_at_s))
            self._link.refused_lease, self._refused_token = "", ""
            self._link.lease_taken_s = self._clock.monotonic()
            self._asked_s = None
            self._adopt(lease)
            log.info("lease_taken", seq=lease.seq, state=self._link.lease_state.value)
            return LeaseAnswer.TAKEN

    def recheck(self) -> LeaseState:
        """Look what the lease is worth now, and tell who listens if that has changed."""
        lease = self._link.lease
        state = lease_state(lease, self._clock.now().timestamp())
        if state is not self._link.lease_state:
            log.info("lease_state", state=state.value, seq=lease.seq if lease else None)
            self._link.lease_state = state
            self._tell()
        return state

    async def run(self) -> None:
        """Age the lease, ask for the next at half life and whenever none is in force; never returns."""
        while True:
            self._wake.clear()
            self.recheck()
            await self._alert_when_over()
            if self._unsaved and self._link.lease is not None:
                await self._save(self._link.lease.token)
            await self._renew()
            await self._pause(self._next_look_s())

    def _newer(self, lease: Lease, held: Lease | None) -> Lease:
        if held is not None and lease.seq <= held.seq:
            raise Refused(
                "lease_older", f"A lease that is not newer than the one held ({lease.seq} <= {held.seq}) came."
            )
        return lease

    def _adopt(self, lease: Lease) -> None:
        self._link.lease = lease
        self._link.lease_state = lease_state(lease, self._clock.now().timestamp())
        self._tell()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener(self._link.lease, self._link.lease_state)
        self._board.changed()
        self._wake.set()

    async def _refuse(self, token: str, error: Refused) -> None:
        """Report a refusal once per token: a retained message comes again with each connection."""
        if token == self._refused_token:
            return
        self._refused_token = token
        self._link.refused_lease = error.code
        log.warning("lease_refused", code=error.code, detail=str(error))
        self._board.changed()
        await self._alert(error.code, str(error), cleared=False)

    async def _alert(self, code: str, detail: str, *, cleared: bool) -> bool:
        """Queue an alert; False when a disk that is full does not take it, which must not end the agent."""
        try:
            await self._emit_alert(code, detail, cleared=cleared)
        except OSError as error:
            log.warning("alert_not_queued", code=code, error=str(error))
            return False
        return True

    async def _save(self, token: str) -> None:
        """Keep the token; a full disk costs the lease only if the agent restarts before the next try."""
        try:
            await self._state.save_lease_token(token)
        except OSError as error:
            if not self._unsaved:
                log.warning("lease_not_kept", error=error.strerror)
            self._unsaved = True
        else:
            self._unsaved = False

    async def _alert_when_over(self) -> None:
        over = self._link.lease_state is LeaseState.OVER
        if over is self._over_alerted:
            return
        detail = "No word from the cloud for longer than the lease allows: clips are held until it answers."
        if await self._alert("lease_over", detail if over else "A lease is in force again.", cleared=not over):
            self._over_alerted = over

    def _due(self) -> str | None:
        """Return why a new lease is wanted, in the words of `lease_get_v1.json`."""
        lease = self._link.lease
        if lease is None:
            return "start"
        if self._link.lease_state is not LeaseState.IN_FORCE:
            return "expired"
        half_life_s = (lease.issued_at_s + lease.expires_at_s) / 2
        return "half_life" if self._clock.now().timestamp() >= half_life_s else None

    async def _renew(self) -> None:
        now_s = self._clock.monotonic()
        if self._link.connected or self._link_seen_s is None:
            self._link_seen_s = now_s
        reason = self._due()
        if reason is None:
            self._asked_s = None
            return
        if self._link.connected and _passed(self._asked_s, now_s, ASK_AGAIN_S):
            self._asked_s = now_s
            await self._try(lambda: self._request_lease(reason))
        elif not self._link.connected and now_s - self._link_seen_s >= FETCH_AFTER_S:
            await self._fetch(now_s)

    async def _fetch(self, now_s: float) -> None:
        if _passed(self._fetched_s, now_s, ASK_AGAIN_S):
            self._fetched_s = now_s
            token = await self._try(self._fetch_lease)
            if token is not None:
                await self.take(token)

    async def _try(self, call: Callable[[], Awaitable[str | None]] | Callable[[], Awaitable[None]]) -> str | None:
        try:
            return await call()
        except AgentError as error:
            log.info("lease_not_renewed", error=str(error))
            return None

    def _next_look_s(self) -> float:
        lease, now_s = self._link.lease, self._clock.now().timestamp()
        ends = () if lease is None else (lease.expires_at_s, lease.grace_until_s)
        return max(0.05, min([LOOK_EVERY_S, *(end - now_s for end in ends if end > now_s)]))

    async def _pause(self, seconds: float) -> None:
        """Wait, or go on at once when the lease changed meanwhile."""
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._wake.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


def _passed(since_s: float | None, now_s: float, wait_s: float) -> bool:
    return since_s is None or now_s - since_s >= wait_s
