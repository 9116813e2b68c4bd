"""What a message to an owner says, as values without words: each language's sentences are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.billing_calendar import current_period
from cloud_stub.domain.billing_records import CreditNote, EndedBecause, Interval, MoneyBack, Subscription
from cloud_stub.domain.catalog import Catalog, TrialScope
from cloud_stub.domain.entitlement import rights
from cloud_stub.domain.history import trimmed_windows
from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.records import Clip
from cloud_stub.domain.reminders import (
    TRIAL_KINDS,
    NoticeDue,
    NoticeKind,
    coming_end,
    subscription_of,
    trial_of,
    unpaid_until,
)
from cloud_stub.domain.retention import due_at
from cloud_stub.domain.situation import Situation, trial_over_at
from cloud_stub.domain.storage_order import StorageKind
from cloud_stub.domain.trial import trial_days_left


@dataclass(frozen=True, slots=True)
class ClipsLeft:
    """The recordings in the cloud: how many there are, and when the first and the last of them leave."""

    count: int
    first_leaves: datetime | None = None
    last_leaves: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """Everything that a message says. `plan` is a name, `when` the instant it is about.

    `cameras` are those that a plan or trial for chosen cameras is for; `uncovered` those whose new recordings are not
    saved in the cloud at `when`; `takes_over` the names of plans that go on or begin. `erased`: how many recordings go
    when the plan ends. `in_store`: plans and payment methods are managed in a store.
    """

    kind: NoticeKind
    plan: str
    when: datetime
    days_left: int = 0
    until: datetime | None = None
    amount_minor: int = 0
    currency: str = ""
    interval: Interval | None = None
    because: EndedBecause | None = None
    refund_minor: int = 0
    credit_minor: int = 0
    cameras: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    takes_over: tuple[str, ...] = ()
    clips: ClipsLeft = ClipsLeft(0)
    erased: int = 0
    in_store: bool = False


def notice_facts(
    catalog: Catalog,
    situation: Situation,
    due: NoticeDue,
    now: datetime,
    clips: Sequence[Clip] = (),
    notes: Sequence[CreditNote] = (),
) -> NoticeFacts:
    """Return what a message says when it is written at `now`; `clips` are held, `notes` all of the plan's holder."""
    if due.kind in TRIAL_KINDS:
        facts = _of_trial(catalog, situation, due, now)
    else:
        facts = _of_subscription(catalog, situation, due, notes)
    if due.kind in {NoticeKind.TRIAL_ENDED, NoticeKind.PLAN_ENDED}:
        facts = replace(facts, clips=_clips_left(catalog, situation, clips))
    if due.kind is NoticeKind.HISTORY_ERASED_SOON:
        facts = replace(facts, erased=_erased(catalog, situation, due, now, clips))
    others = [s for s in live_subscriptions(situation, now) if s.subscription_id != due.subject_id]
    return replace(
        facts,
        in_store=catalog.linking is not None,
        takes_over=tuple(dict.fromkeys(_name(catalog, s.plan) for s in others if not _over_by(s, facts.when))),
        uncovered=_uncovered(catalog, situation, max(facts.when, now)),
    )


def _of_trial(catalog: Catalog, situation: Situation, due: NoticeDue, now: datetime) -> NoticeFacts:
    trial = trial_of(situation, due.subject_id)
    own = catalog.trial is not None and catalog.trial.scope is TrialScope.DEVICE and trial.camera_id is not None
    return NoticeFacts(
        due.kind,
        _name(catalog, trial.plan),
        trial_over_at(trial),
        days_left=trial_days_left(trial, now),
        cameras=_camera_names(situation, (trial.camera_id or "",)) if own else (),
    )


def _of_subscription(
    catalog: Catalog, situation: Situation, due: NoticeDue, notes: Sequence[CreditNote]
) -> NoticeFacts:
    subscription = subscription_of(situation, due.subject_id)
    running = current_period(subscription)
    back = {kind: _money(notes, due, kind) for kind in MoneyBack}
    times = {
        NoticeKind.PLAN_SCHEDULED: subscription.starts_at,
        NoticeKind.PLAN_STARTED: subscription.starts_at,
        NoticeKind.PAYMENT_FAILED: due.due_at,
        NoticeKind.PLAN_ENDED: due.due_at,
    }
    until = unpaid_until(catalog, subscription) if due.kind is NoticeKind.PAYMENT_FAILED else None
    return NoticeFacts(
        due.kind,
        _name(catalog, subscription.plan),
        times.get(due.kind) or coming_end(subscription) or due.due_at,
        until=until or (None if running is None else running[1]),
        amount_minor=subscription.price_minor,
        currency=subscription.currency,
        interval=subscription.interval,
        because=subscription.ended_because,
        refund_minor=back[MoneyBack.REFUND],
        credit_minor=back[MoneyBack.CREDIT],
        cameras=_camera_names(situation, situation.attached_to(subscription.subscription_id)),
    )


def _money(notes: Sequence[CreditNote], due: NoticeDue, kind: MoneyBack) -> int:
    own = (n for n in notes if n.subscription_id == due.subject_id and n.issued_at == due.due_at)
    return sum(note.amount_minor for note in own if note.kind is kind)


def _over_by(subscription: Subscription, when: datetime) -> bool:
    return subscription.ends_at is not None and subscription.ends_at <= when


def _name(catalog: Catalog, plan: str) -> str:
    return catalog.plans[plan].name if plan in catalog.plans else plan


def _camera_names(situation: Situation, camera_ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(camera.name for camera in situation.cameras if camera.camera_id in camera_ids)


def _uncovered(catalog: Catalog, situation: Situation, when: datetime) -> tuple[str, ...]:
    """Return the cameras whose new recordings do not go to the cloud at `when`, by what is known now."""
    saved = {StorageKind.CLOUD, StorageKind.QUOTA}
    every = rights(catalog, situation, when)
    return tuple(its.camera.name for its in every if its.camera.model is not None and its.storage.kind not in saved)


def _clips_left(catalog: Catalog, situation: Situation, clips: Sequence[Clip]) -> ClipsLeft:
    days = auto_delete_in_force(catalog, situation.account)
    leaving = sorted(due_at(clip.retained_from, clip.keep_for_days, days) for clip in clips)
    return ClipsLeft(len(leaving), leaving[0], leaving[-1]) if leaving else ClipsLeft(0)


def _erased(catalog: Catalog, situation: Situation, due: NoticeDue, now: datetime, clips: Sequence[Clip]) -> int:
    """Return how many of the clips that are held now go at the plan's end, and would stay without it (R128)."""
    end = coming_end(subscription_of(situation, due.subject_id)) or now
    ended = tuple(
        replace(s, ended_at=now) if s.subscription_id == due.subject_id else s for s in situation.subscriptions
    )
    after = rights(catalog, replace(situation, subscriptions=ended), now)
    trimmed = trimmed_windows(catalog, rights(catalog, situation, now), after, clips)
    days = auto_delete_in_force(catalog, situation.account)
    before = {clip.clip_id: due_at(clip.retained_from, clip.keep_for_days, days) for clip in clips}
    return sum(due_at(clip.retained_from, clip.keep_for_days, days) <= end < before[clip.clip_id] for clip in trimmed)
