"""Claiming: a code works once, wrong ones cost time, a module gets its identity, a lease and a place on the broker."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.claim_code import hash_of
from cloud_stub.errors import CloudError
from cloud_stub.flow.claim_module import ClaimRequest
from cloud_stub.flow.confirm_camera import CameraProposal
from tests.flow.cloud.house import House

CONTRACT = Path(__file__).parents[2] / "contract"


def request(code: str, model: str = "sync_module_2") -> ClaimRequest:
    return ClaimRequest(code, model, "Garage", "veilleur-agent 0.1.0")


async def refusal(house: House, code: str, source: str = "s", model: str = "sync_module_2") -> CloudError:
    with pytest.raises(CloudError) as caught:
        await house.claims.claim(request(code, model), source)
    return caught.value


async def test_a_code_nobody_made_is_unknown(house: House) -> None:
    error = await refusal(house, "AAAA-AAAA")
    assert (error.code, error.status) == ("claim_code_unknown", 404)


async def test_a_code_is_too_old_after_fifteen_minutes(house: House) -> None:
    shown, _ = await house.claims.create_code("a1")
    await house.real.advance(15 * 60)
    assert (await refusal(house, shown)).code == "claim_code_expired"


async def test_a_code_works_once(house: House) -> None:
    shown, _ = await house.claims.create_code("a1")
    await house.claims.claim(request(shown), "s")
    assert (await refusal(house, shown)).code == "claim_code_used"
    async with house.records.reading() as records:
        assert len(await records.modules.all()) == 1


async def test_a_hundred_wrong_codes_make_their_source_wait_even_with_a_right_one(house: House) -> None:
    for _ in range(100):
        await refusal(house, "AAAA-AAAA", "guesser")
    shown, _ = await house.claims.create_code("a1")
    error = await refusal(house, shown, "guesser")
    assert (error.code, error.status) == ("too_many_attempts", 429)
    assert error.retry_after_s is not None
    await house.claims.claim(request(shown), "someone else")
    await house.real.advance(error.retry_after_s)
    shown, _ = await house.claims.create_code("a1")
    await house.claims.claim(request(shown), "guesser")


async def test_a_module_model_that_no_catalog_knows_leaves_the_code_good(house: House) -> None:
    shown, _ = await house.claims.create_code("a1")
    error = await refusal(house, shown, model="toaster")
    assert error.code == "module_model_unknown"
    assert "sync_module_2" in str(error)
    await house.claims.claim(request(shown), "s")


async def test_a_broker_that_is_away_leaves_the_code_good_and_no_module(house: House) -> None:
    shown, _ = await house.claims.create_code("a1")
    house.users.away = True
    error = await refusal(house, shown)
    assert (error.code, error.status, error.retry_after_s) == ("broker_away", 503, 10)
    house.users.away = False
    reply = await house.claims.claim(request(shown), "s")
    async with house.records.reading() as records:
        live = [m.module_id for m in await records.modules.all() if m.revoked_at is None]
    assert live == [reply["module_id"]] == list(house.users.allowed)


async def test_a_claim_answers_as_the_golden_document_and_keeps_only_hashes(house: House) -> None:
    golden = json.loads((CONTRACT / "claim_reply_v1.json").read_text(encoding="utf-8"))
    shown, code = await house.claims.create_code("a1")
    reply = dict(await house.claims.claim(request(shown.lower().replace("-", " ")), "s"))
    assert set(reply) == set(golden)
    assert reply["broker"] == golden["broker"]
    keys = reply["lease_keys"]
    assert isinstance(keys, list)
    assert [set(key) for key in keys] == [set(key) for key in golden["lease_keys"]]
    secret = str(reply["secret"])
    assert len(secret) == 43
    async with house.records.reading() as records:
        module = await records.modules.get(str(reply["module_id"]))
        used = await records.accounts.claim_code(code.code_hash)
    assert module is not None
    assert used is not None
    assert module.secret_hash == hash_of(secret)
    assert used.module_id == module.module_id
    assert shown.replace("-", "") not in repr(code)
    assert house.users.allowed == {module.module_id: secret}
    assert await house.whats() == ["module_claimed"]


async def test_a_claimed_module_has_a_lease_on_its_way(house: House) -> None:
    module = await house.module()
    (item,) = await house.leaving()
    assert (item.module_id, item.topic, item.retain) == (module.module_id, "lease", True)
    assert item.payload.decode() == (await house.newest(module)).token
    assert (await house.said(module))["cameras"] == {}


async def test_two_claims_with_one_code_at_once_make_one_module(house: House) -> None:
    shown, _ = await house.claims.create_code("a1")
    claims = (house.claims.claim(request(shown), "s") for _ in range(2))
    results = await asyncio.gather(*claims, return_exceptions=True)
    refused = [result.code for result in results if isinstance(result, CloudError)]
    assert refused == ["claim_code_used"]
    async with house.records.reading() as records:
        assert len(await records.modules.all()) == 1


async def test_a_removed_module_is_cut_off_and_frees_its_plan(house: House) -> None:
    module = await house.module()
    await house.camera(module, "c1")
    await house.plans.end_trial("a1")
    plan = await house.plans.start_plan("a1", "basic", "month", "c1")
    await house.claims.remove("a1", module.module_id)
    async with house.records.reading() as records:
        removed = await records.modules.get(module.module_id)
    assert removed is not None
    assert removed.revoked_at == house.desk.now()
    assert await house.attached(plan.subscription_id) == []
    assert house.users.allowed == {}
    left = [(item.topic, item.payload) for item in await house.leaving()][-2:]
    assert left == [("lease", b""), ("clock", b"")]
    for module_id in (module.module_id, "never was"):
        await house.desk.reissue(module_id)
    assert [(item.topic, item.payload) for item in await house.leaving()][-2:] == left
    with pytest.raises(CloudError, match="removed"):
        await house.desk.current_token(module.module_id)
    with pytest.raises(CloudError, match="no such module"):
        await house.claims.remove("a1", module.module_id)


async def test_a_removed_module_gets_no_lease_any_more_and_its_cameras_take_no_plan(house: House) -> None:
    removed, kept = await house.module(), await house.module()
    await house.camera(removed, "c1")
    await house.camera(kept, "c2")
    await house.plans.end_trial("a1")
    await house.claims.remove("a1", removed.module_id)
    last = (await house.newest(removed)).seq
    await house.real.advance(13 * 3600)
    await house.due.run_until(house.desk.now())
    assert (await house.newest(removed)).seq == last
    plan = await house.plans.start_plan("a1", "basic", "month")
    assert await house.attached(plan.subscription_id) == ["c2"]


async def test_a_module_is_removed_also_while_the_broker_is_away(house: House) -> None:
    module = await house.module()
    house.users.away = True
    await house.claims.remove("a1", module.module_id)
    with pytest.raises(CloudError):
        await house.desk.current_token(module.module_id)


async def test_only_its_own_account_renames_a_module(house: House) -> None:
    module = await house.module()
    await house.account("a2")
    with pytest.raises(CloudError) as caught:
        await house.claims.rename("a2", module.module_id, "Mine")
    assert caught.value.status == 404
    assert (await house.claims.rename("a1", module.module_id, "Barn")).name == "Barn"


async def test_codes_expire_in_civil_time_at_the_millisecond(house: House) -> None:
    shown, code = await house.claims.create_code("a1")
    assert code.expires_at - code.created_at == timedelta(minutes=15)
    await house.real.advance(15 * 60 - 0.001)
    await house.claims.claim(request(shown), "s")


async def test_a_claim_that_was_cut_short_before_its_broker_user_is_taken_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cloud was killed between the commit and the broker: nobody ever heard of that module's secret."""
    used = await house.module()
    async with house.records.writing() as records:
        await records.modules.update(replace(used, online=True, session=1))
    with_camera = await house.module()
    await house.cameras.propose(with_camera, "c1", CameraProposal("Door", "mini", "emulated"))

    async def killed(_module_id: str, _secret: str) -> None:
        raise SystemExit

    monkeypatch.setattr(house.users, "allow_module", killed)
    shown, _ = await house.claims.create_code("a1")
    with pytest.raises(SystemExit):
        await house.claims.claim(request(shown), "s")
    async with house.records.reading() as records:
        cut_short = (set(await records.modules.claimed_ids()) - {used.module_id, with_camera.module_id}).pop()
    assert [await house.claims.take_back(each.module_id) for each in (used, with_camera)] == [False, False]
    assert await house.claims.take_back(cut_short)
    assert not await house.claims.take_back(cut_short), "once"
    assert not await house.claims.take_back("nobody")
    async with house.records.reading() as records:
        assert set(await records.modules.claimed_ids()) == {used.module_id, with_camera.module_id}
    last = (await house.log())[-1]
    assert (last.what, last.subject, last.rule) == ("module_removed", cut_short, "claim.cut_short")
