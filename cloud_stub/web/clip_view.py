"""Clips and photos as a person reads them: by day, in the account's time zone, with the reason in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from cloud_stub.domain.records import Clip, ClipPhase, Disposition
from cloud_stub.domain.retention import clip_due_at
from cloud_stub.web.drive_copy_view import can_be_saved, say_drive_copy
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview
from cloud_stub.web.words import say_kept


@dataclass(frozen=True, slots=True)
class ClipCard:
    """One clip with its words; `length` is empty while it cannot be known, `drive_copy` where nobody asked for one."""

    clip_id: str
    camera_name: str
    captured_at: datetime
    time: str
    moment: str
    length: str
    reason: str
    growing: bool
    is_partial: bool
    clock_trusted: bool
    size_bytes: int
    leaves: str
    drive_copy: str
    can_be_saved: bool


@dataclass(frozen=True, slots=True)
class Day:
    """The clips of one day of the account's time zone, newest first."""

    name: str
    clips: tuple[ClipCard, ...]


def clip_card(clip: Clip, overview: Overview, language: Language) -> ClipCard:
    """Put one clip into words."""
    zone = overview.account.time_zone
    growing = clip.phase is ClipPhase.RECEIVING
    return ClipCard(
        clip_id=clip.clip_id,
        camera_name=overview.camera_name(clip.camera_id) or language.say("A camera that was removed"),
        captured_at=clip.captured_at,
        time=language.clock_time(clip.captured_at, zone),
        moment=language.exact_moment(clip.captured_at, zone),
        length="" if growing or not clip.duration_ms else language.length(clip.duration_ms),
        reason=say_kept(language, clip.clip_reason, clip.why),
        growing=growing,
        is_partial=clip.disposition is Disposition.PARTIAL,
        clock_trusted=clip.clock_trusted,
        size_bytes=clip.size_bytes,
        leaves=_leaves(clip, overview, language),
        drive_copy=say_drive_copy(clip, overview, language),
        can_be_saved=can_be_saved(clip, overview),
    )


def by_day(clips: Iterable[Clip], overview: Overview, language: Language) -> tuple[Day, ...]:
    """Group clips, newest first, by the day they were captured on."""
    zone = ZoneInfo(overview.account.time_zone)
    today = overview.now.astimezone(zone).date()
    return tuple(
        Day(_day_name(day, today, overview, language), tuple(clip_card(clip, overview, language) for clip in group))
        for day, group in groupby(clips, key=lambda clip: clip.captured_at.astimezone(zone).date())
    )


def _day_name(day: date, today: date, overview: Overview, language: Language) -> str:
    if day == today:
        return language.say("Today")
    if day == today - timedelta(days=1):
        return language.say("Yesterday")
    return language.day(day, overview.account.time_zone)


def _leaves(clip: Clip, overview: Overview, language: Language) -> str:
    when = clip_due_at(clip, overview.auto_delete_days)
    if when <= overview.now:
        return language.say("any moment now")
    told = language.moment(when, overview.account.time_zone)
    if clip.pool is not None:
        return language.say("%(when)s, or earlier when the free storage is full", when=told)
    return told
