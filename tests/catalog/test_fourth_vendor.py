"""A vendor that no code knows works from its TOML alone, and combines what none of the three does."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.adapters.blobs_obstore import blobs_in_folder
from cloud_stub.adapters.posters_pyav import PyavPosters
from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.catalog import load_catalogs
from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.billing_records import EndedBecause, Interval, Invoice, InvoiceStatus, MoneyBack
from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.policies import Effective
from cloud_stub.domain.purchase import Order, OrderItem
from cloud_stub.domain.records import Account, Module
from cloud_stub.domain.tus import Creation, Patch, read_metadata
from cloud_stub.errors import CloudError
from cloud_stub.flow.buy_plan import Bought
from cloud_stub.flow.cancel_plan import ConfirmationNeeded
from cloud_stub.flow.media_flows import MediaPorts, MediaRules, media_flows
from cloud_stub.flow.plan_holding import AccountActor
from cloud_stub.flow.upload_to_clip import UploadLimits
from tests.adapters.cloud_media.media import make_clip
from tests.catalog.made_up import LANTERN
from tests.flow.cloud.house import APPROVES, START, House, held_clip, open_house
from tests.flow.cloud_media.rig import chunked, clip_uuid, encoded, metadata_of, sha256_checksum

DAY_S = 86_400.0
DAY = timedelta(days=1)
OWNER = AccountActor("a1")
EMBER = "c0a80105-7b1e-4a55-8d5e-11aa22bb33c5"
CLIP = make_clip(seconds=3)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "operators"
    folder.mkdir()
    (folder / "lantern.toml").write_text(LANTERN, encoding="utf-8")
    async with open_house(tmp_path) as opened:
        opened.desk.catalogs = load_catalogs(operators=folder)
        await opened.account(vendor="lantern", region="MOON", linked=False)
        yield opened


async def days_later(house: House, days: float) -> None:
    await house.real.advance(days * DAY_S)
    await house.due.run_until(house.desk.now())


async def buy(house: House, plan: str, interval: Interval, *cameras: str, token: str | None = APPROVES) -> Bought:
    order = Order((OrderItem(plan, interval, cameras),), "browser", accepts_terms=True)
    return await house.money.purchases.buy(OWNER, order, token)


async def invoices(house: House) -> list[Invoice]:
    async with house.records.reading() as records:
        return sorted(await records.billing.invoices_of("a1"), key=lambda invoice: (invoice.issued_at, invoice.number))


async def cancel(house: House, subscription_id: str, mode: Effective | None) -> ConfirmationNeeded:
    """Cancel in the two calls that this vendor wants, and return what the first one said."""
    with pytest.raises(ConfirmationNeeded) as asked:
        await house.money.cancels.cancel(OWNER, subscription_id, mode)
    await house.money.cancels.cancel(OWNER, subscription_id, mode, asked.value.preview.token)
    return asked.value


async def test_each_device_has_a_trial_of_its_own_and_no_other_camera_profits(house: House) -> None:
    module = await house.module()
    await house.camera(module, "first", "wick")
    await house.camera(module, "ember", "ember")
    await days_later(house, 1)
    await house.camera(module, "second", "wick")
    async with house.records.reading() as records:
        trials = {each.camera_id: (each.started_at, each.ends_at) for each in await records.plans.trials("a1")}
    assert trials == {"first": (START, START + 3 * DAY), "second": (START + DAY, START + 4 * DAY)}
    assert await places(house, module) == {"first": "trial", "second": "trial", "ember": "legacy_model"}
    await days_later(house, 2)
    assert await places(house, module) == {"first": "local_storage", "second": "trial", "ember": "legacy_model"}
    await days_later(house, 1)
    assert await places(house, module) == {
        "first": "local_storage",
        "second": "local_storage",
        "ember": "legacy_model",
    }
    assert (await house.said(module))["cameras"]["ember"]["storage"]["limit_ms"] == 20_000


async def places(house: House, module: Module) -> dict[str, str]:
    return {name: its["why"] for name, its in (await house.said(module))["cameras"].items()}


async def test_a_plan_is_bought_without_a_store_in_a_trial_and_renews_by_the_week(house: House) -> None:
    """`purchase_starts = "now"`: it is paid at once, though the trial of its camera still runs."""
    module = await house.module()
    await house.camera(module, "first", "wick")
    (glow,) = (await buy(house, "glow", Interval.WEEK, "first")).subscriptions
    assert (glow.holder_id, glow.starts_at, glow.price_minor, glow.currency) == ("a1", START, 70, "JPY")
    await days_later(house, 3)
    its = (await house.said(module))["cameras"]["first"]
    assert (its["why"], its["storage"]["keep_for_days"]) == ("plan", 5)
    await days_later(house, 12)
    paid = await invoices(house)
    assert [(each.charged_minor, each.status) for each in paid] == [(70, InvoiceStatus.PAID)] * 3
    assert [each.lines[0].period_start for each in paid] == [START, START + 7 * DAY, START + 14 * DAY]


async def test_cancelling_with_the_week_gives_nothing_back_and_may_be_taken_back(house: House) -> None:
    module = await house.module()
    await house.camera(module, "first", "wick")
    (glow,) = (await buy(house, "glow", Interval.WEEK, "first")).subscriptions
    await days_later(house, 2)
    assert await house.money.cancels.modes(OWNER, glow.subscription_id) == (Effective.PERIOD_END, Effective.NOW)
    with pytest.raises(CloudError) as unsaid:
        await house.money.cancels.cancel(OWNER, glow.subscription_id)
    assert (unsaid.value.code, unsaid.value.status) == ("cancel_mode_needed", 422)
    said = await cancel(house, glow.subscription_id, Effective.PERIOD_END)
    assert (said.preview.stops_at, said.preview.refund_minor, said.preview.credit_minor) == (START + 7 * DAY, 0, 0)
    await house.money.cancels.reactivate(OWNER, glow.subscription_id)
    await cancel(house, glow.subscription_id, Effective.PERIOD_END)
    await days_later(house, 2)
    assert await places(house, module) == {"first": "plan"}
    await days_later(house, 3)
    assert await places(house, module) == {"first": "local_storage"}
    (ended,) = await house.held("a1")
    assert (ended.ended_because, ended.ended_at) == (EndedBecause.CANCELLED, START + 7 * DAY)
    assert len(await invoices(house)) == 1


async def test_cancelling_now_gives_a_credit_that_the_next_invoice_uses(house: House) -> None:
    """The last paid plan, and yet a credit: no shipped vendor does that."""
    module = await house.module()
    await house.camera(module, "first", "wick")
    (glow,) = (await buy(house, "glow", Interval.WEEK, "first")).subscriptions
    await days_later(house, 4)
    said = await cancel(house, glow.subscription_id, Effective.NOW)
    assert (said.preview.refund_minor, said.preview.credit_minor) == (0, 30)
    async with house.records.reading() as records:
        (note,) = await records.billing.credit_notes_of("a1")
    assert (note.kind, note.amount_minor, note.left_minor) == (MoneyBack.CREDIT, 30, 30)
    blaze = (await buy(house, "blaze", Interval.MONTH)).invoice
    assert blaze is not None
    assert (blaze.credit_minor, blaze.charged_minor, blaze.status) == (30, 770, InvoiceStatus.PAID)


async def test_a_year_has_terms_of_its_own(house: House) -> None:
    await house.camera(await house.module(), "first", "wick")
    (blaze,) = (await buy(house, "blaze", Interval.YEAR)).subscriptions
    await days_later(house, 73)
    assert await house.money.cancels.modes(OWNER, blaze.subscription_id) == ()
    said = await cancel(house, blaze.subscription_id, None)
    assert (said.preview.refund_minor, said.preview.credit_minor) == (7200, 0)
    async with house.records.reading() as records:
        (note,) = await records.billing.credit_notes_of("a1")
    assert (note.kind, note.amount_minor) == (MoneyBack.REFUND, 7200)
    assert note.refunded_at is not None


async def test_a_plan_of_two_cameras_takes_those_set_up_first(house: House) -> None:
    module = await house.module()
    for hours, name in enumerate(("one", "two", "three")):
        await house.camera(module, name, "wick")
        await house.real.advance(3600.0 * (hours + 1))
    await buy(house, "blaze", Interval.WEEK)
    await days_later(house, 5)
    assert await places(house, module) == {"one": "plan", "two": "plan", "three": "local_storage"}


@pytest.mark.parametrize(
    ("channel", "accepts", "code"),
    [("kiosk", True, "channel_refused"), ("browser", False, "terms_not_accepted")],
)
async def test_where_it_is_sold_and_under_which_terms(house: House, channel: str, accepts: bool, code: str) -> None:
    await house.camera(await house.module(), "first", "wick")
    order = Order((OrderItem("glow", Interval.WEEK, ("first",)),), channel, accepts_terms=accepts)
    with pytest.raises(CloudError) as refusal:
        await house.money.purchases.buy(OWNER, order, APPROVES)
    assert refusal.value.code == code
    assert await invoices(house) == []


async def test_two_plans_go_into_one_order(house: House) -> None:
    module = await house.module()
    await house.camera(module, "first", "wick")
    await house.camera(module, "second", "wick")
    items = (OrderItem("glow", Interval.WEEK, ("first",)), OrderItem("glow", Interval.YEAR, ("second",)))
    bought = await house.money.purchases.buy(OWNER, Order(items, "counter", accepts_terms=True), APPROVES)
    assert bought.invoice is not None
    assert (len(bought.invoice.lines), bought.invoice.charged_minor) == (2, 3070)


async def test_what_was_bought_at_the_counter_is_not_cancelled_here(house: House) -> None:
    await house.camera(await house.module(), "first", "wick")
    order = Order((OrderItem("glow", Interval.WEEK, ("first",)),), "counter", accepts_terms=True)
    (glow,) = (await house.money.purchases.buy(OWNER, order, APPROVES)).subscriptions
    with pytest.raises(CloudError) as refusal:
        await house.money.cancels.cancel(OWNER, glow.subscription_id, Effective.NOW)
    assert refusal.value.code == "wrong_channel"


async def test_history_is_trimmed_but_two_days_stay(house: House) -> None:
    """`trim_to_new_limit` with `keep_days_after_end = 2`, on a camera that falls to no cloud window at all."""
    module = await house.module()
    await house.camera(module, "first", "wick")
    (glow,) = (await buy(house, "glow", Interval.WEEK, "first")).subscriptions
    await days_later(house, 4)
    async with house.records.writing() as records:
        for age in (1, 3):
            clip = held_clip(module, "first", f"{age} days old", house.desk.now() - age * DAY, 5)
            await records.clips.add(replace(clip, pool=None))
    await cancel(house, glow.subscription_id, Effective.NOW)
    await house.due.run_until(house.desk.now())
    assert [clip_id for clip_id, _ in house.shelf.gone] == ["3 days old"]


async def test_weeks_do_not_renew_where_the_catalog_says_so(house: House) -> None:
    await house.account("a2", "MOON", vendor="lantern", linked=False, subdivision="FR-75C")
    await house.camera(await house.module("a2"), "moon", "wick")
    order = Order((OrderItem("glow", Interval.WEEK, ("moon",)),), "browser", accepts_terms=True)
    await house.money.purchases.buy(AccountActor("a2"), order, APPROVES)
    await days_later(house, 20)
    (lapsed,) = await house.held("a2")
    assert (lapsed.ended_because, lapsed.ended_at) == (EndedBecause.LAPSED, START + 7 * DAY)


async def test_the_free_pool_stops_when_it_is_full(house: House, tmp_path: Path) -> None:
    """20 s hold six clips of 3 s and 1 s more of a seventh; it is refused, and the six stay."""
    module = await house.module()
    await house.camera(module, EMBER, "ember")
    staging = FileStaging(tmp_path / "staging", reserve_bytes=0)
    staging.prepare()
    rules = MediaRules(
        now=house.desk.now,
        real_now=house.desk.now,
        auto_delete_days=lambda account: auto_delete_in_force(lantern(house, account), account),
        limits=UploadLimits(),
        when_full=lambda account: lantern(house, account).quota_when_full,
    )
    blobs = blobs_in_folder(tmp_path / "blobs")
    flows = media_flows(MediaPorts(house.records, staging, blobs, PyavPosters()), rules)
    seq = (await house.newest(module)).seq

    async def put(number: int) -> None:
        own = {"camera_id": EMBER, "lease_seq": str(seq), "grant": f"legacy_model:{EMBER}", "sink": "quota"}
        raw = encoded(metadata_of(clip_uuid(number), house.desk.now()) | own)
        upload = await flows.uploads.create(module, Creation(None, raw, read_metadata(raw)), None, None)
        said = Patch(0, len(CLIP), sha256_checksum(CLIP), len(CLIP))
        await flows.uploads.patch(module, upload.upload_id, said, chunked(CLIP))

    try:
        for number in range(6):
            await put(number)
        with pytest.raises(CloudError) as refusal:
            await put(6)
    finally:
        await flows.close()
    assert (refusal.value.code, refusal.value.status) == ("quota_full", 403)
    async with house.records.reading() as records:
        held = await records.clips.held_of_account("a1")
    assert {clip.clip_id for clip in held} == {clip_uuid(number) for number in range(6)}
    assert sum(clip.duration_ms for clip in held) == 18_000


def lantern(house: House, account: Account) -> Catalog:
    return house.desk.catalogs.in_force(account.vendor, house.desk.now())
