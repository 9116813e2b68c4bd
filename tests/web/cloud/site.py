"""A whole cloud for the tests of its pages and API: records, leases, uploads and media behind a real web server."""

import asyncio
import hashlib
import json
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from aiohttp import ClientSession, CookieJar, web
from argon2 import PasswordHasher

from cloud_stub.adapters.blobs_obstore import blobs_in_folder
from cloud_stub.adapters.clock_lab import SteeredClock
from cloud_stub.adapters.lease_signer_jwt import JwtLeaseSigner
from cloud_stub.adapters.messages_recorded import RecordedMessages
from cloud_stub.adapters.passwords_argon2 import Argon2Passwords
from cloud_stub.adapters.payments_recorded import RecordedPayments
from cloud_stub.adapters.posters_pyav import PyavPosters
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.catalog import load_catalogs
from cloud_stub.catalog.reader import FOLDER
from cloud_stub.composition.drive_clips import lend_drive_clips
from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.records import Account, Module
from cloud_stub.domain.store_records import Link, StoreAccount
from cloud_stub.flow.account_login import AccountLogin
from cloud_stub.flow.broker_to_records import BrokerToRecords
from cloud_stub.flow.claim_module import ClaimDesk, ClaimRequest, Reach
from cloud_stub.flow.clip_permission import ClipPermission
from cloud_stub.flow.clock_to_due import DueDesk
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.flow.confirm_camera import CameraDesk, CameraProposal
from cloud_stub.flow.drive_to_owner import DriveToOwner
from cloud_stub.flow.history_to_drive import HistoryToDrive
from cloud_stub.flow.lab_to_clock import LabDesk, open_lab
from cloud_stub.flow.live_relay import LiveRelay
from cloud_stub.flow.media_flows import MediaFlows, MediaPorts, MediaRules, media_flows
from cloud_stub.flow.notices_to_owner import MAIL, NoticeDesk
from cloud_stub.flow.plan_desks import plan_desks
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.share_clip import ShareDesk
from cloud_stub.flow.store_desks import store_desks
from cloud_stub.flow.upload_to_clip import UploadLimits
from cloud_stub.ports import Clock
from cloud_stub.web.app import cloud_app
from cloud_stub.web.drive_copy_routes import DriveCopyRoutes
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
from tests.broker.memory import MemoryBroker, MemoryCloudBroker
from tests.manual_clock import ManualClock
from tests.waiting import wait_until_async

START = datetime(2026, 3, 14, 17, 42, 10, tzinfo=UTC)
ACCOUNT = "9a1b7c52-61a5-4c0e-8c3f-7d2f5b9e0b02"
EMAIL = "owner@example.org"
PASSWORD = "a quiet street at night"
PUBLIC_URL = "http://127.0.0.1:8400"
LAB_TOKEN = "lab-token-of-the-tests"
CAMERAS = UUID("c0a80101-7b1e-4a55-8d5e-11aa22bb33c1")
TUS = {"Tus-Resumable": "1.0.0"}
CATALOG_FOLDER = Path(os.environ.get("VEILLEUR_TEST_CATALOGS", FOLDER))
"""The project's catalogs; a run that proves that the tests of rules can fail names others."""
CATALOGS = load_catalogs(CATALOG_FOLDER)
APPROVES = "tok_approve"


@dataclass
class ClaimedModule:
    """A module as its device knows it."""

    module_id: str
    secret: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.module_id}.{self.secret}"}


@dataclass
class Site:
    """The running cloud with shorthands of what owners and modules do."""

    url: str
    records: SqlRecords
    clock: ManualClock
    services: OwnerServices
    media: MediaFlows
    broker: MemoryBroker
    cloud_broker: MemoryCloudBroker
    app: web.Application
    broker_up: list[bool]
    records_file: Path
    mails: RecordedMessages
    notices: NoticeDesk
    history: HistoryToDrive
    lent: DriveToOwner
    clips: int = field(default=0)

    def client(self, headers: Mapping[str, str] | None = None) -> ClientSession:
        """Return a client without cookies of its own yet; loopback cookies are kept."""
        return ClientSession(self.url, cookie_jar=CookieJar(unsafe=True), headers=headers)

    async def add_account(
        self,
        account_id: str = ACCOUNT,
        email: str = EMAIL,
        *,
        created_on: date = date(2024, 5, 2),
        region: str = "FR",
        locale: str = "en",
        linked: bool = True,
        vendor: str = "blink",
    ) -> str:
        """Add an owner's account; `linked`: with a store account, where its vendor sells through one."""
        hashed = await self.services.login._passwords.hash(PASSWORD)
        account = Account(account_id, email, hashed, vendor, region, created_on, "Europe/Paris", None, locale)
        async with self.records.writing() as records:
            await records.accounts.add(account)
        if linked and self.services.catalogs.in_force(vendor, self.clock.now()).linking is not None:
            await self.link_store(account)
        return account_id

    async def link_store(self, account: Account, token: str = APPROVES) -> str:
        """Give an account a store account of its region that is linked to it and pays with a token."""
        store_id, now = f"store-{account.account_id}", self.clock.now()
        marketplace = CATALOGS.in_force(account.vendor, now).region(account.region).marketplace or ""
        method = await self.services.payments.register(store_id, token)
        hashed, zone = account.password_hash, account.time_zone
        async with self.records.writing() as records:
            await records.store.add_account(
                StoreAccount(
                    store_id, account.email, hashed, marketplace, business=False, time_zone=zone, created_at=now
                )
            )
            await records.store.put_link(Link(f"link-{account.account_id}", account.account_id, store_id, now))
            await records.billing.put_payment_method(method)
        return store_id

    async def log_in(self, client: ClientSession, email: str = EMAIL) -> str:
        """Log a client in over the API and return its CSRF token."""
        async with client.post("/api/v1/session", json={"email": email, "password": PASSWORD}) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["csrf_token"])

    async def claim(self, name: str = "Garage", model: str = "sync_module_2", account: str = ACCOUNT) -> ClaimedModule:
        shown, _ = await self.services.claims.create_code(account)
        reply = await self.services.claims.claim(ClaimRequest(shown, model, name, "veilleur-agent 0.1.0"), "test")
        return ClaimedModule(str(reply["module_id"]), str(reply["secret"]))

    async def propose(self, module: ClaimedModule, number: int, name: str, model: str) -> str:
        camera_id = str(uuid5(CAMERAS, str(number)))
        proposal = CameraProposal(name, model, "emulated")
        await self.services.cameras.propose(await self.module(module), camera_id, proposal)
        return camera_id

    async def camera(self, module: ClaimedModule, number: int, name: str, model: str, account: str = ACCOUNT) -> str:
        camera_id = await self.propose(module, number, name, model)
        await self.services.cameras.confirm(account, camera_id, model)
        return camera_id

    async def module(self, claimed: ClaimedModule) -> Module:
        async with self.records.reading() as records:
            module = await records.modules.get(claimed.module_id)
        assert module is not None
        return module

    async def goes_online(self, claimed: ClaimedModule, state: Mapping[str, Any]) -> None:
        """Let a module be online with a state document (what the broker's messages lead to)."""
        module = await self.module(claimed)
        async with self.records.writing() as records:
            await records.modules.update(
                replace(module, online=True, session=7, state=json.dumps(state), state_at=self.clock.now())
            )

    async def set_state(self, claimed: ClaimedModule, text: str) -> None:
        """Keep any text as what a module said last."""
        module = await self.module(claimed)
        async with self.records.writing() as records:
            await records.modules.update(replace(module, state=text))

    @asynccontextmanager
    async def answering(self, claimed: ClaimedModule, **said: object) -> AsyncIterator[list[dict[str, Any]]]:
        """Run the cloud's broker session, and a module that answers every command with `said`; yield the commands."""
        link = BrokerToRecords(
            self.records,
            self.cloud_broker,
            self.clock,
            self.services.leases.reissue,
            lambda _kept: None,
            lambda: 0.0,
            self.services.commands.take_result,
        )
        heard: list[dict[str, Any]] = []
        at_module, _ = self.broker.connect(claimed.module_id, None)
        prefix = f"veilleur/v1/{claimed.module_id}/"
        self.broker.subscribe(at_module, prefix + "cmd/+")
        birth = json.dumps({"status": "online", "session": 7}).encode()
        self.broker.publish(at_module, prefix + "availability", birth, retain=True)
        async with self.records.writing() as records:
            await records.modules.update(replace(await self.module(claimed), online=False))

        async def answer() -> None:
            while True:
                topic, payload, _ = await at_module.queue.get()
                heard.append(json.loads(payload))
                result = {"id": heard[-1]["id"], "name": heard[-1]["name"], **said}
                self.broker.publish(at_module, f"{topic}/result", json.dumps(result).encode(), retain=False)

        async def online() -> bool:
            return (await self.module(claimed)).online

        tasks = [asyncio.ensure_future(link.run()), asyncio.ensure_future(answer())]
        await wait_until_async(online, 20.0, "the module is online")
        try:
            yield heard
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def state(
        self, claimed: ClaimedModule, cameras: Mapping[str, Mapping[str, Any]], drive: str
    ) -> dict[str, Any]:
        """Return a state document as a module sends it, knowing its newest lease."""
        golden = json.loads((Path(__file__).parents[2] / "contract" / "state_v1.json").read_text())
        template = next(iter(golden["cameras"].values()))
        async with self.records.reading() as records:
            lease = await records.leases.newest(claimed.module_id)
        golden["lease"]["seq"] = lease.seq if lease else None
        golden["drive"]["state"] = drive
        golden["cameras"] = {camera_id: {**template, "phase": "idle", **said} for camera_id, said in cameras.items()}
        return dict(golden)

    async def upload(
        self,
        claimed: ClaimedModule,
        camera_id: str,
        media: bytes,
        captured_at: datetime,
        *,
        kind: str = "clip",
        reason: str = "",
        whole: bool = True,
    ) -> str:
        """Upload a clip over tus as a module does; `whole=False` leaves it growing. Return its id."""
        self.clips += 1
        clip_id = str(uuid5(UUID(claimed.module_id), str(self.clips)))
        metadata = await self._metadata(claimed, camera_id, clip_id, captured_at, kind, reason)
        async with self.client(claimed.bearer) as client:
            headers = {**TUS, "Upload-Defer-Length": "1", "Upload-Metadata": metadata}
            async with client.post("/files/", headers=headers) as made:
                assert made.status == 201, await made.text()
                location = made.headers["Location"]
            await self.append(client, location, media, 0, whole=whole)
        return clip_id

    async def append(self, client: ClientSession, location: str, media: bytes, offset: int, *, whole: bool) -> None:
        """Send bytes of an upload; the last ones state its length."""
        headers = {
            **TUS,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": "sha256 " + b64encode(hashlib.sha256(media).digest()).decode(),
        }
        if whole:
            headers["Upload-Length"] = str(offset + len(media))
        async with client.patch(location, data=media, headers=headers) as sent:
            assert sent.status == 204, await sent.text()

    async def _metadata(
        self, claimed: ClaimedModule, camera_id: str, clip_id: str, captured_at: datetime, kind: str, reason: str
    ) -> str:
        async with self.records.reading() as records:
            lease = await records.leases.newest(claimed.module_id)
        assert lease is not None
        its = json.loads(lease.claims)["cameras"][camera_id]
        pairs = {
            "clip_id": clip_id,
            "camera_id": camera_id,
            "kind": kind,
            "clip_reason": reason or ("photos" if kind == "photo" else "motion"),
            "captured_at": captured_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "clock_trusted": "true",
            "lease_seq": str(lease.seq),
            "grant": its["grant"] or "",
            "sink": its["storage"]["kind"],
            "filetype": "image/jpeg" if kind == "photo" else "video/mp4",
        }
        return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in pairs.items())


@asynccontextmanager
async def open_site(
    folder: Path, *, lab: bool = False, public_url: str = "", catalogs: Catalogs = CATALOGS
) -> AsyncIterator[Site]:
    """Run a cloud on a free port of loopback until the context ends."""
    records = await open_records(folder / "cloud.sqlite")
    real = ManualClock(START)
    clock: Clock = SteeredClock(await open_lab(records, real.now), real) if lab else real
    staging = FileStaging(folder / "staging", reserve_bytes=0)
    staging.prepare()
    flows = media_flows(
        MediaPorts(records, staging, blobs_in_folder(folder / "blobs"), PyavPosters()),
        MediaRules(
            now=clock.now,
            real_now=real.now,
            auto_delete_days=lambda a: auto_delete_in_force(catalogs.in_force(a.vendor, clock.now()), a),
            limits=UploadLimits(),
            when_full=lambda a: catalogs.in_force(a.vendor, clock.now()).quota_when_full,
        ),
    )
    runner, site = await _start(folder, records, clock, real, flows, public_url=public_url, lab=lab, catalogs=catalogs)
    try:
        yield site
    finally:
        await runner.cleanup()
        await flows.close()
        await records.close()


async def _start(
    folder: Path,
    records: SqlRecords,
    clock: Clock,
    real: ManualClock,
    flows: MediaFlows,
    *,
    public_url: str,
    lab: bool,
    catalogs: Catalogs,
) -> tuple[web.AppRunner, Site]:
    signer, broker = JwtLeaseSigner(folder), MemoryBroker()
    cloud_broker = MemoryCloudBroker(broker)
    desk = LeaseDesk(records, catalogs, signer, clock, real.now)
    money = plan_desks(desk, RecordedPayments(folder / "payments.jsonl"))
    mails = RecordedMessages(folder / "mails.jsonl")
    notices = NoticeDesk(desk, {MAIL: mails}, letter_writer(Languages(), public_url or PUBLIC_URL), real)
    due = DueDesk(desk, money, flows.retention.next_deletion_at, flows.retention.sweep, notices)
    passwords = Argon2Passwords(PasswordHasher(1, 64, 1))
    login = AccountLogin(records, real, passwords, real.now)
    broker_up = [True]
    settings = WebSettings(
        public_url=public_url or PUBLIC_URL,
        listen_host="127.0.0.1",
        sign_up=True,
        vendors=("blink",),
        software="0.1.0",
        lab_token=LAB_TOKEN if lab else None,
    )
    auth = SessionAuth(login, secure=settings.secure)
    services = OwnerServices(
        records=records,
        clock=clock,
        catalogs=catalogs,
        settings=settings,
        login=login,
        auth=auth,
        leases=desk,
        claims=ClaimDesk(
            desk, broker, signer, Reach(settings.public_url, "127.0.0.1", 8402, broker_tls=False, ca_pem=None)
        ),
        cameras=CameraDesk(desk),
        plans=money.plans,
        purchases=money.purchases,
        cancels=money.cancels,
        payments=money.payments,
        store=store_desks(desk, money, login, passwords, real),
        commands=CommandsToModules(records, cloud_broker, clock),
        delete_clip=flows.retention.delete_by_owner,
        health=CloudHealth(records, lambda: broker_up[0]),
        lab=LabDesk(records, clock, due, real.now) if isinstance(clock, SteeredClock) else None,
    )
    resolver = module_from_request(records)
    history = HistoryToDrive(records, services.commands, clock)
    permission = ClipPermission(records, catalogs, clock)
    app = cloud_app(
        services,
        [
            TusRoutes(flows.uploads, resolver),
            MediaRoutes(flows.serve, flows.retention, auth.owner_account, permission.check),
            ShareRoutes(ShareDesk(permission), flows.serve),
            DriveCopyRoutes(history, flows.serve, resolver),
            LiveRoutes(LiveRelay(records, services.commands, real), resolver),
            ModuleClipRoutes(flows.status, flows.photos, resolver),
        ],
    )
    lent = lend_drive_clips(services.commands, real, folder, app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    url = f"http://127.0.0.1:{port}"
    site = Site(
        url,
        records,
        real,
        services,
        flows,
        broker,
        cloud_broker,
        app,
        broker_up,
        folder / "cloud.sqlite",
        mails,
        notices,
        history,
        lent,
    )
    return runner, site
