"""The recap of a checkout in words: what each line is, when it begins, and what it lets end."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_stub.flow.change_preview import ChangePreview
from cloud_stub.flow.order_preview import OrderPreview
from cloud_stub.web.clip_view import ClipCard, clip_card
from cloud_stub.web.drive_copy_view import ToDrive, to_drive
from cloud_stub.web.languages import Language
from cloud_stub.web.offer_view import plan_name
from cloud_stub.web.overview import Overview
from cloud_stub.web.plan_words import INTERVAL

CLIPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class RecapLine:
    """One plan of an order."""

    name: str
    details: tuple[str, ...]
    amount: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A plan that ends, and the clips that its end erases: so many are shown, and how many there are."""

    sentences: tuple[str, ...]
    warning: str
    clips: tuple[ClipCard, ...]
    to_drive: ToDrive | None


def recap_lines(preview: OrderPreview, overview: Overview, language: Language) -> tuple[RecapLine, ...]:
    """Return the lines of an order."""
    begin = {id(each.item): each for each in preview.planned}
    found = []
    for line in preview.quote.lines:
        item, details = line.item, []
        if item.keep_for_days is not None:
            details.append(
                language.say_many(
                    "keeps recordings for %(count)s day", "keeps recordings for %(count)s days", item.keep_for_days
                )
            )
        names = [overview.camera_name(camera_id) or camera_id for camera_id in item.camera_ids]
        if names:
            details.append(", ".join(names))
        planned = begin.get(id(item))
        if planned is not None and planned.starts_at > preview.now:
            day = language.day(planned.starts_at, overview.account.time_zone)
            details.append(language.say("begins on %(when)s and is paid then", when=day))
        if planned is not None and planned.ends_at is not None:
            day = language.day(planned.ends_at, overview.account.time_zone)
            details.append(language.say("ends on %(when)s and does not renew by itself", when=day))
        amount = language.money(line.amount_minor, preview.quote.currency)
        each_time = language.say(INTERVAL[item.interval.value])
        found.append(
            RecapLine(plan_name(preview.catalog, item.plan, language), tuple(details), f"{amount} {each_time}")
        )
    return tuple(found)


def change_views(changes: Sequence[ChangePreview], overview: Overview, language: Language) -> tuple[ChangeView, ...]:
    """Return what an order lets end, in words."""
    return tuple(_change(each, overview, language) for each in changes)


def _change(change: ChangePreview, overview: Overview, language: Language) -> ChangeView:
    name = plan_name(overview.catalog, change.old.plan, language)
    if change.at <= overview.now:
        found = [language.say("%(plan)s ends at once.", plan=name)]
    else:
        day = language.day(change.at, overview.account.time_zone)
        found = [language.say("%(plan)s goes on until %(when)s.", plan=name, when=day)]
    found += say_money_back(change.back.refund_minor, change.back.credit_minor, change.old.currency, language)
    return ChangeView(
        tuple(found),
        say_erased(len(change.doomed), language),
        tuple(clip_card(clip, overview, language) for clip in change.doomed[:CLIPS_SHOWN]),
        to_drive(change.doomed, overview, language),
    )


def say_money_back(refund_minor: int, credit_minor: int, currency: str, language: Language) -> list[str]:
    """Say what comes back; nothing where nothing does."""
    found = []
    if refund_minor:
        found.append(language.say("You get %(money)s back.", money=language.money(refund_minor, currency)))
    if credit_minor:
        money = language.money(credit_minor, currency)
        found.append(language.say("Your next invoice is %(money)s lower.", money=money))
    return found


def say_erased(count: int, language: Language) -> str:
    """Warn of clips that go for good; empty where none does."""
    if count == 0:
        return ""
    return language.say_many(
        "%(count)s clip is older than what is left of the plan keeps: it is erased for good. Download it first.",
        "%(count)s clips are older than what is left of the plan keeps: they are erased for good. Download them first.",
        count,
    )
