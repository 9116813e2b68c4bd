"""How long the cloud keeps what only serves to answer questions: the log, issued leases, tombstones."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.lease import GRACE
from cloud_stub.errors import BadConfiguration

SLACK_DAYS = 1


@dataclass(frozen=True, slots=True)
class KeepFor:
    """Days of 24 hours: a log entry's age, a lease's since its grace ended, a tombstone's since its clip went.

    A clip names the lease that it was recorded under for as long as its window is open, and a clip that went must stay
    known for as long as a module may offer it again: leases outlive every window, tombstones outlive leases.
    """

    log_days: int
    leases_days: int
    tombstones_days: int


@dataclass(frozen=True, slots=True)
class PurgeBefore:
    """The instants before which each kind goes."""

    log: datetime
    leases: datetime
    tombstones: datetime


def purge_before(keep: KeepFor, now: datetime) -> PurgeBefore:
    """Return what is too old at `now`."""
    log, leases, tombstones = (
        now - timedelta(hours=24 * days) for days in (keep.log_days, keep.leases_days, keep.tombstones_days)
    )
    return PurgeBefore(log, leases, tombstones)


def check_keeping(keep: KeepFor, catalogs: Catalogs) -> None:
    """Raise BadConfiguration when a lease or a tombstone would go while a module may still ask for it."""
    longest = longest_window_days(catalogs) + SLACK_DAYS
    if keep.leases_days < longest:
        raise BadConfiguration(
            f"[records] leases_kept_for_days must be {longest} or more: a clip may be offered for that long."
        )
    tombstones = keep.leases_days + GRACE.days + SLACK_DAYS
    if keep.tombstones_days < tombstones:
        raise BadConfiguration(
            f"[records] tombstones_kept_for_days must be {tombstones} or more, longer than leases: a clip that was "
            f"deleted must stay known for as long as a module can offer it again."
        )


def longest_window_days(catalogs: Catalogs) -> int:
    """Return the greatest number of days that any catalog lets a clip stay."""
    return max(
        (max(region.auto_delete_days) for version in catalogs.versions for region in version.regions.values()),
        default=0,
    )
