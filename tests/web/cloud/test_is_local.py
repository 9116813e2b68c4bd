"""What only this machine may ask for stays closed behind a proxy, which speaks from this machine for everybody."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from cloud_stub.web.owner_services import SERVICES, OwnerServices, WebSettings, is_local


class _Services:
    """The one part of the services that the question needs."""

    def __init__(self, *, behind_proxy: bool) -> None:
        self.settings = WebSettings(
            public_url="https://cloud.example.org",
            listen_host="127.0.0.1",
            sign_up=False,
            vendors=(),
            software="test",
            behind_proxy=behind_proxy,
        )


@pytest.mark.parametrize(
    ("peer", "headers", "behind_proxy", "local"),
    [
        ("198.51.100.7", {}, False, False),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, False, False),
        ("127.0.0.1", {}, True, False),
        ("127.0.0.1", {}, False, True),
        ("::1", {}, False, True),
    ],
)
def test_only_a_peer_of_this_machine_without_a_proxy_is_local(
    peer: str, headers: dict[str, str], behind_proxy: bool, local: bool
) -> None:
    app = web.Application()
    services: OwnerServices = _Services(behind_proxy=behind_proxy)  # type: ignore[assignment] # only settings are read
    app[SERVICES] = services
    request = make_mocked_request("GET", "/metrics", headers=headers, app=app).clone(remote=peer)
    assert is_local(request) is local
