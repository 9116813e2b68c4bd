"""A whole small house as real processes: a Mosquitto with TLS, a cloud, an agent, an owner, and who listens to them."""

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from demo.accounts import add_account, claim
from demo.house import Program, agent_program, answers, cloud_program, quoted
from demo.owner import ApiRefusal, Owner
from hardware.drives.emulated import EmulatedDriveControl
from tests.broker.mosquitto import ADMIN_PASSWORD, MosquittoServer, start_mosquitto
from tests.ports import free_port
from tests.system.listener import Listener
from tests.waiting import wait_until

EMAIL, PASSWORD = "owner@veilleur.example", "a-password-for-tests"
SOON_S = 40.0
"""A deadline for what takes a few seconds; the promises themselves are measured by the benchmarks."""
OPEN = frozenset({"recording", "spooled"})

CLOUD = """[http]
port = {cloud_port}
[broker.mosquitto]
host = "127.0.0.1"
port = {broker_port}
ca_file = {ca_file}
password_file = {password_file}
[storage]
state_dir = {state_dir}
[lab]
enabled = true
{catalog}{mail}"""
MAIL = """[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "veilleur@example.org"
"""
AGENT = """[module]
name = "Test module"
model = {module_model}
state_dir = {state_dir}
trust_wall_clock = true
[recording]
pre_roll_s = 0.5
post_roll_s = 1
longest_clip_s = {longest_clip_s}
retrigger_wait_s = 0
photo_period_s = {photo_period_s}
segment_s = {segment_s}
[spool]
reserve_bytes = {reserve_bytes}
[drive]
emulated = {drive}
reserve_bytes = 1000000
[diagnostics]
port = {agent_port}
"""
CAMERA = """[[camera]]
name = {name}
address = {address}
model = {model}
"""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of the module, and the model that its owner will confirm."""

    name: str
    address: str
    model: str = "mini"


@dataclass(frozen=True, slots=True)
class Wish:
    """What stands there; `account` is what differs in NewAccount, `catalog` a folder, `mail_port` a server's."""

    cameras: tuple[Camera, ...]
    module_model: str = "sync_module_2"
    account: Mapping[str, object] = field(default_factory=dict)
    longest_clip_s: float = 2.0
    photo_period_s: float = 3600.0
    segment_s: float = 60.0
    catalog: Path | None = None
    mail_port: int | None = None


@dataclass
class House:
    """One running house; everything in it stands below `folder`."""

    folder: Path
    wish: Wish
    broker: MosquittoServer
    cloud: Program
    agent: Program
    owner: Owner
    drive: EmulatedDriveControl
    agent_url: str
    listener: Listener | None = None
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def agent_config(self) -> Path:
        return self.folder / "agent.toml"

    @property
    def spool(self) -> Path:
        return self.folder / "agent" / "spool"

    @property
    def identity(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "agent" / "identity.json").read_text(encoding="utf-8"))
        return document

    @property
    def module_id(self) -> str:
        return str(self.identity["module_id"])

    def listen(self) -> None:
        """Listen to the module that the house has now."""
        if self.listener is not None:
            self.listener.close()
        self.listener = Listener(self.broker, self.module_id)

    def start_cloud(self) -> None:
        """Start the cloud and wait until it answers and has its broker session."""
        self.cloud.start()
        self.cloud.wait_for(self._cloud_is_well, "it was well")

    def start_agent(self) -> None:
        """Start the agent and wait until its diagnostics answer."""
        self.agent.start()
        self.agent.wait_for(lambda: answers(self.agent_url + "/healthz"), "it answered")

    def restart_agent(self, cameras: Sequence[Camera] = (), **settings: object) -> None:
        """Stop the agent and start it with other settings."""
        self.agent.stop()
        self.write_agent_settings(cameras, **settings)
        self.start_agent()

    def write_agent_settings(self, cameras: Sequence[Camera] = (), **settings: object) -> None:
        """Write the agent's configuration anew, with these differences."""
        port = self.agent_url.rpartition(":")[2]
        self.agent_config.write_text(
            agent_settings(self.folder, self.wish, port, cameras, **settings), encoding="utf-8"
        )

    def confirm(self, *names: str) -> None:
        """Confirm cameras by name (all of the wish without names), as soon as the module has proposed them."""
        for camera in self.wish.cameras:
            if not names or camera.name in names:
                self.owner.confirm(self.camera_id(camera.name), camera.model)

    def camera_id(self, name: str) -> str:
        """Return a camera's id, once the module has proposed it."""
        if name not in self.ids:
            found = wait_until(
                lambda: [camera for camera in self.owner.cameras() if camera["name"] == name],
                SOON_S,
                f"camera {name} was proposed; the agent's log:\n{self.agent.log_tail()}",
            )
            self.ids[name] = str(found[0]["camera_id"])
        return self.ids[name]

    def arm(self, *, armed: bool) -> None:
        """Let the owner arm or disarm the module, and wait until it has; a command reaches only who is connected."""
        wait_until(
            lambda: self._cloud_is_well() and self.status()["broker"]["connected"], 90, "cloud and module are connected"
        )
        wait_until(lambda: self._took_arm(armed=armed), 90, f"the module took the command to be armed: {armed}")
        wait_until(lambda: self.status()["armed"] is armed, SOON_S, f"armed is {armed}")

    def _took_arm(self, *, armed: bool) -> bool:
        """Send the command; False where the cloud has not yet heard that the module is back."""
        try:
            path = f"/api/v1/modules/{self.module_id}/commands"
            self.owner.call("POST", path, {"name": "arm", "arguments": {"armed": armed}})
        except ApiRefusal as refusal:
            if refusal.code not in {"module_offline", "broker_away", "module_silent"}:
                raise
            return False
        return True

    def status(self) -> dict[str, Any]:
        """Return what the agent's page shows."""
        return get_json(self.agent_url + "/api/v1/status")

    def page(self) -> str:
        """Return the agent's page."""
        return get(self.agent_url + "/")[1].decode()

    def ledger(self) -> list[dict[str, Any]]:
        """Return every row of the agent's ledger, newest first."""
        return list(get_json(self.agent_url + "/api/v1/ledger?limit=1000")["clips"])

    def row(self, clip_id: str) -> dict[str, Any]:
        """Return one row of the agent's ledger."""
        return next(row for row in self.ledger() if row["clip_id"] == clip_id)

    def new_clip(self, name: str, phases: Sequence[str] = ()) -> dict[str, Any]:
        """Wait for a clip of this camera that opens from now on, in one of these phases if there are any."""
        known = {row["clip_id"] for row in self.ledger()}

        def opened() -> list[dict[str, Any]]:
            rows = [row for row in self.ledger() if row["clip_id"] not in known and row["camera"] == name]
            return [row for row in rows if not phases or row["phase"] in phases]

        return wait_until(opened, SOON_S, f"a new clip of {name}; the agent's log:\n{self.agent.log_tail(30)}")[-1]

    def ended(self, clip_id: str, deadline_s: float = SOON_S) -> dict[str, Any]:
        """Wait until a clip is stored, not kept, held or lost; return its row."""

        def row() -> dict[str, Any] | None:
            found = self.row(clip_id)
            return None if found["phase"] in OPEN else found

        what = f"clip {clip_id} has ended; the agent's log:\n"
        return wait_until(row, deadline_s, what) or {}

    def words(self, name: str) -> tuple[str, str, str | None]:
        """Return where the agent says that this camera's clips go now: sink, reason, blocked_by."""
        camera = next(camera for camera in self.status()["cameras"] if camera["name"] == name)
        return camera["sink"], camera["reason"], camera["blocked_by"]

    def wait_for_words(self, name: str, words: tuple[str, str, str | None], deadline_s: float = 20.0) -> None:
        """Wait until this camera's clips go there."""
        wait_until(lambda: self.words(name) == words, deadline_s, f"{name} goes to {words}, not {self.words(name)}")

    def at_cloud(self, clip_id: str) -> dict[str, Any] | None:
        """Return what the cloud tells the module of a clip; `None` when it never saw it."""
        bearer = f"{self.module_id}.{self.identity['secret']}"
        status, content = get(f"{self.owner.url}/api/v1/module/clips/{clip_id}", {"Authorization": f"Bearer {bearer}"})
        document: dict[str, Any] = json.loads(content)
        return None if status == 404 else document

    def places(self, row: Mapping[str, Any]) -> list[str]:
        """Return every place where a file with this clip's hash stands: `cloud`, `drive`, `spool`.

        Two clips of one looped video may be equal to the last byte, so a file that names another clip does not count.
        """
        others = {other["clip_id"] for other in self.ledger()} - {row["clip_id"]}
        roots = {"cloud": self.folder / "cloud", "drive": self.folder / "drive", "spool": self.spool}
        return [
            place
            for place, root in roots.items()
            for path, sha256 in hashes_below(root)
            if sha256 == row["sha256"] and not any(other in path.name for other in others)
        ]

    def settle(self, deadline_s: float = 60.0) -> list[dict[str, Any]]:
        """Disarm, wait until nothing is on its way any more, and return the ledger."""
        self.arm(armed=False)

        def at_rest() -> list[dict[str, Any]]:
            rows = self.ledger()
            return [] if any(row["phase"] in {*OPEN, "held"} for row in rows) else rows

        return wait_until(at_rest, deadline_s, f"every clip has ended; the agent's log:\n{self.agent.log_tail(30)}")

    def lab(self, wish: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Read the lab's clock, or steer it."""
        token = (self.folder / "cloud" / "lab-token").read_text(encoding="ascii")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = None if wish is None else json.dumps(wish).encode()
        status, content = get(self.owner.url + "/api/v1/lab/clock", headers, body, timeout_s=60)
        assert status == 200, content
        document: dict[str, Any] = json.loads(content)
        return document

    def lab_now(self) -> datetime:
        """Return what time it is in the lab."""
        return datetime.fromisoformat(self.lab()["now"])

    def advance(self, by: timedelta) -> datetime:
        """Advance the lab's clock, and wait until the agent lives by it; return what time it is then."""
        now = datetime.fromisoformat(self.lab({"advance_s": by.total_seconds()})["now"])
        wait_until(lambda: datetime.fromisoformat(self.status()["at"]) >= now, SOON_S, f"the agent is at {now}")
        return now

    def _cloud_is_well(self) -> bool:
        try:
            status, content = get(self.owner.url + "/healthz")
        except OSError:
            return False
        return status == 200 and bool(json.loads(content)["broker_up"])


@contextmanager
def open_house(folder: Path, wish: Wish) -> Iterator[House]:
    """Start broker and cloud, make the account and claim the module; the agent is not started. Everything ends."""
    folder.mkdir(parents=True, exist_ok=True)
    broker = start_mosquitto(folder / "broker")
    house = _house(folder, wish, broker)
    try:
        add_account(folder, EMAIL, PASSWORD, **wish.account)
        house.start_cloud()
        house.owner.log_in()
        claim(folder, house.owner.url, house.owner.claim_code())
        house.listen()
        yield house
    finally:
        if house.listener is not None:
            house.listener.close()
        house.agent.stop()
        house.cloud.stop()
        broker.stop()


@contextmanager
def open_running_house(folder: Path, wish: Wish, confirmed: Sequence[str] = ()) -> Iterator[House]:
    """Do the same, start the agent and confirm its cameras (all of them without names)."""
    with open_house(folder, wish) as house:
        house.start_agent()
        house.confirm(*confirmed)
        yield house


def _house(folder: Path, wish: Wish, broker: MosquittoServer) -> House:
    password_file = folder / "broker-password"
    password_file.touch(mode=0o600)
    password_file.write_text(ADMIN_PASSWORD, encoding="utf-8")
    cloud_port, agent_port = free_port(), free_port()
    cloud = CLOUD.format(
        cloud_port=cloud_port,
        broker_port=broker.port,
        ca_file=quoted(broker.ca_path),
        password_file=quoted(password_file),
        state_dir=quoted(folder / "cloud"),
        catalog=f"[catalog]\nfolder = {quoted(wish.catalog)}\n" if wish.catalog else "",
        mail=MAIL.format(port=wish.mail_port) if wish.mail_port else "",
    )
    agent = agent_settings(folder, wish, str(agent_port))
    return House(
        folder=folder,
        wish=wish,
        broker=broker,
        cloud=cloud_program(folder, cloud),
        agent=agent_program(folder, agent),
        owner=Owner(f"http://127.0.0.1:{cloud_port}", EMAIL, PASSWORD),
        drive=EmulatedDriveControl(folder / "drive"),
        agent_url=f"http://127.0.0.1:{agent_port}",
    )


def agent_settings(
    folder: Path, wish: Wish, agent_port: str, cameras: Sequence[Camera] = (), **differences: object
) -> str:
    """Return the agent's configuration."""
    settings: dict[str, object] = {
        "module_model": quoted(wish.module_model),
        "state_dir": quoted(folder / "agent"),
        "longest_clip_s": wish.longest_clip_s,
        "photo_period_s": wish.photo_period_s,
        "segment_s": wish.segment_s,
        "reserve_bytes": 1_000_000,
        "drive": quoted(folder / "drive"),
        "agent_port": agent_port,
        **differences,
    }
    text = AGENT.format(**settings)
    for camera in cameras or wish.cameras:
        text += CAMERA.format(name=quoted(camera.name), address=quoted(camera.address), model=quoted(camera.model))
    return text


def hashes_below(root: Path) -> Iterator[tuple[Path, str]]:
    """Hash every file below a folder; one that leaves meanwhile is not there."""
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        try:
            if path.is_file():
                yield path, hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:
            continue


def get(
    url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None, timeout_s: float = 20.0
) -> tuple[int, bytes]:
    """Return status and body of a call (POST with a body); OSError without an answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - our own loopback addresses
    try:
        with opener.open(request, timeout=timeout_s) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def get_json(url: str) -> dict[str, Any]:
    """Return a JSON document."""
    status, content = get(url)
    assert status == 200, content
    document: dict[str, Any] = json.loads(content)
    return document
