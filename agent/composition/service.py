"""Builds the agent's flows over its parts."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import structlog
from aiohttp import web

from agent.adapters.module_api_http import HttpModuleApi
from agent.adapters.uploads_tus import TusUploads
from agent.adapters.watchdog_systemd import SystemdNotifier
from agent.composition.arming import arming_acts, build_arming
from agent.composition.beside import Job
from agent.composition.cameras import Cameras, MakeOnlooker, camera_plans
from agent.composition.continuous import build_continuous
from agent.composition.drive import build_drive
from agent.composition.gpio import build_gpio
from agent.composition.live import build_live, live_acts
from agent.composition.parts import SOFTWARE, Parts
from agent.composition.person import build_person
from agent.composition.photos import Photos
from agent.composition.reloading import Reloading
from agent.composition.saving import saving_acts
from agent.composition.sensitivity import build_sensitivity, sensitivity_acts
from agent.composition.why import build_whys, why_routes
from agent.composition.zones import build_zones, zones_acts
from agent.domain.spool import SpoolLimits
from agent.flow.board_to_health import BoardHealth
from agent.flow.board_to_state import StateWriter
from agent.flow.broker_link import BrokerLink
from agent.flow.cameras_to_cloud import CamerasToCloud
from agent.flow.clip_moves import ClipMoves, wire_time
from agent.flow.clip_to_sink import ClipKeeper
from agent.flow.clock_to_floor import clock_to_floor, keep_floor
from agent.flow.commands import CommandAct, CommandActs, Commands
from agent.flow.fault_to_restart import SideFlow
from agent.flow.held_to_sink import HeldToSink
from agent.flow.lease_to_policy import LeaseKeeper
from agent.flow.progress_to_watchdog import ProgressToWatchdog
from agent.flow.recover_at_start import RecoverAtStart
from agent.flow.spool_room import SpoolRoom
from agent.flow.spool_to_cloud import SpoolToCloud
from agent.flow.status_board import StatusBoard
from agent.web.app import diagnostics_app
from agent.web.changes import Changes
from agent.web.lock import Lock
from agent.web.status_document import DiagnosticsSource

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent that is ready: what is done first, what runs, what is done last, and its diagnostics.

    `core` is what the agent is for (cameras, and clips into the ledger); without one of `side` recording goes on.
    """

    parts: Parts
    app: web.Application
    board: StatusBoard
    first: tuple[Job, ...]
    core: tuple[Job, ...]
    side: tuple[SideFlow, ...]
    last: tuple[Job, ...]
    reload: Job


class AgentBuilder:
    """Builds one agent; each step makes what the next ones stand on. `path` is the file that the settings are from."""

    def __init__(self, parts: Parts, path: Path) -> None:
        self.parts = parts
        self.board = StatusBoard()
        settings = parts.settings
        self.moves = ClipMoves(ledger=parts.ledger, files=parts.files, clock=parts.clock, board=self.board)
        room = SpoolRoom(
            ledger=parts.ledger,
            files=parts.files,
            moves=self.moves,
            clock=parts.clock,
            board=self.board,
            limits=SpoolLimits(settings.spool.reserve_bytes, settings.spool.budget_bytes),
        )
        self.keeper = ClipKeeper(
            moves=self.moves, ledger=parts.ledger, files=parts.files, room=room, clock=parts.clock, board=self.board
        )
        self.whys = build_whys(parts, self.board)
        self.drive = build_drive(parts, self.board, self.moves)
        self.api = HttpModuleApi(parts.http)
        self.persons = build_person(parts, self.board, lambda: self.cameras)
        self.segments = build_continuous(parts, self.board, self.keeper, self.moves, lambda: self.cameras)
        self.live = build_live(parts, self.board, self.keeper, lambda: self.cameras)
        onlookers: list[MakeOnlooker] = [self.persons.onlooker, self.segments.onlooker, self.live.onlooker]
        self.zones = build_zones(parts, self.board, lambda: self.cameras.fleet)
        self.sensitivity = build_sensitivity(parts, self.board)
        self.cameras = Cameras(parts, self.board, self.segments.intake, self.emit, self.zones, onlookers)
        self.cameras.fleet.begin_with(camera_plans(settings, parts.camera_namespace))
        self.reloading = Reloading(parts, self.cameras, self.sensitivity, self.board, path)
        self.photos = Photos(parts, self.board, self.keeper, self.cameras, self.live.views, self.api)
        self.arming = build_arming(parts, self.board)
        self.acts = CommandActs(self._command_acts())
        self.link = self._link()
        self.leases = self._leases()

    def build(self) -> Agent:
        """Return the whole agent."""
        parts, board, moves = self.parts, self.board, self.moves
        core: list[Job] = [self.cameras.fleet.run, self.keeper.run]
        side = [
            SideFlow("broker_link", self.link.run),
            SideFlow("leases", self.leases.run),
            SideFlow("arming", self.arming.run),
            *self.photos.flows(),
            SideFlow("person_detection", self.persons.run),
            SideFlow("segment_window", self.segments.window.run),
            SideFlow("live_views", self.live.run),
            SideFlow("motion_why", self.whys.run),
            SideFlow("clock_floor", self._keep_floor),
            SideFlow("held_clips", HeldToSink(ledger=parts.ledger, moves=moves, clock=parts.clock, board=board).run),
            SideFlow(
                "cameras_to_cloud",
                CamerasToCloud(api=self.api, board=board, clock=parts.clock, jitter=random.random).run,
            ),
        ]
        side += build_gpio(parts, board, self.cameras, self.acts.do)
        side += self.drive.flows()
        uploads = SpoolToCloud(
            ledger=parts.ledger,
            files=parts.files,
            uploads=TusUploads(parts.http),
            moves=moves,
            clock=parts.clock,
            board=board,
            jitter=random.random,
            drive=self.drive.store,
        )
        side += [SideFlow("uploads", uploads.run), SideFlow("watchdog", self._watchdog().run)]
        first: list[Job] = [self._recover, self._take_up]
        return Agent(
            parts,
            self._diagnostics(),
            board,
            tuple(first),
            tuple(core),
            tuple(side),
            self._last(),
            self.reloading.on_signal,
        )

    def _last(self) -> tuple[Job, ...]:
        parts = self.parts
        floor: Job = lambda: keep_floor(parts.clock, parts.state)  # noqa: E731 - a job of no more than this
        return self.whys.finish, floor, parts.http.close, parts.ledger.close

    def _watchdog(self) -> ProgressToWatchdog:
        return ProgressToWatchdog(
            manager=SystemdNotifier(),
            board=self.board,
            ledger=self.parts.ledger,
            clock=self.parts.clock,
            at_rest=self.cameras.at_rest,
        )

    def _command_acts(self) -> Mapping[str, CommandAct]:
        """Gather what can be commanded, each mode's acts from its own part."""
        return {
            **arming_acts(self.arming),
            **self.photos.acts(),
            **live_acts(self.live),
            **self.drive.acts(),
            **zones_acts(self.zones),
            **sensitivity_acts(self.sensitivity),
            "state": self._publish_state,
            "reload": self.reloading.act,
            **saving_acts(self.parts, self.drive.store, self.drive.lane, self.moves),
        }

    def _link(self) -> BrokerLink:
        writer = StateWriter(
            board=self.board,
            ledger=self.parts.ledger,
            clock=self.parts.clock,
            software=SOFTWARE,
            spool_budget_bytes=self.parts.settings.spool.budget_bytes,
            current_choice=self.keeper.current_choice,
        )
        lab = self.parts.lab
        return BrokerLink(
            broker=self.parts.broker,
            ledger=self.parts.ledger,
            clock=self.parts.clock,
            board=self.board,
            commands=Commands(self.parts.ledger, self.acts),
            document=writer.document,
            on_lease=self._take_lease,
            on_clock=None if lab is None else lab.take,
            jitter=random.random,
        )

    def _leases(self) -> LeaseKeeper:
        keeper = LeaseKeeper(
            verifier=self.parts.verifier,
            state=self.parts.state,
            clock=self.parts.clock,
            board=self.board,
            raise_clock_floor=self.parts.clock.raise_floor,
            request_lease=self.link.request_lease,
            fetch_lease=self.api.fetch_lease,
            emit_alert=self._alert,
        )
        lab = self.parts.lab

        def recheck() -> None:
            keeper.recheck()

        if lab is not None:
            keeper.listeners.append(lambda lease, _state: lab.lease_taken(lease.seq) if lease else None)
            lab.listeners.append(recheck)
        return keeper

    def _diagnostics(self) -> web.Application:
        parts, settings = self.parts, self.parts.settings
        reserve_bytes = settings.spool.reserve_bytes
        health = BoardHealth(
            board=self.board, ledger=parts.ledger, files=parts.files, clock=parts.clock, reserve_bytes=reserve_bytes
        )
        source = DiagnosticsSource(
            board=self.board,
            ledger=parts.ledger,
            files=parts.files,
            clock=parts.clock,
            health=health,
            name=settings.module.name,
            software=SOFTWARE,
            reserve_bytes=reserve_bytes,
            spool_budget_bytes=settings.spool.budget_bytes,
        )
        changes = Changes(Lock(parts.key, parts.clock), self.acts)
        why = why_routes(parts, self.board, self.whys, self.drive.store, changes)
        return diagnostics_app(source, self.cameras.latest_jpeg, changes, self.live.views, self.drive.clips, why)

    async def emit(self, topic: str, payload: Mapping[str, object]) -> None:
        """Queue an event for the broker."""
        self.whys.hear(topic, payload)
        await self.parts.ledger.put_event(topic, payload)
        self.link.events_queued()

    async def _alert(self, code: str, detail: str, *, cleared: bool) -> None:
        clock = self.parts.clock
        payload = {
            "event_id": str(uuid4()),
            "at": wire_time(clock.now()),
            "clock_trusted": clock.trusted(),
            "camera_id": None,
            "code": code,
            "detail": detail,
            "cleared": cleared,
        }
        await self.emit("event/alert", payload)

    async def _recover(self) -> None:
        ids = list(self.board.cameras)
        only_camera = ids[0] if self.parts.ledger.rebuilt and len(ids) == 1 else None
        parts = self.parts
        recovery = RecoverAtStart(
            ledger=parts.ledger, files=parts.files, moves=self.moves, clock=parts.clock, adopt_camera_id=only_camera
        )
        await recovery.run()

    async def _take_up(self) -> None:
        self.board.link.session = await self.parts.state.next_session()
        await self.arming.load()
        await self.zones.load()
        await self.sensitivity.load()
        await self.photos.load()
        await self.whys.load()
        await self.drive.first_look()
        await self.leases.load()
        self.keeper.refresh_choices()

    async def _keep_floor(self) -> None:
        await clock_to_floor(self.parts.clock, self.parts.state)

    async def _take_lease(self, token: str) -> None:
        await self.leases.take(token)

    async def _publish_state(self, _arguments: Mapping[str, object]) -> None:
        await self.link.publish_state()
