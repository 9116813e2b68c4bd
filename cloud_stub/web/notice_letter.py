"""Messages to owners in words: English or French, plain text, dates in the account's time zone, one link to act."""

from collections.abc import Callable, Iterator
from typing import Final

from cloud_stub.domain.billing_records import EndedBecause, Interval
from cloud_stub.domain.notice_text import NoticeFacts
from cloud_stub.domain.records import Account
from cloud_stub.domain.reminders import NoticeKind
from cloud_stub.flow.notices_to_owner import Letter, Write
from cloud_stub.web.languages import Language, Languages
from cloud_stub.web.words import N_

PLANS, CLIPS, MESSAGES, STORE = "/plan", "/clips", "/messages", "/store/memberships"
LONGEST_TITLE: Final = 250
EVERY: Final = {
    Interval.WEEK: N_("%(amount)s a week"),
    Interval.MONTH: N_("%(amount)s a month"),
    Interval.YEAR: N_("%(amount)s a year"),
}
BECAUSE: Final = {
    EndedBecause.CANCELLED: N_("It was cancelled."),
    EndedBecause.LAPSED: N_("Plans of this length are not renewed in your province or state."),
    EndedBecause.PAYMENT_FAILED: N_("Its payment was declined and was overdue for too long."),
    EndedBecause.PAUSED_TOO_LONG: N_("It rested for too long without a link between the two accounts."),
    EndedBecause.UNLINKED: N_("The link between the two accounts was cut."),
}


def letter_writer(languages: Languages, public_url: str) -> Write:
    """Return what puts facts into the language of an account; links lead to `public_url`."""
    return lambda facts, account: letter(languages.get(account.locale), facts, account, public_url)


def letter(language: Language, facts: NoticeFacts, account: Account, public_url: str) -> Letter:
    """Return one message in words."""
    said = _Said(language, facts, account.time_zone, public_url.rstrip("/"))
    title, body = BODIES[facts.kind](said)
    end = language.say("All messages of this cloud to you: %(url)s", url=said.url + MESSAGES)
    return Letter(title[:LONGEST_TITLE], "\n\n".join([*(line for line in body if line), "--", end]) + "\n")


class _Said:
    """The facts of one message with the words to say them."""

    def __init__(self, language: Language, facts: NoticeFacts, zone: str, url: str) -> None:
        self.language = language
        self.facts = facts
        self.url = url
        self._zone = zone

    @property
    def when(self) -> str:
        return self.language.moment(self.facts.when, self._zone)

    @property
    def day(self) -> str:
        return self.language.day(self.facts.when, self._zone)

    @property
    def until(self) -> str:
        return "" if self.facts.until is None else self.language.day(self.facts.until, self._zone)

    @property
    def manage(self) -> str:
        """Return the page where a plan is cancelled and paid for."""
        return self.url + (STORE if self.facts.in_store else PLANS)

    def money(self, minor: int) -> str:
        return self.language.money(minor, self.facts.currency)

    def price(self) -> str:
        interval = self.facts.interval or Interval.MONTH
        return self.language.say(EVERY[interval], amount=self.money(self.facts.amount_minor))

    def cameras(self) -> str:
        if not self.facts.cameras:
            return ""
        return self.language.say("It is for: %(cameras)s.", cameras=", ".join(self.facts.cameras))

    def afterwards(self) -> str:
        """Return what covers the cameras once this is over."""
        say, facts = self.language.say, self.facts
        if facts.takes_over and not facts.uncovered:
            return say("You have to do nothing: %(plans)s covers your cameras then.", plans=", ".join(facts.takes_over))
        if facts.uncovered:
            return say(
                "From then on new recordings of these cameras are not saved in the cloud: %(cameras)s. Motion alerts "
                "and live view still work.",
                cameras=", ".join(facts.uncovered),
            )
        return ""

    def clips(self) -> str:
        """Return when the recordings in the cloud leave it."""
        left = self.facts.clips
        if left.first_leaves is None or left.last_leaves is None:
            return self.language.say("There are no clips in the cloud.")
        return self.language.say_many(
            "%(count)s recording is in the cloud; it stays until %(last)s. You can download it here: %(url)s",
            "%(count)s recordings are in the cloud: the first leaves on %(first)s, the last on %(last)s. You can "
            "download them here: %(url)s",
            left.count,
            first=self.language.day(left.first_leaves, self._zone),
            last=self.language.day(left.last_leaves, self._zone),
            url=self.url + CLIPS,
        )

    def buy(self) -> str:
        if self.facts.takes_over and not self.facts.uncovered:
            return self.language.say("Your plans: %(url)s", url=self.url + PLANS)
        return self.language.say("Plans, their prices, and buying one: %(url)s", url=self.url + PLANS)


Body = tuple[str, Iterator[str]]


def _trial_days_left(said: _Said) -> Body:
    language, facts = said.language, said.facts
    title = language.say_many(
        "%(count)s day left of your free trial of %(plan)s",
        "%(count)s days left of your free trial of %(plan)s",
        facts.days_left,
        plan=facts.plan,
    )

    def body() -> Iterator[str]:
        yield language.say("It ends by itself on %(when)s and costs nothing.", when=said.when)
        yield said.cameras()
        yield said.afterwards()
        yield said.buy()

    return title, body()


def _trial_ended(said: _Said) -> Body:
    language = said.language

    def body() -> Iterator[str]:
        yield language.say("It ended on %(when)s. Nothing was charged, and you are not enrolled in a plan by it.",
                           when=said.when)  # fmt: skip
        yield said.cameras()
        yield said.afterwards()
        yield said.clips()
        yield said.buy()

    return language.say("Your free trial of %(plan)s has ended", plan=said.facts.plan), body()


def _plan_scheduled(said: _Said) -> Body:
    language, facts = said.language, said.facts

    def body() -> Iterator[str]:
        yield language.say("You bought %(plan)s. It begins on %(when)s, and is paid for from then on: %(price)s.",
                           plan=facts.plan, when=said.when, price=said.price())  # fmt: skip
        yield said.cameras()
        yield language.say("To change or cancel it: %(url)s", url=said.manage)

    return language.say("%(plan)s begins on %(when)s", plan=facts.plan, when=said.day), body()


def _plan_started(said: _Said) -> Body:
    language, facts = said.language, said.facts

    def body() -> Iterator[str]:
        yield language.say("%(plan)s began on %(when)s and is paid: %(price)s.",
                           plan=facts.plan, when=said.when, price=said.price())  # fmt: skip
        yield said.cameras()
        yield language.say("Invoices, changes and cancelling: %(url)s", url=said.manage)

    return language.say("%(plan)s has begun", plan=facts.plan), body()


def _renewal_coming(said: _Said) -> Body:
    language, facts = said.language, said.facts

    def body() -> Iterator[str]:
        yield language.say("On %(when)s %(amount)s are taken for the next period.",
                           when=said.when, amount=said.money(facts.amount_minor))  # fmt: skip
        yield said.cameras()
        yield language.say("To change or cancel it: %(url)s", url=said.manage)

    return language.say("%(plan)s renews on %(when)s", plan=facts.plan, when=said.day), body()


def _plan_ending(said: _Said) -> Body:
    language = said.language

    def body() -> Iterator[str]:
        yield language.say("It was cancelled, and runs until %(when)s. Nothing more is charged.", when=said.when)
        yield said.cameras()
        yield said.afterwards()
        yield language.say("To keep it, take the cancellation back before: %(url)s", url=said.manage)

    return language.say("%(plan)s ends on %(when)s", plan=said.facts.plan, when=said.day), body()


def _plan_lapsing(said: _Said) -> Body:
    language = said.language

    def body() -> Iterator[str]:
        yield language.say(BECAUSE[EndedBecause.LAPSED])
        yield language.say("It runs until %(when)s. Nothing more is charged.", when=said.when)
        yield said.cameras()
        yield said.afterwards()
        yield language.say("To go on, buy it again: %(url)s", url=said.url + PLANS)

    return language.say("%(plan)s ends on %(when)s and is not renewed", plan=said.facts.plan, when=said.day), body()


def _history_erased_soon(said: _Said) -> Body:
    language, facts = said.language, said.facts
    title = language.say_many(
        "%(count)s recording is erased on %(when)s", "%(count)s recordings are erased on %(when)s", facts.erased,
        when=said.day,
    )  # fmt: skip

    def body() -> Iterator[str]:
        yield language.say("%(plan)s ends on %(when)s. What is older than the limit that holds then is erased.",
                           plan=facts.plan, when=said.when)  # fmt: skip
        yield said.cameras()
        yield language.say("Download before what you want to keep: %(url)s", url=said.url + CLIPS)

    return title, body()


def _payment_failed(said: _Said) -> Body:
    language, facts = said.language, said.facts

    def body() -> Iterator[str]:
        yield language.say("On %(when)s a payment of %(amount)s for %(plan)s was declined. It is tried again.",
                           when=said.when, amount=said.money(facts.amount_minor), plan=facts.plan)  # fmt: skip
        yield said.cameras()
        yield language.say("If it is not paid until %(until)s, the plan ends.", until=said.until)
        yield language.say("To pay with something else: %(url)s", url=said.manage)

    return language.say("The payment for %(plan)s was declined", plan=facts.plan), body()


def _plan_ended(said: _Said) -> Body:
    language, facts = said.language, said.facts

    def body() -> Iterator[str]:
        yield language.say("It ended on %(when)s.", when=said.when)
        yield language.say(BECAUSE[facts.because]) if facts.because in BECAUSE else ""
        if facts.refund_minor:
            yield language.say("%(amount)s come back to your payment method.", amount=said.money(facts.refund_minor))
        if facts.credit_minor:
            yield language.say("%(amount)s are taken off your next invoice.", amount=said.money(facts.credit_minor))
        yield said.afterwards()
        yield said.clips()
        yield said.buy()

    return language.say("%(plan)s has ended", plan=facts.plan), body()


BODIES: Final[dict[NoticeKind, Callable[[_Said], Body]]] = {
    NoticeKind.TRIAL_DAYS_LEFT: _trial_days_left,
    NoticeKind.TRIAL_ENDED: _trial_ended,
    NoticeKind.PLAN_SCHEDULED: _plan_scheduled,
    NoticeKind.PLAN_STARTED: _plan_started,
    NoticeKind.RENEWAL_COMING: _renewal_coming,
    NoticeKind.PLAN_ENDING: _plan_ending,
    NoticeKind.PLAN_LAPSING: _plan_lapsing,
    NoticeKind.HISTORY_ERASED_SOON: _history_erased_soon,
    NoticeKind.PAYMENT_FAILED: _payment_failed,
    NoticeKind.PLAN_ENDED: _plan_ended,
}
