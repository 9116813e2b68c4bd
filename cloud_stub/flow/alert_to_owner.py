"""From a motion that a module tells of to a mail in its owner's box, with a picture if one is there in time.

What becomes of a motion is decided and kept in the transaction that takes the module's event, so that an event that
comes twice, and a restart, write no second mail. Whether it is still wanted is judged again before it is sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NoReturn

import structlog

from cloud_stub.domain.alert_decision import (
    NEVER_LISTED,
    SAME_MOTION_WITHIN,
    SENT_WITHIN,
    MotionTold,
    decide,
    read_motion,
    still_wanted,
)
from cloud_stub.domain.alert_records import MINUTES, Alert, AlertSettings, AlertVerdict, MailState
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.records import Account, Camera, LogEntry, Module
from cloud_stub.errors import CloudError
from cloud_stub.flow.notices_to_owner import Letter
from cloud_stub.flow.plan_to_invoice import derived_id
from cloud_stub.ports import Clock, Messages, MessagesAway, Records, Transaction

AT_ONCE: Final = 50
PICTURE_WITHIN_S: Final = 10.0
LOOK_FOR_PICTURE_S: Final = 0.5
CARRIER_RESTS_S: Final = 30.0
LOOK_AGAIN_S: Final = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What a mail says; `clip_id` is empty where the cloud has no clip of the motion."""

    camera: str
    person: bool
    at: datetime
    clip_id: str
    every_minutes: int


Write = Callable[[AlertFacts, Account], Letter]
"""Puts facts into the language and time zone of an account."""
Picture = Callable[[str, str], Awaitable[bytes | None]]
"""Returns the picture of a clip, by account and clip id; `None` while there is none."""


@dataclass(slots=True)
class AlertDesk:
    """Decides, keeps and sends. `now` is civil time; `real` never moves with a lab."""

    records: Records
    carrier: Messages
    write: Write
    picture: Picture
    now: Callable[[], datetime]
    real: Clock
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _seen_at_s: dict[str, float] = field(default_factory=dict)

    async def take(self, records: Transaction, module: Module, kind: str, payload: bytes) -> None:
        """Keep what becomes of a motion event, in the transaction that takes it; nothing for any other event."""
        told = read_motion(payload) if kind == "motion" else None
        camera = None if told is None else await records.modules.camera(told.camera_id)
        if told is None or camera is None or camera.module_id != module.module_id:
            return
        alert_id = derived_id("alert", f"{module.module_id}/{told.event_id}")
        if await records.alerts.get(alert_id) is not None:
            return
        earlier = await self._earlier(records, told) if told.is_person else None
        settings = await _settings(records, camera)
        now = self.now()
        mailed_at = await records.alerts.mailed_at(camera.camera_id, now - timedelta(minutes=max(MINUTES)))
        verdict = decide(told, settings, earlier, mailed_at, now)
        if verdict is AlertVerdict.TOLD_ALREADY and earlier is not None:
            await records.alerts.put(replace(earlier, person=True))
            return
        if verdict is not AlertVerdict.MAIL and earlier is None:
            await records.alerts.count(module.account_id, camera.camera_id, verdict, now)
        if verdict not in NEVER_LISTED:
            await records.alerts.put(self._alert(alert_id, module, told, earlier, verdict))

    def wake(self) -> None:
        """Say that something was taken: what is to be mailed is sent at once."""
        self._wanted.set()

    async def run(self) -> NoReturn:
        """Send for ever."""
        while True:
            self._wanted.clear()
            try:
                wait_s = await self.send_queued()
            except Exception as error:  # noqa: BLE001 - one failed pass must not end the loop: it is tried again
                cause = f"{type(error).__name__}: {error}"
                log.error("alerts_not_sent", cause=cause)  # noqa: TRY400 - tracebacks may show secrets
                wait_s = CARRIER_RESTS_S
            await self._wait(wait_s)

    async def send_queued(self) -> float:
        """Send what has its picture or waited long enough for one; return after how many seconds there may be more."""
        async with self.records.reading() as records:
            queued = await records.alerts.queued(AT_ONCE)
        here = self.real.monotonic()
        self._seen_at_s = {each.alert_id: self._seen_at_s.get(each.alert_id, here) for each in queued}
        waits = False
        for alert in queued:
            picture = await self._picture(alert)
            has_time = here < self._seen_at_s[alert.alert_id] + PICTURE_WITHIN_S
            if picture is None and alert.clip_id is not None and has_time:
                waits = True
                continue
            try:
                await self._send(alert, picture)
            except MessagesAway as away:
                log.warning("alert_not_taken", alert_id=alert.alert_id, cause=str(away))
                return CARRIER_RESTS_S
        return LOOK_FOR_PICTURE_S if waits else LOOK_AGAIN_S

    async def _send(self, alert: Alert, picture: bytes | None) -> None:
        """Send one mail, or give it up; MessagesAway leaves it queued."""
        async with self.records.reading() as records:
            account = await records.accounts.get(alert.account_id)
            camera = await records.modules.camera(alert.camera_id)
            module = await records.modules.get(alert.module_id)
            if account is None or camera is None or module is None or module.revoked_at is not None:
                wanted, settings = AlertVerdict.MAIL_OFF, AlertSettings(alert.camera_id, alert.account_id)
            else:
                settings = await _settings(records, camera)
                wanted = still_wanted(alert, settings, module.state, self.now())
            clip = alert.clip_id and await records.clips.find(alert.account_id, alert.clip_id)
        if wanted is not AlertVerdict.MAIL or account is None or camera is None:
            await self._settle(alert, MailState.GIVEN_UP, wanted)
            return
        facts = AlertFacts(
            camera.name, alert.person, alert.at, (alert.clip_id or "") if clip else "", settings.every_minutes
        )
        letter = self.write(facts, account)
        try:
            await self.carrier.send(alert.alert_id, account.email, letter.title, letter.text, picture)
        except CloudError as refused:
            log.warning("alert_refused", alert_id=alert.alert_id, cause=str(refused))
            await self._settle(alert, MailState.REFUSED, AlertVerdict.MAIL)
            return
        await self._settle(alert, MailState.SENT, AlertVerdict.MAIL)
        log.info("alert_mailed", alert_id=alert.alert_id, has_picture=picture is not None)

    async def _settle(self, alert: Alert, state: MailState, verdict: AlertVerdict) -> None:
        now = self.now()
        async with self.records.writing() as records:
            newest = await records.alerts.get(alert.alert_id) or alert  # a person may have been seen meanwhile
            sent_at = now if state is MailState.SENT else None
            await records.alerts.put(replace(newest, mail_state=state, verdict=verdict, sent_at=sent_at))
            if state is MailState.GIVEN_UP:
                await records.alerts.count(alert.account_id, alert.camera_id, verdict, now)
                return
            what = What.ALERT_MAILED if state is MailState.SENT else What.ALERT_REFUSED
            rule = Rule.OWNER if state is MailState.SENT else Rule.MAIL_SERVER
            await records.leases.log(LogEntry(now, alert.account_id, what.value, alert.camera_id, rule.value))

    async def _picture(self, alert: Alert) -> bytes | None:
        return None if alert.clip_id is None else await self.picture(alert.account_id, alert.clip_id)

    async def _earlier(self, records: Transaction, told: MotionTold) -> Alert | None:
        """Return the alert of the motion in which a person was seen: of its clip, else the camera's last if recent."""
        within = SAME_MOTION_WITHIN if told.clip_id is None else SENT_WITHIN
        return await records.alerts.newest_of_camera(told.camera_id, told.clip_id, self.now() - within)

    def _alert(
        self, alert_id: str, module: Module, told: MotionTold, earlier: Alert | None, verdict: AlertVerdict
    ) -> Alert:
        now = self.now()
        believed = verdict is not AlertVerdict.TIME_UNKNOWN
        return Alert(
            alert_id=alert_id if earlier is None else earlier.alert_id,
            account_id=module.account_id,
            module_id=module.module_id,
            camera_id=told.camera_id,
            clip_id=told.clip_id,
            at=(told.at if believed else now) if earlier is None else earlier.at,
            received_at=now if earlier is None else earlier.received_at,
            person=told.person,
            verdict=verdict,
            mail_state=MailState.QUEUED if verdict is AlertVerdict.MAIL else MailState.NONE,
        )

    async def _wait(self, wait_s: float) -> None:
        sleeping = asyncio.ensure_future(self.real.sleep(wait_s))
        wanted = asyncio.ensure_future(self._wanted.wait())
        try:
            await asyncio.wait({sleeping, wanted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            wanted.cancel()


async def _settings(records: Transaction, camera: Camera) -> AlertSettings:
    """Return what the owner wants of a camera now; a camera that changed hands has nobody's settings."""
    found = await records.alerts.settings(camera.camera_id)
    if found is None or found.account_id != camera.account_id:
        return AlertSettings(camera.camera_id, camera.account_id)
    return found
