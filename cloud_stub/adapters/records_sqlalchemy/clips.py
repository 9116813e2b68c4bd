"""Clips, their shares and uploads in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud_stub.adapters.records_sqlalchemy import schema
from cloud_stub.adapters.records_sqlalchemy.rows import Rows
from cloud_stub.domain.clip_page import ClipCursor
from cloud_stub.domain.records import Clip, ClipPhase, ShareLink, Upload

CLIPS = schema.clips.c
CONTINUOUS = "continuous"
LONGEST_SEGMENT = timedelta(minutes=15)
"""How long before a day a segment may have begun that reaches into it: longer ones no module makes."""
WATCHABLE = [ClipPhase.RECEIVING, ClipPhase.HELD]


class SqlClips:
    """ClipRecords over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._clips = Rows(connection, schema.clips, Clip)
        self._shares = Rows(connection, schema.shares, ShareLink)
        self._uploads = Rows(connection, schema.uploads, Upload)

    async def add(self, clip: Clip) -> None:
        await self._clips.add(clip)

    async def get(self, module_id: str, clip_id: str) -> Clip | None:
        return await self._clips.one(CLIPS.module_id == module_id, CLIPS.clip_id == clip_id)

    async def find(self, account_id: str, clip_id: str) -> Clip | None:
        return await self._clips.one(CLIPS.account_id == account_id, CLIPS.clip_id == clip_id)

    async def update(self, clip: Clip) -> None:
        await self._clips.replace(clip)

    async def hand_over(self, clip: Clip, module_id: str) -> None:
        for table in (schema.clips, schema.uploads):
            mine = (table.c.module_id == clip.module_id) & (table.c.clip_id == clip.clip_id)
            await self._connection.execute(update(table).where(mine).values(module_id=module_id))

    async def segments(self, account_id: str, camera_id: str, since: datetime, until: datetime) -> Sequence[Clip]:
        return await self._clips.some(
            CLIPS.account_id == account_id,
            CLIPS.camera_id == camera_id,
            CLIPS.clip_reason == CONTINUOUS,
            CLIPS.phase.in_(WATCHABLE),
            CLIPS.captured_at > since - LONGEST_SEGMENT,
            CLIPS.captured_at < until,
            order=[CLIPS.captured_at.expression, CLIPS.clip_id.expression],
        )

    async def segment_cameras(self, account_id: str) -> Sequence[str]:
        found = select(CLIPS.camera_id).distinct().order_by(CLIPS.camera_id)
        mine = (CLIPS.account_id == account_id) & (CLIPS.clip_reason == CONTINUOUS) & CLIPS.phase.in_(WATCHABLE)
        return list((await self._connection.execute(found.where(mine))).scalars())

    async def page(
        self,
        account_id: str,
        *,
        kind: str,
        camera_id: str | None,
        before: ClipCursor | None,
        limit: int,
        segments: bool = True,
    ) -> Sequence[Clip]:
        where = [CLIPS.account_id == account_id, CLIPS.kind == kind, CLIPS.phase.in_(WATCHABLE)]
        if not segments:
            where.append(CLIPS.clip_reason != CONTINUOUS)
        if camera_id is not None:
            where.append(CLIPS.camera_id == camera_id)
        if before is not None:
            older = CLIPS.captured_at < before.captured_at
            same = (CLIPS.captured_at == before.captured_at) & (CLIPS.clip_id > before.clip_id)
            where.append(or_(older, same) if before.clip_id else older)
        return await self._clips.some(*where, order=[CLIPS.captured_at.desc(), CLIPS.clip_id.expression], limit=limit)

    async def held_in_pool(self, pool: str) -> Sequence[Clip]:
        # SQLite has locked the whole file already (BEGIN IMMEDIATE); elsewhere this locks the pool's rows.
        await self._connection.execute(select(CLIPS.clip_id).where(CLIPS.pool == pool).with_for_update())
        return await self._clips.some(
            CLIPS.pool == pool,
            CLIPS.phase == ClipPhase.HELD,
            order=[CLIPS.captured_at.expression, CLIPS.clip_id.expression],
        )

    async def used_ms(self, pool: str) -> int:
        used = select(func.coalesce(func.sum(CLIPS.duration_ms), 0))
        found = await self._connection.execute(used.where(CLIPS.pool == pool, CLIPS.phase == ClipPhase.HELD))
        return int(found.scalar_one())

    async def held_of_account(self, account_id: str) -> Sequence[Clip]:
        return await self._clips.some(
            CLIPS.account_id == account_id,
            CLIPS.phase == ClipPhase.HELD,
            order=[CLIPS.retained_from.expression, CLIPS.clip_id.expression],
        )

    async def held_windows(self, account_id: str) -> Sequence[tuple[int | None, datetime]]:
        oldest = select(CLIPS.keep_for_days, func.min(CLIPS.retained_from)).group_by(CLIPS.keep_for_days)
        rows = await self._connection.execute(
            oldest.where(CLIPS.account_id == account_id, CLIPS.phase == ClipPhase.HELD, CLIPS.kept_until.is_(None))
        )
        return [(keep, start) for keep, start in rows]

    async def put_off(self, account_id: str | None = None) -> Sequence[Clip]:
        where = [CLIPS.kept_until.is_not(None), CLIPS.phase == ClipPhase.HELD]
        where += [] if account_id is None else [CLIPS.account_id == account_id]
        return await self._clips.some(*where, order=[CLIPS.retained_from.expression, CLIPS.clip_id.expression])

    async def recorded_in_pool(self, pool: str, since: datetime) -> tuple[int, datetime | None]:
        recorded = select(func.coalesce(func.sum(CLIPS.duration_ms), 0), func.min(CLIPS.retained_from))
        was_held = [CLIPS.pool == pool, CLIPS.phase != ClipPhase.RECEIVING, CLIPS.disposition.is_not(None)]
        duration_ms, first_at = (
            await self._connection.execute(recorded.where(*was_held, CLIPS.retained_from >= since))
        ).one()
        return int(duration_ms), first_at

    async def oldest_in_pool(self, pool: str) -> Clip | None:
        age = [CLIPS.retained_from.expression, CLIPS.received_at.expression, CLIPS.clip_id.expression]
        found = await self._clips.some(CLIPS.pool == pool, CLIPS.phase == ClipPhase.HELD, order=age, limit=1)
        return found[0] if found else None

    async def deleting(self) -> Sequence[Clip]:
        return await self._clips.some(CLIPS.phase == ClipPhase.DELETING, order=[CLIPS.captured_at.expression])

    async def put_share(self, share: ShareLink) -> None:
        await self._shares.put(share)

    async def share(self, token_hash: str) -> ShareLink | None:
        return await self._shares.one(schema.shares.c.token_hash == token_hash)

    async def shares_of_clip(self, account_id: str, clip_id: str) -> Sequence[ShareLink]:
        columns = schema.shares.c
        return await self._shares.some(
            columns.account_id == account_id,
            columns.clip_id == clip_id,
            order=[columns.made_at.expression, columns.token_hash.expression],
        )

    async def not_gone(self, account_id: str, clip_ids: Sequence[str]) -> Mapping[str, bool]:
        wanted = select(CLIPS.clip_id, CLIPS.phase).where(CLIPS.account_id == account_id, CLIPS.clip_id.in_(clip_ids))
        rows = await self._connection.execute(wanted)
        return {clip_id: phase is not ClipPhase.GONE for clip_id, phase in rows}

    async def drop_tombstones_before(self, when: datetime, limit: int) -> int:
        old = (
            select(CLIPS.module_id, CLIPS.clip_id, CLIPS.account_id)
            .where(CLIPS.phase == ClipPhase.GONE, CLIPS.gone_at < when)
            .order_by(CLIPS.gone_at)
            .limit(limit)
        )
        rows = (await self._connection.execute(old)).all()
        keys = [(module_id, clip_id) for module_id, clip_id, _ in rows]
        links = tuple_(schema.shares.c.account_id, schema.shares.c.clip_id)
        of_old = [(account_id, clip_id) for _, clip_id, account_id in rows]
        await self._connection.execute(delete(schema.shares).where(links.in_(of_old)))
        for table in (schema.uploads, schema.clips):
            key = tuple_(table.c.module_id, table.c.clip_id)
            await self._connection.execute(delete(table).where(key.in_(keys)))
        return len(keys)

    async def put_upload(self, upload: Upload) -> None:
        await self._uploads.put(upload)

    async def upload(self, upload_id: str) -> Upload | None:
        return await self._uploads.one(schema.uploads.c.upload_id == upload_id)

    async def upload_of_clip(self, module_id: str, clip_id: str) -> Upload | None:
        columns = schema.uploads.c
        return await self._uploads.one(columns.module_id == module_id, columns.clip_id == clip_id)

    async def uploads_expiring_before(self, when: datetime) -> Sequence[Upload]:
        columns = schema.uploads.c
        return await self._uploads.some(
            columns.finished.is_(False), columns.expires_at < when, order=[columns.expires_at.expression]
        )

    async def count_open_uploads(self, module_id: str) -> int:
        columns = schema.uploads.c
        counted = select(func.count()).where(columns.module_id == module_id, columns.finished.is_(False))
        return int((await self._connection.execute(counted)).scalar_one())
