"""Alerts in SQL, with their tables."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Boolean, Column, Index, Integer, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud_stub.adapters.records_sqlalchemy.columns import UtcTime, Word, id_column, metadata
from cloud_stub.adapters.records_sqlalchemy.rows import Rows
from cloud_stub.domain.alert_records import Alert, AlertCount, AlertMail, AlertSettings, AlertVerdict, MailState

alerts = Table(
    "alerts",
    metadata,
    id_column("alert_id", primary_key=True),
    id_column("account_id", nullable=False),
    id_column("module_id", nullable=False),
    id_column("camera_id", nullable=False),
    id_column("clip_id"),
    Column("at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("person", Boolean, nullable=False),
    Column("verdict", Word(AlertVerdict), nullable=False),
    Column("mail_state", Word(MailState), nullable=False),
    Column("sent_at", UtcTime),
    Index("ix_alerts_account_received", "account_id", "received_at"),
    Index("ix_alerts_camera_received", "camera_id", "received_at"),
    Index("ix_alerts_mail_state", "mail_state", "received_at"),
    Index("ix_alerts_received_at", "received_at"),
)

alert_settings = Table(
    "alert_settings",
    metadata,
    id_column("camera_id", primary_key=True),
    id_column("account_id", nullable=False, index=True),
    Column("mail", Word(AlertMail), nullable=False),
    Column("every_minutes", Integer, nullable=False),
)

alert_counts = Table(
    "alert_counts",
    metadata,
    id_column("camera_id", primary_key=True),
    Column("verdict", Word(AlertVerdict), primary_key=True),
    id_column("account_id", nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("newest_at", UtcTime, nullable=False),
)


class SqlAlerts:
    """AlertRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._alerts = Rows(connection, alerts, Alert)
        self._settings = Rows(connection, alert_settings, AlertSettings)
        self._counts = Rows(connection, alert_counts, AlertCount)

    async def put(self, alert: Alert) -> None:
        await self._alerts.put(alert)

    async def get(self, alert_id: str) -> Alert | None:
        return await self._alerts.one(alerts.c.alert_id == alert_id)

    async def newest_of_camera(self, camera_id: str, clip_id: str | None, since: datetime) -> Alert | None:
        where = [alerts.c.camera_id == camera_id, alerts.c.received_at >= since]
        where += [] if clip_id is None else [alerts.c.clip_id == clip_id]
        found = await self._alerts.some(*where, order=[alerts.c.received_at.desc()], limit=1)
        return found[0] if found else None

    async def mailed_at(self, camera_id: str, since: datetime) -> datetime | None:
        mailed = alerts.c.mail_state.in_([MailState.QUEUED, MailState.SENT])
        where = (alerts.c.camera_id == camera_id, alerts.c.received_at >= since, mailed)
        found = await self._alerts.some(*where, order=[alerts.c.received_at.desc()], limit=1)
        return found[0].received_at if found else None

    async def queued(self, limit: int) -> Sequence[Alert]:
        where = alerts.c.mail_state == MailState.QUEUED
        return await self._alerts.some(where, order=[alerts.c.received_at.expression], limit=limit)

    async def of_account(self, account_id: str, limit: int) -> Sequence[Alert]:
        where = alerts.c.account_id == account_id
        return await self._alerts.some(where, order=[alerts.c.received_at.desc()], limit=limit)

    async def settings(self, camera_id: str) -> AlertSettings | None:
        return await self._settings.one(alert_settings.c.camera_id == camera_id)

    async def settings_of_account(self, account_id: str) -> Sequence[AlertSettings]:
        return await self._settings.some(alert_settings.c.account_id == account_id)

    async def put_settings(self, settings: AlertSettings) -> None:
        await self._settings.put(settings)

    async def count(self, account_id: str, camera_id: str, verdict: AlertVerdict, at: datetime) -> None:
        found = await self._counts.one(alert_counts.c.camera_id == camera_id, alert_counts.c.verdict == verdict)
        known = 0 if found is None else found.count
        await self._counts.put(AlertCount(camera_id, verdict, account_id, known + 1, at))

    async def counts_of_account(self, account_id: str) -> Sequence[AlertCount]:
        order = [alert_counts.c.camera_id.expression, alert_counts.c.verdict.expression]
        return await self._counts.some(alert_counts.c.account_id == account_id, order=order)

    async def drop_before(self, when: datetime, limit: int) -> int:
        old = select(alerts.c.alert_id).where(alerts.c.received_at < when).order_by(alerts.c.received_at).limit(limit)
        keys = list((await self._connection.execute(old)).scalars())
        await self._connection.execute(delete(alerts).where(alerts.c.alert_id.in_(keys)))
        return len(keys)
