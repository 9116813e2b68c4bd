"""Builds the cloud from its settings and runs it until it is told to stop."""

import random
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

import structlog
from aiohttp import web

from cloud_stub.adapters.blobs_obstore import blobs_at, blobs_in_folder
from cloud_stub.adapters.clock_lab import SteeredClock
from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.adapters.lease_signer_jwt import JwtLeaseSigner
from cloud_stub.adapters.passwords_argon2 import Argon2Passwords
from cloud_stub.adapters.payments_recorded import RecordedPayments
from cloud_stub.adapters.posters_pyav import PyavPosters
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.adapters.watchdog_systemd import SystemdNotifier
from cloud_stub.catalog.reader import load_catalogs
from cloud_stub.composition.alerts import build_alerts
from cloud_stub.composition.broker_parts import BrokerParts, broker_parts
from cloud_stub.composition.drive_clips import build_drive
from cloud_stub.composition.mail import carriers
from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.keeping import KeepFor, check_keeping
from cloud_stub.domain.policies import QuotaWhenFull
from cloud_stub.domain.records import Account
from cloud_stub.flow.account_login import AccountLogin
from cloud_stub.flow.broker_to_records import BrokerToRecords
from cloud_stub.flow.claim_module import ClaimDesk, Reach
from cloud_stub.flow.clip_permission import ClipPermission
from cloud_stub.flow.clock_to_due import DueDesk
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.flow.confirm_camera import CameraDesk
from cloud_stub.flow.lab_to_clock import LabDesk, open_lab
from cloud_stub.flow.live_relay import LiveRelay
from cloud_stub.flow.media_flows import MediaFlows, MediaPorts, MediaRules, media_flows
from cloud_stub.flow.modules_to_broker import ModulesToBroker
from cloud_stub.flow.notices_to_owner import MAIL, NoticeDesk
from cloud_stub.flow.outbox_to_broker import OutboxToBroker
from cloud_stub.flow.plan_desks import PlanDesks, plan_desks
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.records_to_purge import RecordsToPurge
from cloud_stub.flow.share_clip import ShareDesk
from cloud_stub.flow.store_desks import store_desks
from cloud_stub.flow.upload_to_clip import UploadLimits
from cloud_stub.ports import Clock, Messages
from cloud_stub.settings import Settings
from cloud_stub.web.app import cloud_app
from cloud_stub.web.health import CloudHealth
from cloud_stub.web.languages import Languages
from cloud_stub.web.live_routes import LiveRoutes
from cloud_stub.web.media_routes import MediaRoutes
from cloud_stub.web.module_auth import module_from_request
from cloud_stub.web.module_clip_routes import ModuleClipRoutes
from cloud_stub.web.notice_letter import letter_writer
from cloud_stub.web.owner_services import OwnerServices, WebSettings
from cloud_stub.web.session_auth import SessionAuth
from cloud_stub.web.share_routes import ShareRoutes
from cloud_stub.web.tus_routes import TusRoutes

SOFTWARE = f"veilleur-cloud {version('veilleur')}"
SWEEP_UPLOADS_EVERY_S = 30.0
PAYMENTS_FILE = "payments.jsonl"
LAB_TOKEN_FILE = "lab-token"  # noqa: S105 - the name of a file
log = structlog.get_logger()
Job = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Engine:
    """What everything else stands on. `real` never moves with a lab; `clock` is what the records live by."""

    settings: Settings
    records: SqlRecords
    catalogs: Catalogs
    real: SystemClock
    clock: Clock
    desk: LeaseDesk
    signer: JwtLeaseSigner
    money: PlanDesks
    carriers: Mapping[str, Messages]


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud that is ready: its application, what runs beside requests, and what must be done first."""

    settings: Settings
    app: web.Application
    first: tuple[Job, ...]
    jobs: tuple[Job, ...]
    last: tuple[Job, ...]
    on_ready: Callable[[], None]
    on_stopping: Callable[[], None]


async def build_cloud(settings: Settings) -> Cloud:
    """Open records, broker and stores; BadConfiguration names what keeps the cloud from starting."""
    state_dir = settings.storage.state_dir
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    real = SystemClock()
    catalogs = load_catalogs(operators=settings.catalog.folder)
    check_keeping(_keep_for(settings), catalogs)
    signer = JwtLeaseSigner(state_dir)
    records = await open_records(state_dir / "cloud.sqlite")
    steered = SteeredClock(await open_lab(records, real.now), real) if settings.lab.enabled else None
    clock: Clock = steered or real
    desk = LeaseDesk(records, catalogs, signer, clock, real.now)
    money = plan_desks(desk, RecordedPayments(state_dir / PAYMENTS_FILE))
    engine = Engine(settings, records, catalogs, real, clock, desk, signer, money, carriers(settings, real))
    media = _media(engine)
    notices = NoticeDesk(desk, engine.carriers, letter_writer(Languages(), settings.http.url), real)
    due = DueDesk(desk, money, media.retention.next_deletion_at, media.retention.sweep, notices)
    desk.listeners.append(due.poke)
    lab = LabDesk(records, steered, due, real.now) if steered is not None else None
    parts = await broker_parts(settings, real)
    return _assemble(engine, media, due, lab, parts)


def _media(engine: Engine) -> MediaFlows:
    storage = engine.settings.storage
    staging = FileStaging(storage.state_dir / "staging")
    staging.prepare()

    def auto_delete_days(account: Account) -> int:
        catalog = engine.catalogs.in_force(account.vendor, engine.clock.now())
        return auto_delete_in_force(catalog, account)

    def when_full(account: Account) -> QuotaWhenFull:
        return engine.catalogs.in_force(account.vendor, engine.clock.now()).quota_when_full

    blobs = blobs_at(storage.blobs_url) if storage.blobs_url else blobs_in_folder(storage.state_dir / "blobs")
    ports = MediaPorts(engine.records, staging, blobs, PyavPosters())
    limits = UploadLimits(
        max_bytes=storage.largest_upload_bytes,
        expires_after=timedelta(seconds=storage.upload_expires_after_s),
        open_per_module=storage.open_uploads_per_module,
    )
    return media_flows(ports, MediaRules(engine.clock.now, engine.real.now, auto_delete_days, limits, when_full))


def _assemble(engine: Engine, media: MediaFlows, due: DueDesk, lab: LabDesk | None, parts: BrokerParts) -> Cloud:
    settings, records, desk = engine.settings, engine.records, engine.desk
    outbox = OutboxToBroker(records, parts.broker, engine.real)
    desk.listeners.append(outbox.wake)
    users = ModulesToBroker(records, parts.users, engine.real, random.random)

    def session_stands(kept: bool) -> None:  # noqa: FBT001 - the broker port's signature
        outbox.connected(kept)
        users.connected(kept)

    commands = CommandsToModules(records, parts.broker, engine.clock)
    alerts = build_alerts(records, media.serve, engine.carriers[MAIL], settings.http.url, engine.clock.now, engine.real)
    inbox = BrokerToRecords(
        records,
        parts.broker,
        engine.clock,
        desk.reissue,
        session_stands,
        random.random,
        commands.take_result,
        in_event=alerts.take,
        on_event=lambda *_event: alerts.wake(),
    )
    reach = Reach(settings.http.url, parts.host, parts.port, parts.ca_pem is not None, parts.ca_pem)
    claims = ClaimDesk(desk, users, engine.signer, reach)
    users.take_back = claims.take_back
    purge = RecordsToPurge(records, engine.real, engine.clock.now, _keep_for(settings))
    health = CloudHealth(records, inbox.is_up)
    app = _application(engine, media, lab, claims, commands, health)
    drive = build_drive(commands, engine.clock, engine.real, settings.storage, media.serve, due.poke, app)
    notifier = SystemdNotifier()
    first: list[Job] = [media.leftovers.repair, drive.lent.clear]
    if lab is not None:
        first.append(lab.finish_interrupted)
    first.append(desk.refresh_all)
    jobs: list[Job] = [outbox.run, inbox.run, users.run, due.run, purge.run, _keep_media(engine, media)]
    if due.notices is not None:
        jobs.append(due.notices.run)
    jobs += [_feed_watchdog(engine, health, notifier), *drive.jobs, alerts.run]
    if parts.keep is not None:
        jobs.append(parts.keep)
    return Cloud(
        settings, app, tuple(first), tuple(jobs), (media.close, records.close), notifier.ready, notifier.stopping
    )


def _feed_watchdog(engine: Engine, health: CloudHealth, notifier: SystemdNotifier) -> Job:
    async def feed() -> None:
        while True:
            await health.report()  # the records answered: that is the progress the watchdog is fed with
            notifier.watchdog()
            await engine.real.sleep((notifier.watchdog_s or 30.0) / 3)

    return feed


def _keep_media(engine: Engine, media: MediaFlows) -> Job:
    """Return the job that removes what a crash left in the store, then ends uploads whose time is over."""

    async def keep() -> None:
        await media.compare_blobs()
        while True:
            await engine.real.sleep(SWEEP_UPLOADS_EVERY_S)
            try:
                await media.leftovers.expire()
            except Exception:  # the records may fail in any driver, a full disk too: it is tried again
                log.exception("uploads_not_expired", again_in_s=SWEEP_UPLOADS_EVERY_S)

    return keep


def _application(
    engine: Engine,
    media: MediaFlows,
    lab: LabDesk | None,
    claims: ClaimDesk,
    commands: CommandsToModules,
    health: CloudHealth,
) -> web.Application:
    http = engine.settings.http
    passwords = Argon2Passwords()
    login = AccountLogin(engine.records, engine.real, passwords, engine.real.now)
    auth = SessionAuth(login, secure=http.url.startswith("https://"))
    services = OwnerServices(
        records=engine.records,
        clock=engine.clock,
        catalogs=engine.catalogs,
        settings=_web_settings(engine, in_lab=lab is not None),
        login=login,
        auth=auth,
        leases=engine.desk,
        claims=claims,
        cameras=CameraDesk(engine.desk),
        plans=engine.money.plans,
        purchases=engine.money.purchases,
        cancels=engine.money.cancels,
        payments=engine.money.payments,
        store=store_desks(engine.desk, engine.money, login, passwords, engine.real),
        commands=commands,
        delete_clip=media.retention.delete_by_owner,
        health=health,
        lab=lab,
    )
    module = module_from_request(engine.records)
    permission = ClipPermission(engine.records, engine.catalogs, engine.clock)
    routes = (
        TusRoutes(media.uploads, module, public_url=http.url),
        MediaRoutes(media.serve, media.retention, auth.owner_account, permission.check),
        ShareRoutes(ShareDesk(permission), media.serve),
        ModuleClipRoutes(media.status, media.photos, module),
        LiveRoutes(LiveRelay(engine.records, commands, engine.real), module),
    )
    return cloud_app(services, routes)


def _web_settings(engine: Engine, *, in_lab: bool) -> WebSettings:
    http = engine.settings.http
    return WebSettings(
        public_url=http.url,
        listen_host=http.host,
        sign_up=http.sign_up,
        vendors=engine.catalogs.vendors(),
        software=SOFTWARE,
        lab_token=_lab_token(engine.settings) if in_lab else None,
        behind_proxy=http.behind_proxy,
        sends_mail=engine.settings.mail is not None,
    )


def _keep_for(settings: Settings) -> KeepFor:
    records = settings.records
    return KeepFor(records.log_kept_for_days, records.leases_kept_for_days, records.tombstones_kept_for_days)


def _lab_token(settings: Settings) -> str:
    """Return the token that moves the lab's clock; kept in a private file for whoever drives the lab."""
    path = settings.storage.state_dir / LAB_TOKEN_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")
