"""The owners' JSON API over the link to a store account, and over the benefits of a plan."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from cloud_stub.domain.benefits import DISCOUNT, WARRANTY, offers_discount, offers_warranty
from cloud_stub.domain.linking import FIXES, LinkRequest, Trouble
from cloud_stub.domain.store_records import ProductKind
from cloud_stub.flow.link_accounts import LinkState
from cloud_stub.web.api_edge import Operation, answer, answer_list, body_of
from cloud_stub.web.owner_services import SERVICES, source_of
from cloud_stub.web.store_models import (
    BenefitReply,
    DiagnosisReply,
    LinkBody,
    LinkReply,
    UnlinkBody,
    WarrantyBody,
    WarrantyReply,
)


def link_reply(state: LinkState) -> LinkReply:
    """Return a link as the API shows it."""
    return LinkReply(
        offered=state.offered,
        linked=state.link is not None,
        marketplace=state.marketplace,
        linked_at=None if state.link is None else state.link.linked_at,
        shared_fields=list(state.shared_fields),
        readable_here=plain(state.of_store),
        readable_in_store=plain(state.of_account),
        diagnosis=[diagnosis_reply(trouble) for trouble in state.troubles],
    )


def diagnosis_reply(trouble: Trouble) -> DiagnosisReply:
    """Return a trouble with the steps that mend it (R020, R061)."""
    return DiagnosisReply(code=trouble.value, steps=[step.value for step in FIXES[trouble]])


def plain(facts: Mapping[str, str | tuple[str, ...]]) -> dict[str, str | list[str]]:
    """Return facts as JSON has them."""
    return {key: value if isinstance(value, str) else list(value) for key, value in facts.items()}


async def read_link(request: web.Request) -> web.Response:
    """GET /api/v1/link."""
    services = request.app[SERVICES]
    account = services.auth.owner(request).account
    return answer(link_reply(await services.store.links.state(account.account_id)))


async def make_link(request: web.Request) -> web.Response:
    """POST /api/v1/link."""
    services = request.app[SERVICES]
    account = services.auth.owner(request).account
    body = await body_of(request, LinkBody)
    source = source_of(request, behind_proxy=services.settings.behind_proxy)
    wish = LinkRequest(body.country, body.app_version, body.os, body.os_version)
    await services.store.links.link(account, body.store_email, body.store_password, wish, source)
    return answer(link_reply(await services.store.links.state(account.account_id)), 201)


async def cut_link(request: web.Request) -> web.Response:
    """DELETE /api/v1/link."""
    services = request.app[SERVICES]
    account = services.auth.owner(request).account
    body = await body_of(request, UnlinkBody)
    source = source_of(request, behind_proxy=services.settings.behind_proxy)
    await services.store.links.unlink(account, body.password, source)
    return answer(link_reply(await services.store.links.state(account.account_id)))


async def read_benefits(request: web.Request) -> web.Response:
    """GET /api/v1/benefits."""
    services = request.app[SERVICES]
    account = services.auth.owner(request).account
    its = await services.store.benefits.benefits(account.account_id, services.leases.now())
    found = []
    if offers_discount(its.catalog, its.region):
        lacks = [each.value for each in its.discount.lacks]
        found.append(BenefitReply(benefit=DISCOUNT, in_force=not lacks, percent=its.discount.percent, lacks=lacks))
    if offers_warranty(its.catalog, its.region):
        lacks = [each.value for each in its.warranty_lacks]
        found.append(BenefitReply(benefit=WARRANTY, in_force=not lacks, percent=None, lacks=lacks))
    return answer_list(found)


async def ask_warranty(request: web.Request) -> web.Response:
    """POST /api/v1/warranty: it changes nothing."""
    services = request.app[SERVICES]
    account = services.auth.owner(request).account
    body = await body_of(request, WarrantyBody)
    now = services.leases.now()
    kind = ProductKind(body.kind)
    its = await services.store.benefits.warranty(account.account_id, kind, body.bought_on, body.model, now)
    return answer(
        WarrantyReply(
            state=its.state.value,
            original_until=its.original_until,
            extended=its.extended,
            extended_from=its.extended_from,
            extended_until=its.extended_until,
            lacks=[each.value for each in its.lacks],
        )
    )


OPERATIONS: Final = (
    Operation("GET", "/api/v1/link", "The link to a store account, and why plans do not work if they do not", "link",
              "owner", read_link, response=LinkReply),
    Operation("POST", "/api/v1/link", "Link the account to a store account", "link", "owner", make_link, LinkBody,
              LinkReply, status=201, problems=(400, 403, 409, 415, 422, 429)),
    Operation("DELETE", "/api/v1/link", "Cut the link; plans rest until it is back", "link", "owner", cut_link,
              UnlinkBody, LinkReply, problems=(400, 403, 409, 415, 422, 429)),
    Operation("GET", "/api/v1/benefits", "What a plan gives beyond cameras", "link", "owner", read_benefits,
              response=BenefitReply, is_list=True),
    Operation("POST", "/api/v1/warranty", "The cover of a product that was bought", "link", "owner", ask_warranty,
              WarrantyBody, WarrantyReply, problems=(400, 403, 404, 415, 422)),
)  # fmt: skip
