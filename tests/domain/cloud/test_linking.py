"""R037, R052..R058, R060: preconditions of links in their order, versions, what is shared, what is wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.billing_records import PaymentState
from cloud_stub.domain.linking import (
    FIXES,
    LinkRequest,
    Trouble,
    link_refusal,
    paid_time_moves_to,
    shared_facts,
    troubles,
    version_numbers,
)
from cloud_stub.domain.policies import LinkRule
from cloud_stub.domain.store_records import Link
from tests.domain.cloud.situations import ACCOUNT_ID, CATALOG, NOW, camera, situation, subscription, trial

GOOD = LinkRequest("FR", "6.30", "ios", "14")
BAD = LinkRequest("DE", "1", "ios", "1")
NUMBERS = st.lists(st.integers(0, 999), min_size=1, max_size=4)


def test_the_first_unmet_precondition_is_named_in_the_stated_order() -> None:
    assert CATALOG.linking is not None
    its = situation(camera("c1", "mini"))
    every = replace(CATALOG, linking=replace(CATALOG.linking, enforced=CATALOG.linking.stated))
    assert link_refusal(every, its, BAD, NOW) is LinkRule.TRIAL_BANNER
    seen = replace(its, trials=(trial(),))
    assert link_refusal(every, seen, BAD, NOW) is LinkRule.REGION
    assert link_refusal(every, seen, replace(BAD, country="FR"), NOW) is LinkRule.APP_VERSION
    assert link_refusal(every, seen, replace(BAD, country="FR", app_version="6.30"), NOW) is LinkRule.OS_VERSION
    assert link_refusal(every, seen, GOOD, NOW) is None
    reversed_order = replace(every, linking=replace(CATALOG.linking, stated=CATALOG.linking.stated[::-1]))
    assert link_refusal(reversed_order, its, BAD, NOW) is LinkRule.OS_VERSION
    assert link_refusal(replace(CATALOG, linking=None), its, BAD, NOW) is None


@pytest.mark.parametrize(("older", "newer"), [("13.7", "14"), ("9", "10"), ("6.4", "6.30"), ("6", "6.0.1")])
def test_versions_compare_by_their_numbers(older: str, newer: str) -> None:
    assert version_numbers(older) < version_numbers(newer)


@given(NUMBERS, st.integers(0, 3))
def test_zeros_at_the_end_of_a_version_say_nothing(numbers: list[int], zeros: int) -> None:
    word = ".".join(map(str, numbers))
    assert version_numbers(word) == version_numbers(word + ".0" * zeros)


@given(NUMBERS, NUMBERS)
def test_versions_are_ordered_as_their_numbers_padded_with_zeros(one: list[int], other: list[int]) -> None:
    width = max(len(one), len(other))
    padded = [numbers + [0] * (width - len(numbers)) for numbers in (one, other)]
    words = [version_numbers(".".join(map(str, numbers))) for numbers in (one, other)]
    assert (words[0] < words[1]) == (padded[0] < padded[1])


def test_only_listed_fields_are_shared() -> None:
    assert CATALOG.linking is not None
    facts = {"email": "a@b.example", "password_hash": "secret", "region": "FR"}
    assert shared_facts(CATALOG.linking, facts) == {"email": "a@b.example"}
    assert shared_facts(replace(CATALOG.linking, shared_fields=()), facts) == {}


def test_paid_time_moves_behind_a_trial_once() -> None:
    """Linking again within the same trial gains nothing; after a trial of long ago it counts anew."""
    its = replace(situation(camera("c1", "mini")), trials=(trial(),))
    plan = replace(subscription("plus"), starts_at=NOW, payment=PaymentState.PAID)
    day = timedelta(days=1)
    assert paid_time_moves_to(CATALOG, its, "s1", plan, NOW + day) == NOW + 30 * day
    again = replace(its, links=(Link("l1", ACCOUNT_ID, "s1", NOW, NOW + day),))
    assert paid_time_moves_to(CATALOG, again, "s1", plan, NOW + 2 * day) is None
    assert paid_time_moves_to(CATALOG, again, "s2", plan, NOW + 2 * day) == NOW + 30 * day
    before = replace(its, links=(Link("l1", ACCOUNT_ID, "s1", NOW - 9 * day, NOW - day),))
    assert paid_time_moves_to(CATALOG, before, "s1", plan, NOW + day) == NOW + 30 * day
    assert paid_time_moves_to(CATALOG, its, "s1", plan, NOW + 30 * day) is None, "the trial is over"
    later = replace(plan, starts_at=NOW + 30 * day)
    assert paid_time_moves_to(CATALOG, its, "s1", later, NOW + day) is None, "it waits for the trial's end anyway"


def test_every_trouble_has_steps_that_mend_it_and_support_is_the_last_word() -> None:
    assert set(FIXES) == set(Trouble)
    its = replace(
        situation(camera("c1", "mini")),
        subscriptions=(replace(subscription("basic"), payment=PaymentState.FAILED, first_paid_at=NOW),),
    )
    found = troubles(CATALOG, its, NOW)
    assert found[-3:] == (Trouble.PLAN_NOT_ATTACHED, Trouble.PAYMENT_PAST_DUE, Trouble.CONTACT_SUPPORT)
