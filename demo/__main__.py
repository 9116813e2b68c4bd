"""`make demo`: a fresh cloud and a fresh agent, claimed and confirmed, until Ctrl-C."""

import argparse
import fcntl
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from agent.errors import AgentError
from cloud_stub.errors import BadConfiguration, CloudError
from demo.accounts import add_account, claim
from demo.house import (
    DidNotStart,
    Program,
    agent_program,
    answers,
    cloud_program,
    port_is_free,
    quoted,
    read_json,
)
from demo.owner import ApiRefusal, Owner

EMAIL = "demo@veilleur.example"
MODEL = "outdoor_gen3"
LOOK_EVERY_S = 0.5
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PORTS = ("cloud_port", "agent_port", "broker_port")
OWN_FILES = frozenset({"cloud.toml", "agent.toml"})
LOCAL_TIME = Path("/etc/localtime")
CLOUD = """[http]
port = {cloud_port}
[broker.embedded]
port = {broker_port}
[storage]
state_dir = {state_dir}
[lab]
enabled = true
"""
AGENT = """[module]
name = "Demo module"
state_dir = {state_dir}
trust_wall_clock = true
[recording]
post_roll_s = 3
retrigger_wait_s = 5
photo_period_s = 20
[drive]
emulated = {drive}
[diagnostics]
port = {agent_port}
[[camera]]
name = "Demo camera"
address = {camera}
model = "{model}"
"""


def main() -> int:
    """Run the demo; exit code 1 with a sentence when something is in the way."""
    options = _options()
    for number in ENDING:  # a shell starts background jobs with SIGINT ignored
        signal.signal(number, _interrupt)
    try:
        _check_ports(options)
        with _fresh_folder(options.folder.absolute()) as folder, _programs() as programs:
            _run(options, folder, programs)
    except (DidNotStart, ApiRefusal, AgentError, CloudError, BadConfiguration) as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


@contextmanager
def _programs() -> Iterator[list[Program]]:
    """Stop whatever was started, the newest first; impatience does not leave anything behind."""
    programs: list[Program] = []
    try:
        yield programs
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        with suppress(OSError):  # the terminal may be closed
            print("\nStopping.", flush=True)
        for program in reversed(programs):
            program.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--cloud-port", type=int, default=8400)
    parser.add_argument("--agent-port", type=int, default=8401)
    parser.add_argument("--broker-port", type=int, default=8402)
    parser.add_argument("--camera", default="emulated:garden")
    parser.add_argument("--folder", type=Path, default=Path("var/demo"))
    return parser.parse_args()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _check_ports(options: argparse.Namespace) -> None:
    taken: set[int] = set()
    for name in PORTS:
        port = getattr(options, name)
        if port in taken or not port_is_free(port):
            other = port + 1000 if port < 60_000 else port - 1000  # noqa: PLR2004 - ports end at 65,535
            raise DidNotStart(f"port {port} is taken: choose another with `make demo {name.upper()}={other}`.")
        taken.add(port)


def _run(options: argparse.Namespace, folder: Path, programs: list[Program]) -> None:
    url, password = f"http://127.0.0.1:{options.cloud_port}", secrets.token_urlsafe(9)
    cloud = cloud_program(
        folder,
        CLOUD.format(
            cloud_port=options.cloud_port, broker_port=options.broker_port, state_dir=quoted(folder / "cloud")
        ),
    )
    agent = agent_program(
        folder,
        AGENT.format(
            state_dir=quoted(folder / "agent"),
            drive=quoted(folder / "drive"),
            agent_port=options.agent_port,
            camera=quoted(_absolute(options.camera)),
            model=MODEL,
        ),
    )
    print("Starting the cloud, its broker and the agent ...", flush=True)
    add_account(folder, EMAIL, password, locale=_language(), time_zone=_time_zone())
    programs.append(cloud)
    cloud.start()
    cloud.wait_for(lambda: answers(f"{url}/healthz"), "it answered")
    owner = Owner(url, EMAIL, password)
    owner.log_in()
    claim(folder, url, owner.claim_code())
    programs.append(agent)
    agent.start()
    agent.wait_for(lambda: bool(owner.cameras()), "its camera was proposed to the cloud")
    owner.confirm(owner.cameras()[0]["camera_id"], MODEL)
    _say(options, url, password)
    _watch(owner, f"http://127.0.0.1:{options.agent_port}", programs)


def _say(options: argparse.Namespace, url: str, password: str) -> None:
    folder = options.folder
    key = (folder / "agent" / "diagnostics.key").read_text(encoding="ascii").strip()
    print(
        f"""
  Owner's page   {url}/clips
  log in as      {EMAIL}
  password       {password}
  Agent's page   http://127.0.0.1:{options.agent_port}/#unlock={key}

  1. Log in. When something moves, its clip appears by itself; open it while it is still being recorded.
  2. End the trial on {url}/plan and the next clip lands on the USB drive: {folder}/drive/drive
     (both pages say so at once; an emulated drive is a folder).
  3. Let 31 days pass; clips that are due leave the cloud:
     curl -H "Authorization: Bearer $(cat {folder}/cloud/lab-token)" \\
          --json '{{"advance_s": 2678400}}' {url}/api/v1/lab/clock

  Logs are in {folder}. Ctrl-C stops everything.
""",
        flush=True,
    )


def _watch(owner: Owner, agent_url: str, programs: list[Program]) -> None:
    """Tell of the first clip and of a camera that does not work, until something ends or a person wants it to."""
    seen, told = False, ""
    while True:
        for program in programs:
            if program.exit_code() is not None:
                raise DidNotStart(f"the {program.name} ended. The end of its log:\n{program.log_tail()}")
        with suppress(OSError):  # what ended is told above, with its log
            if not seen and (clips := owner.clips()):
                seen = True
                print(f"The first clip is there: {owner.url}/clips/{clips[0]['clip_id']}", flush=True)
            told = _tell_trouble(told, read_json(f"{agent_url}/api/v1/status")["cameras"][0])
        time.sleep(LOOK_EVERY_S)  # noqa: TID251 - a person is waiting, in real time


def _tell_trouble(told: str, camera: dict[str, Any]) -> str:
    """Say once what keeps the camera from working, and once that it works again; return what was said last."""
    trouble = str(camera["detail"] or camera["health_text"]) if camera["health"] in {"lost", "refused"} else ""
    if trouble and trouble != told:
        print(f"The camera does not work: {trouble}", flush=True)
    elif told and camera["health"] == "ok":
        print("The camera works again.", flush=True)
    return trouble or (told if camera["health"] == "starting" else "")


@contextmanager
def _fresh_folder(folder: Path) -> Iterator[Path]:
    """Empty the folder of an earlier demo and keep it for this one; what is not a demo's is never deleted."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DidNotStart(
                f"another demo runs in {folder}: stop it, or choose another folder with `make demo FOLDER=var/demo2`."
            ) from None
        if folder.exists():
            if any(folder.iterdir()) and not any((folder / name).exists() for name in OWN_FILES):
                raise DidNotStart(f"{folder} holds something else: choose another with `make demo FOLDER=var/demo2`.")
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        yield folder


def _language() -> str:
    """Return the language of this terminal, as far as the pages speak it."""
    wished = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if wished.startswith("fr") else "en"


def _time_zone() -> str:
    """Return this machine's time zone, so that the owner's page tells the time that the person's watch does."""
    _, found, zone = str(LOCAL_TIME.resolve()).partition("/zoneinfo/")
    return zone if found and "/" in zone else "Etc/UTC"


def _absolute(camera: str) -> str:
    """Make a file's path independent of the folder that the agent runs in."""
    path = Path(camera.removeprefix("file:").partition("?")[0])
    if camera.startswith(("rtsp:", "rtsps:", "emulated:")) or not path.exists():
        return camera
    return camera.replace(str(path), str(path.absolute()), 1)


if __name__ == "__main__":
    sys.exit(main())
