"""What falls due is one ordered list, and days left are counted as people count them."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.due import Due, DueKind, due_list
from cloud_stub.domain.lease import GRACE, LIFE
from cloud_stub.domain.records import IssuedLease
from cloud_stub.domain.trial import trial_days_left
from cloud_stub.errors import BadConfiguration
from tests.domain.cloud.situations import CATALOG, NOW, catalog_with, trial

HOUR = timedelta(hours=1)


def issued(at: datetime) -> IssuedLease:
    return IssuedLease("module", 1, at, at + LIFE, at + LIFE + GRACE, "print", "{}", "token")


def test_at_one_instant_trials_end_before_leases_and_leases_before_deletions() -> None:
    ends_at = NOW + timedelta(days=30)
    lease = issued(ends_at - timedelta(hours=12))
    dues = due_list([trial()], [("account", lease)], (ends_at,), ends_at)
    assert [(due.at, due.kind) for due in dues] == [
        (ends_at, DueKind.TRIAL_END),
        (ends_at, DueKind.LEASE),
        (ends_at, DueKind.RETENTION),
    ]


def test_at_one_instant_the_kinds_go_in_the_order_that_each_needs() -> None:
    """What ends makes room, what begins is invoiced, what was refused is tried again, then it is told and leased."""
    mixed = [Due(NOW, kind, "account", "subject") for kind in reversed(DueKind)]
    assert [due.kind.name for due in sorted(mixed)] == [
        "TRIAL_END",
        "PLAN_END",
        "PLAN_START",
        "RENEWAL",
        "PAYMENT_RETRY",
        "REFUND_RETRY",
        "MESSAGE",
        "LEASE",
        "RETENTION",
    ]
    assert min(*mixed, Due(NOW - HOUR, DueKind.RETENTION, "", "")).at == NOW - HOUR, "time comes before kind"


def test_nothing_is_due_when_there_is_nothing() -> None:
    assert due_list([], [], (), None) == []


def test_a_known_change_makes_a_lease_due_before_half_its_life() -> None:
    (due,) = due_list([], [("account", issued(NOW))], (NOW + HOUR,), None)
    assert due == Due(NOW + HOUR, DueKind.LEASE, "account", "module")


@given(left=st.integers(1, 30 * 24 * 3600 * 1000))
def test_a_begun_day_counts_whole(left: int) -> None:
    its = trial()
    days = trial_days_left(its, its.ends_at - timedelta(milliseconds=left))
    assert (days - 1) * 86_400_000 < left <= days * 86_400_000


def test_the_catalog_in_force_is_the_newest_that_has_begun() -> None:
    later = catalog_with(effective_from=CATALOG.effective_from.replace(year=2030))
    both = Catalogs((later, CATALOG))
    assert both.in_force("blink", later.begins_at - timedelta(milliseconds=1)) is CATALOG
    assert both.in_force("blink", later.begins_at) is later
    assert both.in_force("blink", CATALOG.begins_at - timedelta(days=999)) is CATALOG
    assert both.begins_after("blink", NOW) == (later.begins_at,)
    with pytest.raises(BadConfiguration, match=r"nobody.*there are: blink"):
        both.in_force("nobody", NOW)
