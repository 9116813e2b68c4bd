"""The owner's messages: what was sent, what waits, what was not sent and why; as a page and over the API."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from cloud_stub.domain.notice_records import Notice, NoticeState
from cloud_stub.errors import CloudError
from cloud_stub.web.api_edge import Operation, answer_list
from cloud_stub.web.notice_models import NoticeReply
from cloud_stub.web.owner_services import SERVICES, OwnerServices
from cloud_stub.web.pages import language_of, overview_of, render, services_of
from cloud_stub.web.words import N_

SHOWN: Final = 100
MOST: Final = 500
LONGEST_NUMBER: Final = 3
STATE: Final = {
    NoticeState.QUEUED: (N_("waits to be sent"), "warn"),
    NoticeState.SENT: (N_("sent"), "good"),
    NoticeState.SKIPPED_STALE: (N_("not sent: no longer true"), "plain"),
    NoticeState.FAILED: (N_("could not be delivered"), "bad"),
}
KEPT: Final = (N_("kept here"), "good")
"""Instead of `sent`, where no mail leaves this cloud."""


async def show_messages(request: web.Request) -> web.Response:
    """GET /messages."""
    overview = await overview_of(request)
    language = language_of(request)
    services = services_of(request)
    rows = []
    for notice in await _newest(services, overview.account.account_id, SHOWN):
        kept = notice.state is NoticeState.SENT and not services.settings.sends_mail
        word, tone = KEPT if kept else STATE[notice.state]
        moment = language.moment(notice.due_at, overview.account.time_zone)
        rows.append({"notice": notice, "moment": moment, "state": language.say(word), "tone": tone})
    mails = services.settings.sends_mail
    return render(request, "messages.html", overview=overview, page="log", rows=rows, sends_mail=mails)


async def list_notices(request: web.Request) -> web.Response:
    """GET /api/v1/notices."""
    services = request.app[SERVICES]
    account = services.auth.owner(request).account
    raw = request.query.get("limit", str(SHOWN))
    if not (raw.isascii() and raw.isdigit() and len(raw) <= LONGEST_NUMBER and 1 <= int(raw) <= MOST):
        raise CloudError("bad_query", 400, f"limit must be a whole number from 1 to {MOST}.")
    return answer_list([_reply(notice) for notice in await _newest(services, account.account_id, int(raw))])


async def _newest(services: OwnerServices, account_id: str, limit: int) -> Sequence[Notice]:
    async with services.records.reading() as records:
        return list(reversed(await records.notices.of_account(account_id)))[:limit]


def _reply(notice: Notice) -> NoticeReply:
    return NoticeReply(
        notice_id=notice.notice_id,
        kind=notice.kind,
        subject_id=notice.subject_id,
        channel="mail",
        state=notice.state.value,
        due_at=notice.due_at,
        made_at=notice.made_at,
        sent_at=notice.sent_at,
        attempts=notice.attempts,
        recipient=notice.recipient,
        title=notice.title,
        text=notice.text,
    )


ROUTES: Final = (web.get("/messages", show_messages),)
OPERATIONS: Final = (
    Operation("GET", "/api/v1/notices", "The messages to the owner, newest first: sent, waiting, and not sent",
              "account", "owner", list_notices, response=NoticeReply, is_list=True, query=("limit",),
              problems=(400,)),
)  # fmt: skip
