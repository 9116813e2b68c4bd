"""The OpenAPI document against the running cloud: no fault, no undocumented status, no answer of another shape.

`VEILLEUR_API_EXAMPLES` says how many examples each operation gets.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cloud_stub.web.openapi import ALL_OPERATIONS, openapi_document
from tests.rules.street import Caller, Street, open_street
from tests.web.cloud.site import LAB_TOKEN, ClaimedModule

EXAMPLES = int(os.environ.get("VEILLEUR_API_EXAMPLES", "4"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
STREAMS = ("/files/", "/api/v1/clips/{clip_id}/media")
"""Bytes and not JSON: their own tests speak tus, and ranges of media."""
ENDS = {("DELETE", "/api/v1/session"), ("DELETE", "/store/api/v1/session"), ("POST", "/api/v1/account/password")}
"""What ends the session that everything else is asked with."""
SLOW = {("POST", "/api/v1/lab/clock")}
"""Moves time by years: its own tests do so."""
ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")
OWN_HEADERS = {"Authorization", "Cookie", "X-CSRF-Token"}
CASES = sorted(
    (
        (operation.method, operation.path, operation.security)
        for operation in ALL_OPERATIONS
        if not operation.path.startswith(STREAMS) and (operation.method, operation.path) not in ENDS | SLOW
    ),
    key=lambda case: (ORDER.index(case[0]), case[1]),
)


@dataclass
class Stand:
    """A running cloud with an owner, a customer and a module."""

    url: str
    schema: Any
    headers: dict[str, dict[str, str]]
    known: dict[str, str]


async def _furnish(street: Street) -> tuple[Caller, Caller, ClaimedModule, str, str]:
    owner, customer = await street.owner(), await street.customer()
    await owner.linked()
    module, cameras = await street.uncovered(owner, "mini")
    return owner, customer, module, cameras[0], await customer.buy("basic")


def _cookies(caller: Caller) -> str:
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in caller.client.cookie_jar)


async def _stand(folder: Path, tell: Callable[[Stand], None], stop: asyncio.Event) -> None:
    async with open_street(folder) as street:
        owner, customer, module, camera_id, subscription_id = await _furnish(street)
        document = openapi_document("0.1.0", street.site.url)
        headers = {
            "owner": {"Cookie": _cookies(owner), "X-CSRF-Token": owner.csrf},
            "store": {"Cookie": _cookies(customer), "X-CSRF-Token": customer.csrf},
            "module": module.bearer,
            "lab": {"Authorization": f"Bearer {LAB_TOKEN}"},
            "nobody": {},
        }
        known = {"camera_id": camera_id, "subscription_id": subscription_id, "module_id": module.module_id}
        tell(Stand(street.site.url, schemathesis.openapi.from_dict(document), headers, known))
        await stop.wait()


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Run the cloud on a thread of its own: who asks is not asynchronous."""
    folder, made = tmp_path_factory.mktemp("stand"), threading.Event()
    found: list[Stand] = []
    failed: list[Exception] = []
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def tell(stand: Stand) -> None:
        found.append(stand)
        made.set()

    def serve() -> None:
        try:
            loop.run_until_complete(_stand(folder, tell, stop))
        except Exception as error:  # noqa: BLE001 - told to the test that waits
            failed.append(error)
        finally:
            made.set()
            loop.close()

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    thread = threading.Thread(target=serve)
    thread.start()
    made.wait(120)
    assert found, failed
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        structlog.configure(**before)


@pytest.mark.parametrize("body", [b"\xff", b'{"email": "\xff"}', b"", b'{"email": "\\ud800"}'])
def test_a_body_that_is_not_utf_8_is_a_refusal_and_no_fault(stand: Stand, body: bytes) -> None:
    for charset in ("", "; charset=latin-1", "; charset=unheard-of"):
        headers = {"Content-Type": f"application/json{charset}"}
        answer = requests.post(f"{stand.url}/api/v1/session", data=body, headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")


@pytest.mark.parametrize(("method", "path", "security"), CASES)
def test_every_operation_answers_as_it_is_described(stand: Stand, method: str, path: str, security: str) -> None:
    operation = stand.schema[path][method]
    named = {name: value for name, value in stand.known.items() if f"{{{name}}}" in path}
    cases = [operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    if named:
        cases.append(operation.as_strategy(path_parameters=named))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize="VEILLEUR_API_EXAMPLES" not in os.environ,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(*cases))
    def ask(case: Any) -> None:  # noqa: ANN401 - a case is generic in types that schemathesis does not export
        for name in OWN_HEADERS:
            (case.headers or {}).pop(name, None)
        case.cookies = {}
        answer = case.call(base_url=stand.url, headers=stand.headers[security], timeout=60)
        case.validate_response(answer, checks=CHECKS)

    ask()
