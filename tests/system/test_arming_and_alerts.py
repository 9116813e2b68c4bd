"""Alerts and arming end to end: a street that never rests, a real mail server, and an owner who wants some peace."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.adapters.smtp_sink import Sink, open_sink
from tests.rtsp.server import RtspServer
from tests.system.house import EMAIL, SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

TRIAL = ("cloud", "trial", None)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@contextmanager
def mail_server() -> Iterator[Sink]:
    """Run the sink in a thread of its own."""
    loop, opened, sinks = asyncio.new_event_loop(), threading.Event(), list[Sink]()
    over = asyncio.Event()

    async def serve() -> None:
        async with open_sink() as sink:
            sinks.append(sink)
            opened.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert opened.wait(20)
        yield sinks[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(20)
        loop.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with mail_server() as opened:
        yield opened


def tell(house: House, name: str, arguments: dict[str, object]) -> None:
    path = f"/api/v1/modules/{house.module_id}/commands"
    done = house.owner.call("POST", path, {"name": name, "arguments": arguments})
    assert done["ok"], done


def alerts(house: House) -> list[dict[str, Any]]:
    return list(house.owner.call("GET", "/api/v1/alerts"))


def next_motion(house: House) -> dict[str, Any]:
    """Wait for the next motion that the module tells of."""
    assert house.listener is not None
    known = len(house.listener.events("motion", phase="started"))
    listener = house.listener
    heard = wait_until(lambda: listener.events("motion", phase="started")[known:], SOON_S, "something moves")
    return dict(heard[0])


def test_motion_mails_once_and_r101_a_snooze_that_outlives_a_restart_mutes_it(
    sink: Sink, street: RtspServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """R101: a snooze ends alerts and not the recording; it is kept over a restart, and alerts come back at its end."""
    wish = Wish((Camera("Street", street.url),), mail_port=sink.port)
    with open_running_house(tmp_path_factory.mktemp("alerts"), wish) as house:
        house.wait_for_words("Street", TRIAL)
        camera_id = house.camera_id("Street")
        house.arm(armed=True)
        wait_until(lambda: alerts(house), SOON_S, "a motion is listed")
        assert {each["verdict"] for each in alerts(house)} == {"mail_off"}, "nobody asked for mail yet"

        house.owner.call("PUT", f"/api/v1/cameras/{camera_id}/alerts", {"mail": "motion", "every_minutes": 5})
        wait_until(lambda: sink.mails, SOON_S, f"a mail came; the cloud's log:\n{house.cloud.log_tail(30)}")
        check_mail(house, sink)
        what = "later motion is listed and not mailed"
        wait_until(lambda: "too_soon" in {each["verdict"] for each in alerts(house)}, SOON_S, what)
        assert len(sink.mails) == 1

        house.arm(armed=True)
        tell(house, "snooze", {"minutes": 60})
        house.advance(timedelta(minutes=10))
        assert next_motion(house)["snoozed_until"] is not None
        house.agent.stop()
        house.start_agent()
        wait_until(lambda: house.status()["broker"]["connected"], SOON_S, "the module is back")
        muted = next_motion(house)
        assert muted["snoozed_until"] is not None, "the snooze outlived the restart"
        assert muted["clip_id"] is not None, "it is recorded all the same"
        listed = {each["clip_id"] for each in alerts(house)}
        assert muted["clip_id"] not in listed
        assert len(sink.mails) == 1

        house.advance(timedelta(minutes=51))
        wait_until(lambda: len(sink.mails) > 1, SOON_S, "alerts are back when the snooze is over")
        assert len(sink.mails) == 2


def check_mail(house: House, sink: Sink) -> None:
    mail = sink.mails[0]
    assert (mail["To"], mail["Subject"]) == (EMAIL, "Street: motion")
    mailed = next(each for each in alerts(house) if each["verdict"] == "mail")
    text, *pictures = mail.iter_parts() if mail.is_multipart() else [mail]
    assert f"{house.owner.url}/clips/{mailed['clip_id']}" in text.get_content()
    assert [part.get_content_type() for part in pictures] == ["image/jpeg"], "the clip's poster came in time"
    assert pictures[0].get_content().startswith(b"\xff\xd8")
    wait_until(lambda: any(each["mail_state"] == "sent" for each in alerts(house)), SOON_S, "it is marked as sent")


def test_a_schedule_arms_and_disarms_at_its_steps_on_the_labs_clock(
    tmp_path_factory: pytest.TempPathFactory, street: RtspServer
) -> None:
    with open_running_house(tmp_path_factory.mktemp("schedule"), Wish((Camera("Street", street.url),))) as house:
        house.wait_for_words("Street", TRIAL)
        house.arm(armed=True)
        now = house.lab_now().astimezone(UTC)
        first = now.replace(minute=0, second=0, microsecond=0) + timedelta(minutes=15 * (now.minute // 15 + 2))
        second = first + timedelta(minutes=15)
        steps = [step(first, armed=False), step(second, armed=True)]
        tell(house, "schedule", {"time_zone": "Etc/UTC", "steps": steps})
        page = f"/modules/{house.module_id}/schedule"
        wait_until(lambda: b"Disarms at" in house.owner.fetch("GET", page), SOON_S, "the page says what comes next")
        assert house.status()["armed"] is True

        house.advance(first - house.lab_now())
        wait_until(lambda: house.status()["armed"] is False, SOON_S, "its step disarmed it")
        house.agent.stop()
        house.start_agent()
        assert house.status()["armed"] is False, "a restart between two steps changes nothing"
        house.advance(second - house.lab_now())
        wait_until(lambda: house.status()["armed"] is True, SOON_S, "its next step armed it")


def step(at: datetime, *, armed: bool) -> dict[str, object]:
    return {"day": DAYS[at.weekday()], "at": f"{at:%H:%M}", "armed": armed}
