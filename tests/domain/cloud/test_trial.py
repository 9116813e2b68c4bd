"""Trials for an account and for one camera: which start, and what begins when one is over early."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_stub.domain.billing_records import EndedBecause, Interval, PaymentState
from cloud_stub.domain.catalog import Catalog, TrialRepeat, TrialScope
from cloud_stub.domain.situation import running_trial
from cloud_stub.domain.trial import NoTrial, TrialStart, plans_that_waited, trial_start
from tests.domain.cloud.situations import CATALOG, NOW, camera, catalog_with, situation, subscription, trial

DAY = timedelta(days=1)
NEW = replace(camera("new", "mini"), model=None, confirmed_at=None)


def trials_by(scope: TrialScope, repeat: TrialRepeat = TrialRepeat.NEW_DEVICE) -> Catalog:
    assert CATALOG.trial is not None
    return catalog_with(trial=replace(CATALOG.trial, scope=scope, repeat=repeat))


@pytest.mark.parametrize(
    ("scope", "repeat", "expected"),
    [
        (TrialScope.ACCOUNT, TrialRepeat.NEW_DEVICE, NoTrial.TRIAL_RUNS),
        (TrialScope.DEVICE, TrialRepeat.NEW_DEVICE, TrialStart("plus", NOW + 31 * DAY, "new")),
        (TrialScope.DEVICE, TrialRepeat.ONCE_PER_ACCOUNT, NoTrial.ONCE_PER_ACCOUNT),
    ],
)
def test_c20_a_second_camera_starts_a_trial_of_its_own_only_where_trials_are_by_camera(
    scope: TrialScope, repeat: TrialRepeat, expected: TrialStart | NoTrial
) -> None:
    it = situation(camera("old", "mini"), NEW, trials=(replace(trial(), camera_id="old"),))
    assert trial_start(trials_by(scope, repeat), it, NEW, "mini", NOW + DAY) == expected


def test_r021_a_trial_for_the_account_names_no_camera() -> None:
    assert trial_start(CATALOG, situation(NEW), NEW, "mini", NOW) == TrialStart("plus", NOW + 30 * DAY, None)


def test_of_several_trials_the_one_that_ends_last_is_told() -> None:
    both = (trial(), replace(trial(NOW - DAY), trial_id="t2"))
    assert running_trial(both, NOW) == both[0]
    assert running_trial(both[::-1], NOW) == both[0]
    assert running_trial(both, NOW + 30 * DAY) is None


def test_r031_r037_a_plan_that_waited_begins_when_the_trial_is_ended_and_a_lapsing_one_moves_its_end() -> None:
    its = trial()
    waits = subscription("plus", starts_at=its.ends_at)
    lapses = replace(
        waits, interval=Interval.YEAR, ends_at=its.ends_at.replace(year=2027), ended_because=EndedBecause.LAPSED
    )
    over_at = NOW + 4 * DAY
    plain, lapsing = plans_that_waited(its, (waits, lapses), over_at)
    assert (plain.starts_at, plain.anchor_at, plain.ends_at) == (over_at, over_at, None)
    assert (lapsing.starts_at, lapsing.ends_at) == (over_at, over_at.replace(year=2027))


def test_a_plan_that_is_paid_or_was_cancelled_before_it_began_waits_for_nothing() -> None:
    its = trial()
    waits = subscription("plus", starts_at=its.ends_at)
    begun = replace(waits, periods=1, payment=PaymentState.PAID)
    assert plans_that_waited(its, (begun, replace(waits, ended_at=NOW)), NOW + DAY) == ()
