"""Says what an order would come to before it is placed: prices, when each plan begins, what is charged now."""

from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.money_back import apply_credits
from cloud_stub.domain.purchase import Order, PlannedSubscription, Quote, planned, quote
from cloud_stub.errors import CloudError
from cloud_stub.flow.plan_holding import Actor, Holding, read_holding
from cloud_stub.flow.records_to_lease import LeaseDesk


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """An order as it would be taken now; with a `refusal` nothing is `planned`, and nothing would be charged.

    Of the lines that begin now `credit_minor` is paid by credits and `pay_now_minor` is charged; the others are paid
    when they begin (R014).
    """

    catalog: Catalog
    region: str
    quote: Quote
    planned: tuple[PlannedSubscription, ...]
    refusal: CloudError | None
    credit_minor: int
    pay_now_minor: int
    now: datetime


async def preview_order(desk: LeaseDesk, actor: Actor, order: Order) -> OrderPreview:
    """Return what an order would come to; CloudError 404 or 4xx for what is not sold at all, as `quote` says."""
    now = desk.now()
    async with desk.records.reading() as records:
        holding = await read_holding(records, desk.catalogs, actor, now)
        notes = await records.billing.credit_notes_of(holding.holder_id)
    catalog = desk.catalogs.in_force(holding.vendor, now)
    prices = quote(catalog, catalog.region(holding.region), order.items)
    found, refusal = _planned(catalog, holding, order, now)
    begin = sum(each.price_minor for each in found if each.starts_at <= now)
    credit, _ = apply_credits(notes, holding.vendor, prices.currency, begin)
    return OrderPreview(catalog, holding.region, prices, found, refusal, credit, begin - credit, now)


def _planned(
    catalog: Catalog, holding: Holding, order: Order, now: datetime
) -> tuple[tuple[PlannedSubscription, ...], CloudError | None]:
    situation = holding.situation_or_bare(now)
    if catalog.linking is not None and holding.account_id is not None and situation.link is None:
        message = "Link this account to a store account first: plans are held there."
        return (), CloudError("account_not_linked", 409, message)
    try:
        return planned(catalog, holding.region, holding.time_zone, situation, order, now), None
    except CloudError as error:
        return (), error
