"""The cloud's web application: pages, API, uploads and media behind one set of guards."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final, Protocol

from aiohttp import web

from cloud_stub.errors import CloudError
from cloud_stub.web import (
    account_pages,
    alert_api,
    alert_pages,
    billing_api,
    billing_pages,
    cancel_api,
    cancel_pages,
    catalog_api,
    checkout_pages,
    clip_pages,
    device_api,
    door_pages,
    lab_api,
    link_api,
    link_pages,
    module_api,
    module_pages,
    notice_pages,
    owner_api,
    plan_api,
    plan_pages,
    schedule_pages,
    store_api,
    store_pages,
    store_plan_pages,
    store_shop_api,
    store_shop_pages,
    timeline_pages,
)
from cloud_stub.web.api_edge import add_operations, answer
from cloud_stub.web.api_models import HealthReply
from cloud_stub.web.guard import allowed_hosts, close_doors, host_guard
from cloud_stub.web.health import count_answers, metrics_text
from cloud_stub.web.idempotency import IN_FLIGHT, answer_once
from cloud_stub.web.languages import Languages
from cloud_stub.web.module_api import MODULE_AUTH
from cloud_stub.web.module_auth import module_from_request
from cloud_stub.web.openapi import PATH as OPENAPI_PATH
from cloud_stub.web.openapi import openapi_document
from cloud_stub.web.owner_services import SERVICES, OwnerServices, is_local
from cloud_stub.web.pages import LANGUAGE_TABLE, page_refusals
from cloud_stub.web.problems import problems
from cloud_stub.web.store_auth import STORE_AUTH, StoreAuth

LARGEST_BODY: Final = 64 * 1024
"""For forms and JSON; uploads are streamed and have their own limit."""


class AddsRoutes(Protocol):
    """The routes of uploads, media and clip status."""

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""


def cloud_app(services: OwnerServices, media: Sequence[AddsRoutes]) -> web.Application:
    """Return the whole application; `media` brings the routes of uploads, media and clip status."""
    settings = services.settings
    store_auth = StoreAuth(services.store.login, secure=settings.secure)
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[
            count_answers(services.health),
            problems,
            page_refusals,
            host_guard(allowed_hosts(settings.public_url, settings.listen_host)),
            services.auth.middleware,
            store_auth.middleware,
            answer_once,
        ],
    )
    app[SERVICES] = services
    app[STORE_AUTH] = store_auth
    app[IN_FLIGHT] = set()
    app[LANGUAGE_TABLE] = Languages()
    app[MODULE_AUTH] = module_from_request(services.records)
    app.on_response_prepare.append(close_doors)
    _add_pages(app)
    for pages in (plan_pages, checkout_pages, cancel_pages, billing_pages, schedule_pages, alert_pages):
        app.add_routes(pages.ROUTES)
    for pages in (link_pages, notice_pages, store_pages, store_plan_pages, store_shop_pages):
        app.add_routes(pages.ROUTES)
    for part in (owner_api, catalog_api, plan_api, cancel_api, billing_api):
        add_operations(app, part.OPERATIONS)
    for part in (device_api, alert_api, module_api, lab_api, link_api, notice_pages, store_api, store_shop_api):
        add_operations(app, part.OPERATIONS)
    app.router.add_get(OPENAPI_PATH, _openapi)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/metrics", _metrics)
    for routes in media:
        routes.add_to(app)
    with resources.as_file(resources.files("cloud_stub.web") / "static") as folder:
        app.router.add_static("/static/", Path(folder))
    return app


def _add_pages(app: web.Application) -> None:
    app.add_routes(
        [
            web.get("/", door_pages.home),
            web.get("/login", door_pages.show_login),
            web.post("/login", door_pages.log_in),
            web.get("/signup", door_pages.show_sign_up),
            web.post("/signup", door_pages.sign_up),
            web.post("/logout", door_pages.log_out),
            web.get("/clips", clip_pages.show_clips),
            web.get("/clips/part", clip_pages.show_clips_part),
            web.get("/clips/timeline", timeline_pages.show_timeline),
            web.get("/clips/{clip_id}", clip_pages.show_clip),
            web.get("/clips/{clip_id}/delete", clip_pages.ask_delete),
            web.post("/clips/{clip_id}/delete", clip_pages.delete),
            web.post("/clips/save-on-drive", clip_pages.save_on_drive),
            web.post("/clips/{clip_id}/share", clip_pages.share),
            web.post("/clips/{clip_id}/unshare", clip_pages.unshare),
            web.get("/photos", clip_pages.show_photos),
            web.get("/photos/part", clip_pages.show_photos_part),
            web.get("/modules", module_pages.show_modules),
            web.get("/modules/part", module_pages.show_modules_part),
            web.get("/modules/claim-code", module_pages.show_modules),
            web.post("/modules/claim-code", module_pages.make_claim_code),
            web.post("/modules/{module_id}/rename", module_pages.rename_module),
            web.get("/modules/{module_id}/remove", module_pages.ask_remove),
            web.post("/modules/{module_id}/remove", module_pages.remove),
            web.post("/modules/{module_id}/arm", module_pages.arm),
            web.post("/modules/{module_id}/cameras/{camera_id}/motion", module_pages.switch_motion),
            web.post("/modules/{module_id}/cameras/{camera_id}/snooze", module_pages.snooze),
            web.get("/cameras/{camera_id}/confirm", module_pages.ask_confirm),
            web.post("/cameras/{camera_id}/confirm", module_pages.confirm),
            web.post("/cameras/{camera_id}/rename", module_pages.rename_camera),
            web.get("/log", account_pages.show_log),
            web.get("/log/part", account_pages.show_log_part),
            web.get("/account", account_pages.show_account),
            web.post("/account/language", account_pages.set_language),
            web.post("/account/subdivision", account_pages.set_subdivision),
            web.post("/account/password", account_pages.change_password),
        ]
    )


async def _openapi(request: web.Request) -> web.Response:
    settings = request.app[SERVICES].settings
    return web.json_response(openapi_document(settings.software, settings.public_url))


async def _healthz(request: web.Request) -> web.Response:
    report = await request.app[SERVICES].health.report()
    reply = HealthReply.model_validate({"ok": not report["reasons"], **report})
    return answer(reply, 200 if reply.ok else 503)


async def _metrics(request: web.Request) -> web.Response:
    if not is_local(request):
        raise CloudError("not_local", 403, "Figures are shown on the cloud's own machine only.")
    health = request.app[SERVICES].health
    return web.Response(text=metrics_text(await health.report(), health.answers), content_type="text/plain")
