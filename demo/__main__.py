"""`make demo`: a fresh cloud and a fresh agent, claimed and confirmed, until Ctrl-C."""

import argparse
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from demo.house import (
    DidNotStart,
    Program,
    add_account,
    agent_program,
    answers,
    claim,
    cloud_program,
    port_is_free,
    quoted,
)
from demo.owner import Owner

FOLDER = Path("var/demo")
EMAIL = "demo@veilleur.example"
MODEL = "mini"
LOOK_EVERY_S = 0.5
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
photo_period_s = 60
[drive]
emulated = {drive}
[diagnostics]
port = {agent_port}
[[camera]]
name = "Demo camera"
address = {camera}
model = "mini"
"""


def main() -> int:
    """Run the demo; exit code 1 with a sentence when something is in the way."""
    options = _options()
    signal.signal(signal.SIGTERM, _interrupt)
    programs: list[Program] = []
    try:
        _run(options, programs)
    except DidNotStart as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopping.")
    finally:
        for program in reversed(programs):
            program.stop()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--cloud-port", type=int, default=8400)
    parser.add_argument("--agent-port", type=int, default=8401)
    parser.add_argument("--broker-port", type=int, default=8402)
    parser.add_argument("--camera", default="emulated:garden")
    return parser.parse_args()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(options: argparse.Namespace, programs: list[Program]) -> None:
    for name in ("cloud_port", "agent_port", "broker_port"):
        port = getattr(options, name)
        if not port_is_free(port):
            raise DidNotStart(f"port {port} is taken: choose another with `make demo {name.upper()}={port + 1000}`.")
    folder = _fresh_folder()
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
        ),
    )
    print("Starting the cloud, its broker and the agent ...", flush=True)
    add_account(folder, EMAIL, password)
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
    _watch(owner, programs)


def _say(options: argparse.Namespace, url: str, password: str) -> None:
    print(
        f"""
  Owner's page   {url}/clips
  log in as      {EMAIL}
  password       {password}
  Agent's page   http://127.0.0.1:{options.agent_port}/

  A trial covers the camera: what moves is in the clips within seconds, while it is still recorded.
  End the trial on {url}/plan and the next clip lands on the USB drive ({FOLDER}/drive/drive).
  Logs are in {FOLDER}. Ctrl-C stops everything.
""",
        flush=True,
    )


def _watch(owner: Owner, programs: list[Program]) -> None:
    seen = False
    while True:
        for program in programs:
            if program.exit_code() is not None:
                raise DidNotStart(f"the {program.name} ended. The end of its log:\n{program.log_tail()}")
        clips = [] if seen else owner.clips()
        if clips:
            seen = True
            print(f"The first clip is there: {owner.url}/clips/{clips[0]['clip_id']}", flush=True)
        time.sleep(LOOK_EVERY_S)  # noqa: TID251 - a person is waiting, in real time


def _fresh_folder() -> Path:
    folder = FOLDER.absolute()
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def _absolute(camera: str) -> str:
    """Make a file's path independent of the folder that the agent runs in."""
    path = Path(camera.removeprefix("file:").partition("?")[0])
    if camera.startswith(("rtsp:", "rtsps:", "emulated:")) or not path.exists():
        return camera
    return camera.replace(str(path), str(path.absolute()), 1)


if __name__ == "__main__":
    sys.exit(main())
