"""An account's situation: the records that its rights are computed from, and what is running at a given time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cloud_stub.domain.billing_records import Attachment, PaymentState, Subscription
from cloud_stub.domain.records import Account, Camera, Module, Trial
from cloud_stub.domain.store_records import Link


@dataclass(frozen=True, slots=True)
class Situation:
    """An account with its modules that are not revoked, their cameras, its trials, and its plans, old and new.

    `subscriptions` are those held by the account itself and by the store account that is linked to it now; those that
    were bought for it and are held elsewhere stand in `held_elsewhere` and cover nothing (R060).
    """

    account: Account
    modules: tuple[Module, ...]
    cameras: tuple[Camera, ...]
    trials: tuple[Trial, ...]
    subscriptions: tuple[Subscription, ...]
    attachments: tuple[Attachment, ...] = ()
    links: tuple[Link, ...] = ()
    held_elsewhere: tuple[Subscription, ...] = ()

    @property
    def link(self) -> Link | None:
        """Return the link that stands."""
        return next((link for link in self.links if link.unlinked_at is None), None)

    def attached_to(self, subscription_id: str) -> tuple[str, ...]:
        """Return the ids of the cameras that a subscription is attached to now, oldest attachment first."""
        own = (a for a in self.attachments if a.subscription_id == subscription_id and a.detached_at is None)
        return tuple(attachment.camera_id for attachment in sorted(own, key=lambda a: (a.attached_at, a.attachment_id)))

    def module_of(self, camera: Camera) -> Module:
        """Return the module a camera belongs to; LookupError when it is not of this situation."""
        for module in self.modules:
            if module.module_id == camera.module_id:
                return module
        message = f"camera {camera.camera_id} belongs to no module of this account"
        raise LookupError(message)

    def confirmed(self) -> tuple[Camera, ...]:
        """Return the cameras whose model the owner confirmed, by set-up date."""
        cameras = [camera for camera in self.cameras if camera.model is not None]
        return tuple(sorted(cameras, key=lambda camera: (camera.confirmed_at or camera.added_at, camera.camera_id)))


def without_attachments(situation: Situation, subscription_id: str, now: datetime) -> Situation:
    """Return the situation with a plan taken off its cameras at `now`."""
    attachments = tuple(
        replace(each, detached_at=now) if each.subscription_id == subscription_id and each.detached_at is None else each
        for each in situation.attachments
    )
    return replace(situation, attachments=attachments)


def trial_over_at(trial: Trial) -> datetime:
    """Return when a trial is over: at its end, or earlier when it was cancelled."""
    return min(trial.ended_at, trial.ends_at) if trial.ended_at is not None else trial.ends_at


def trial_runs(trial: Trial, now: datetime) -> bool:
    """Return whether a trial runs; its last instant is not part of it."""
    return trial.started_at <= now < trial_over_at(trial)


def subscription_over_at(subscription: Subscription) -> datetime | None:
    """Return when a subscription was over, or is known to be; `None` while no end is known.

    The time of a paused one stands still: the end it was to have moves on when it is linked again.
    """
    ends_at = subscription.ends_at if subscription.paused_at is None else None
    known = [at for at in (subscription.ended_at, ends_at) if at is not None]
    return min(known, default=None)


def subscription_runs(subscription: Subscription, now: datetime) -> bool:
    """Return whether a subscription has begun and is not over; whether it covers anything: `subscription_covers`."""
    over_at = subscription_over_at(subscription)
    return subscription.starts_at <= now and (over_at is None or now < over_at)


def subscription_waits(subscription: Subscription, now: datetime) -> bool:
    """Return whether a subscription is bought and scheduled, but not begun."""
    over_at = subscription_over_at(subscription)
    return now < subscription.starts_at and (over_at is None or over_at > subscription.starts_at)


def subscription_covers(subscription: Subscription, now: datetime) -> bool:
    """Return whether a running subscription gives rights: not paused, and paid, or its payment is being tried.

    A renewal that fails keeps its rights while it is tried again; a first payment that was declined gives none.
    """
    if not subscription_runs(subscription, now) or subscription.paused_at is not None:
        return False
    return subscription.payment is not PaymentState.FAILED or subscription.first_paid_at is not None


def running_trial(trials: Sequence[Trial], now: datetime) -> Trial | None:
    """Return the trial that runs; of several, each for a camera of its own, the one that ends last."""
    running = [trial for trial in trials if trial_runs(trial, now)]
    return max(running, key=lambda trial: (trial_over_at(trial), trial.trial_id), default=None)


def known_changes(situation: Situation) -> tuple[datetime, ...]:
    """Return every instant, past or future, at which a trial or a subscription begins or ends, in order."""
    instants = {trial_over_at(trial) for trial in situation.trials}
    instants |= {subscription.starts_at for subscription in situation.subscriptions}
    instants |= {at for s in situation.subscriptions if (at := subscription_over_at(s)) is not None}
    return tuple(sorted(instants))
