"""What the cloud keeps in Mosquitto's dynamic-security plugin, and how it puts it back when somebody changed it."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cloud_stub.adapters.broker_users_mosquitto import ORDERS_AT_ONCE, BrokerUsersMosquitto
from cloud_stub.ports import BrokerAway
from tests.broker.houses import MosquittoHouse, module_listener, open_house

A, B = "module-one", "module-two"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[MosquittoHouse]:
    async with open_house("mosquitto", tmp_path) as opened:
        assert isinstance(opened, MosquittoHouse)
        yield opened


def users(house: MosquittoHouse, password: str | None = None) -> BrokerUsersMosquitto:
    server = house.server
    return BrokerUsersMosquitto(
        server.host,
        server.port,
        user=server.admin_user,
        password=password or server.admin_password,
        ca_pem=server.ca_pem,
        answer_within_s=5,
    )


def plugin_file(house: MosquittoHouse) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((house.server.folder / "dynamic-security.json").read_text(encoding="utf-8"))
    return content


async def test_a_wrong_admin_password_is_told_in_words_without_the_password(house: MosquittoHouse) -> None:
    with pytest.raises(BrokerAway, match="Not authorized") as refused:
        await users(house, "guessed-password").reconcile([])
    assert "guessed-password" not in str(refused.value)


async def test_an_order_that_the_plugin_refuses_is_named(house: MosquittoHouse) -> None:
    with pytest.raises(BrokerAway, match="refused createRole: Invalid/missing rolename"):
        await users(house)._control([{"command": "createRole"}])


async def test_a_broker_that_is_away_is_named(house: MosquittoHouse) -> None:
    house.server.stop()
    with pytest.raises(BrokerAway, match="Connection refused"):
        await users(house).allow_module(A, "secret")


async def test_the_plugins_open_defaults_are_closed_at_the_first_reconcile(house: MosquittoHouse) -> None:
    assert plugin_file(house)["defaultACLAccess"] == {
        "publishClientSend": False,
        "publishClientReceive": False,
        "subscribe": False,
        "unsubscribe": True,
    }


async def test_reconciling_twice_changes_nothing(house: MosquittoHouse) -> None:
    keeper = users(house)
    await keeper.allow_module(A, "secret")
    await keeper.reconcile([A])
    before = plugin_file(house)
    await keeper.reconcile([A])
    assert plugin_file(house) == before


@pytest.mark.parametrize(
    "tampering",
    [
        {
            "command": "addRoleACL",
            "rolename": f"module-{A}",
            "acltype": "subscribePattern",
            "topic": "#",
            "allow": True,
        },
        {
            "command": "removeRoleACL",
            "rolename": f"module-{A}",
            "acltype": "publishClientSend",
            "topic": f"veilleur/v1/{A}/state",
        },
        {"command": "removeClientRole", "username": A, "rolename": f"module-{A}"},
        {"command": "setClientId", "username": A, "clientid": "somebody-else"},
        {"command": "disableClient", "username": A},
    ],
)
async def test_rights_that_were_changed_are_put_back(house: MosquittoHouse, tampering: dict[str, Any]) -> None:
    keeper = users(house)
    await keeper.allow_module(A, "secret")
    whole = canonical(plugin_file(house))
    await keeper._control([tampering])
    assert canonical(plugin_file(house)) != whole
    assert list(await keeper.reconcile([A])) == []
    assert canonical(plugin_file(house)) == whole
    async with module_listener(house.module(A, "secret")) as module:
        assert module.ready.is_set()


async def test_clients_and_roles_of_others_are_left_alone(house: MosquittoHouse) -> None:
    keeper = users(house)
    await keeper._control(
        [
            {"command": "createRole", "rolename": "home-automation", "acls": []},
            {
                "command": "createClient",
                "username": "home",
                "password": "p",
                "roles": [{"rolename": "home-automation"}],
            },
        ]
    )
    await keeper.allow_module(A, "secret")
    await keeper.allow_module(B, "secret")
    await keeper.reconcile([A])
    after = plugin_file(house)
    assert {each["username"] for each in after["clients"]} == {house.server.admin_user, "home", A}
    assert {each["rolename"] for each in after["roles"]} == {
        "admin",
        "veilleur-cloud",
        "home-automation",
        f"module-{A}",
    }


async def test_many_modules_are_reconciled_in_small_orders(
    house: MosquittoHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order takes longer the more modules there are: many orders under one deadline would never be answered."""
    keeper = users(house)
    send, sizes = keeper._control, []

    async def counted(orders: Sequence[dict[str, Any]], *, cuts_us: bool = False) -> list[dict[str, Any]]:
        sizes.append(len(orders))
        return await send(orders, cuts_us=cuts_us)

    commands = [{"command": "createClient", "username": f"m-{n}", "password": "p"} for n in range(210)]
    for start in range(0, 210, 70):
        await send(commands[start : start + 70])
    monkeypatch.setattr(keeper, "_control", counted)
    assert list(await keeper.reconcile([*(f"m-{n}" for n in range(210)), "new"])) == ["new"]
    roles = {each["rolename"] for each in plugin_file(house)["roles"]}
    assert {f"module-m-{n}" for n in range(210)} < roles
    assert max(sizes) == ORDERS_AT_ONCE


def canonical(content: dict[str, Any]) -> dict[str, Any]:
    """Return clients and roles without salts, priorities and order."""
    return {
        "roles": {
            role["rolename"]: sorted((acl["acltype"], acl["topic"], acl["allow"]) for acl in role.get("acls", []))
            for role in content["roles"]
        },
        "clients": {
            client["username"]: (
                client.get("clientid"),
                client.get("disabled", False),
                sorted(role["rolename"] for role in client.get("roles", [])),
            )
            for client in content["clients"]
        },
    }
