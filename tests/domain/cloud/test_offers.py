"""What is offered for a camera without a plan, beside a basket, and what is named first when nothing works."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_stub.domain.offers import Hindrance, Offer, OfferKind, diagnosis, offers_beside, offers_for
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.store_records import Link
from tests.domain.cloud.situations import ACCOUNT_ID, CATALOG, CATALOGS, NOW, camera, situation, subscription, trial

A, B, XT = camera("a", "mini"), camera("b", "mini"), camera("x", "xt")
SOMFY = CATALOGS.in_force("somfy_protect", NOW)
BASIC = subscription("basic", "a")


def test_r069_beside_basic_another_camera_is_offered_its_own_basic_or_plus_for_all() -> None:
    it = situation(A, B, subscriptions=(BASIC,))
    assert offers_for(CATALOG, it, B, NOW) == (
        Offer(OfferKind.FOR_CAMERA, "basic", "b", ()),
        Offer(OfferKind.UPGRADE, "plus", None, ("s-basic-a",)),
    )
    assert offers_for(CATALOG, it, A, NOW) == ()
    in_trial = replace(it, trials=(trial(),))
    assert offers_for(CATALOG, in_trial, B, NOW) == offers_for(CATALOG, it, B, NOW), "a trial is no plan"


def test_r041_a_model_is_offered_what_may_cover_it_and_the_first_plan_is_no_upgrade() -> None:
    assert offers_for(CATALOG, situation(XT), XT, NOW) == (Offer(OfferKind.FOR_ACCOUNT, "plus", None, ()),)


def test_a_plan_that_is_scheduled_covers_already() -> None:
    waits = subscription("plus", starts_at=NOW + timedelta(days=3))
    assert offers_for(CATALOG, situation(A, subscriptions=(waits,)), A, NOW) == ()


def test_r141_the_services_that_are_not_there_yet_are_offered_beside_the_basket() -> None:
    monitored = situation(camera("a", "one"), region="EU", subscriptions=(subscription("professional_monitoring"),))
    beside = offers_beside(SOMFY, monitored, ["continuous_recording"], NOW)
    assert [plan.key for plan in beside] == ["backup_connection"]
    assert offers_beside(CATALOG, situation(A), [], NOW) == (), "there is no basket"


def linked(it: Situation, store_account_id: str = "s2") -> Situation:
    return replace(it, links=(Link("l", ACCOUNT_ID, store_account_id, NOW),))


def test_what_keeps_no_clips_covers_no_camera_and_an_equal_plan_is_no_upgrade() -> None:
    one = camera("a", "one")
    it = situation(one, region="EU", subscriptions=(subscription("professional_monitoring"),))
    kinds = {offer.plan: offer.kind for offer in offers_for(SOMFY, it, one, NOW)}
    assert kinds["continuous_recording"] is OfferKind.FOR_CAMERA
    assert kinds["backup_connection"] is OfferKind.FOR_ACCOUNT, "monitoring ranks as high and stays"


@pytest.mark.parametrize(
    ("it", "expected"),
    [
        (situation(), ["no_device", "account_not_linked", "contact_support"]),
        (situation(camera("a", None)), ["no_device", "account_not_linked", "contact_support"]),
        (situation(A), ["account_not_linked", "contact_support"]),
        (linked(situation(A)), ["contact_support"]),
    ],
)
def test_r020_the_diagnosis_goes_in_order(it: Situation, expected: list[str]) -> None:
    assert diagnosis(CATALOG, it, NOW) == tuple(Hindrance(word) for word in expected)


def test_r060_a_plan_in_another_store_account_is_named_first_while_it_runs() -> None:
    elsewhere = replace(subscription("plus"), holder_id="s1")
    wrong = replace(linked(situation(A)), held_elsewhere=(elsewhere,))
    assert diagnosis(CATALOG, wrong, NOW)[0] is Hindrance.PLAN_IN_OTHER_STORE_ACCOUNT
    over = replace(wrong, held_elsewhere=(replace(elsewhere, ended_at=NOW),))
    assert diagnosis(CATALOG, over, NOW) == (Hindrance.CONTACT_SUPPORT,)
