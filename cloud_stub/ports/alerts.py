"""The records of alerts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cloud_stub.domain.alert_records import Alert, AlertCount, AlertSettings, AlertVerdict


class AlertRecords(Protocol):
    """Alerts, what owners want of their cameras, and how often something was not mailed."""

    async def put(self, alert: Alert) -> None: ...
    async def get(self, alert_id: str) -> Alert | None: ...
    async def newest_of_camera(self, camera_id: str, clip_id: str | None, since: datetime) -> Alert | None:
        """Return a camera's newest alert received since then: of this clip, or of any where there is none."""

    async def mailed_at(self, camera_id: str, since: datetime) -> datetime | None:
        """Return when (`received_at`) an alert of a camera came last, since then, whose mail was sent or waits."""

    async def queued(self, limit: int) -> Sequence[Alert]:
        """Return alerts whose mail waits, oldest first."""

    async def of_account(self, account_id: str, limit: int) -> Sequence[Alert]:
        """Return an account's alerts, newest first."""

    async def settings(self, camera_id: str) -> AlertSettings | None: ...
    async def settings_of_account(self, account_id: str) -> Sequence[AlertSettings]: ...
    async def put_settings(self, settings: AlertSettings) -> None: ...
    async def count(self, account_id: str, camera_id: str, verdict: AlertVerdict, at: datetime) -> None:
        """Count one more of a camera's motions that were not mailed for this reason."""

    async def counts_of_account(self, account_id: str) -> Sequence[AlertCount]: ...
    async def drop_before(self, when: datetime, limit: int) -> int:
        """Forget at most `limit` alerts from before `when`, the oldest first; return how many."""
