"""What somebody is about to buy, as it travels in addresses and forms: one word for each item of an order."""

from collections.abc import Iterable, Sequence

from multidict import MultiMapping

from cloud_stub.domain.billing_records import Interval
from cloud_stub.domain.catalog import Coverage
from cloud_stub.domain.purchase import OrderItem
from cloud_stub.errors import CloudError
from cloud_stub.web.overview import Overview

PARTS = 5
MOST_ITEMS = 20
LONGEST_DAYS = 4


def item_word(item: OrderItem) -> str:
    """Return an item as one word: `plan/interval/days/cameras/replaces`."""
    days = "" if item.keep_for_days is None else str(item.keep_for_days)
    return "/".join((item.plan, item.interval.value, days, "+".join(item.camera_ids), item.subscription_id or ""))


def basket_of(sent: MultiMapping[str], overview: Overview) -> tuple[OrderItem, ...]:
    """Return the items of an address or a form: those in it already, and the one that was just chosen.

    CloudError 422 `bad_choice` for what no page of ours offers.
    """
    words = sent.getall("item", [])
    if len(words) > MOST_ITEMS:
        raise _not_ours()
    items = [_read(word) for word in words]
    if sent.get("choice"):
        items.append(_chosen(sent, overview))
    return tuple(items)


def without_repeats(items: Iterable[OrderItem]) -> tuple[OrderItem, ...]:
    """Return items, each once."""
    return tuple(dict.fromkeys(items))


def choice_word(plan: str, interval: str, keep_for_days: int | None) -> str:
    """Return a plan with its interval and duration as one value of a form."""
    return f"{plan}/{interval}/{'' if keep_for_days is None else keep_for_days}"


def item_query(items: Sequence[OrderItem], **more: str) -> list[tuple[str, str]]:
    """Return the query of an address that carries items."""
    return [*(("item", item_word(item)) for item in items), *more.items()]


def _chosen(sent: MultiMapping[str], overview: Overview) -> OrderItem:
    plan, interval, days = _parts(sent["choice"], 3)
    cameras = tuple(dict.fromkeys(each for each in sent.getall("camera_id", []) if each))
    replaces = sent.get("replaces") or None
    its = overview.catalog.plans.get(plan)
    if replaces is not None and not cameras and its is not None and its.coverage is not Coverage.ACCOUNT:
        cameras = overview.situation.attached_to(replaces)
    if its is not None and its.coverage is Coverage.ACCOUNT:
        cameras = ()
    return _item((plan, interval, days, "+".join(cameras), replaces or ""))


def _read(word: str) -> OrderItem:
    return _item(_parts(word, PARTS))


def _parts(word: str, count: int) -> tuple[str, ...]:
    parts = tuple(word.split("/"))
    if len(parts) != count:
        raise _not_ours()
    return parts


def _item(parts: Sequence[str]) -> OrderItem:
    plan, interval, days, cameras, replaces = parts
    if interval not in {*Interval} or (days and not (days.isdecimal() and len(days) <= LONGEST_DAYS)):
        raise _not_ours()
    chosen = tuple(dict.fromkeys(each for each in cameras.split("+") if each))
    return OrderItem(plan, Interval(interval), chosen, int(days) if days else None, replaces or None)


def _not_ours() -> CloudError:
    return CloudError("bad_choice", 422, "This is none of the choices. Load the page again.")
