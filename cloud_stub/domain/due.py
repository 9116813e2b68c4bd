"""What falls due and when: all of it derived from records and catalogs, so a restart forgets nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from cloud_stub.domain.lease import lease_due_at
from cloud_stub.domain.records import IssuedLease, Trial


class DueKind(IntEnum):
    """What falls due; at the same instant the lower number comes first.

    What ends makes room for what begins, what begins or renews is invoiced before anything is tried again, messages say
    what is then true, leases what cameras then may, and only what is then too old is deleted.
    """

    TRIAL_END = 1
    PLAN_END = 2
    PLAN_START = 3
    RENEWAL = 4
    PAYMENT_RETRY = 5
    REFUND_RETRY = 6
    MESSAGE = 7
    LEASE = 8
    RETENTION = 9


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One thing to do at an instant; `subject` is the id of the record it is about.

    `account_id` is whose it is: a camera account, or a store account that holds plans.
    """

    at: datetime
    kind: DueKind
    account_id: str
    subject: str


def due_list(
    open_trials: Iterable[Trial],
    newest_leases: Iterable[tuple[str, IssuedLease]],
    changes: Sequence[datetime],
    deletion_at: datetime | None,
) -> list[Due]:
    """Return everything that is to come or is late for one account, in the order in which it must be done.

    `newest_leases` pairs the account with the newest lease of each of its modules; `changes` are the instants at which
    its rights change (trials, subscriptions, catalog versions). Retention is the same for all: `deletion_at`.
    """
    dues = [Due(trial.ends_at, DueKind.TRIAL_END, trial.account_id, trial.trial_id) for trial in open_trials]
    for account_id, lease in newest_leases:
        at = lease_due_at(lease, changes)
        dues.append(Due(at, DueKind.LEASE, account_id, lease.module_id))
    if deletion_at is not None:
        dues.append(Due(deletion_at, DueKind.RETENTION, "", ""))
    return sorted(dues)
