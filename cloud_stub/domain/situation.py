"""An account's situation: the records that its rights are computed from, and what is running at a given time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.records import Account, Camera, Module, Subscription, Trial


@dataclass(frozen=True, slots=True)
class Situation:
    """An account with its modules that are not revoked, their cameras, and its trials and subscriptions, old and new.

    Linking the camera account to a store account is taken as done: there is no link record yet.
    """

    account: Account
    modules: tuple[Module, ...]
    cameras: tuple[Camera, ...]
    trials: tuple[Trial, ...]
    subscriptions: tuple[Subscription, ...]

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


def trial_over_at(trial: Trial) -> datetime:
    """Return when a trial is over: at its end, or earlier when it was cancelled."""
    return min(trial.ended_at, trial.ends_at) if trial.ended_at is not None else trial.ends_at


def trial_runs(trial: Trial, now: datetime) -> bool:
    """Return whether a trial runs; its last instant is not part of it."""
    return trial.started_at <= now < trial_over_at(trial)


def subscription_runs(subscription: Subscription, now: datetime) -> bool:
    """Return whether a subscription is active: begun and not over."""
    return subscription.starts_at <= now and (subscription.ended_at is None or now < subscription.ended_at)


def subscription_waits(subscription: Subscription, now: datetime) -> bool:
    """Return whether a subscription is bought and scheduled, but not begun."""
    return now < subscription.starts_at and (
        subscription.ended_at is None or subscription.ended_at > subscription.starts_at
    )


def running_trial(trials: Sequence[Trial], now: datetime) -> Trial | None:
    """Return the trial that runs; there is at most one."""
    return next((trial for trial in trials if trial_runs(trial, now)), None)


def known_changes(situation: Situation) -> tuple[datetime, ...]:
    """Return every instant, past or future, at which a trial or a subscription begins or ends, in order."""
    instants = {trial_over_at(trial) for trial in situation.trials}
    instants |= {subscription.starts_at for subscription in situation.subscriptions}
    instants |= {s.ended_at for s in situation.subscriptions if s.ended_at is not None}
    return tuple(sorted(instants))
