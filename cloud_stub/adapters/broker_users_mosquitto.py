"""Clients and roles of modules on Mosquitto, made through the topics of its dynamic-security plugin."""

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import aiomqtt

from cloud_stub.ports import BrokerAway

CONTROL = "$CONTROL/dynamic-security/v1"
RESPONSE = "$CONTROL/dynamic-security/v1/response"
CLOUD_ROLE = "veilleur-cloud"
ROLE_PREFIX = "module-"
PAGE = 200
ORDERS_AT_ONCE = 20  # the plugin writes its whole file (1 kB per module) after each order, and answers after the last
MODULE_MAY_PUBLISH = ("availability", "state", "event/+", "lease/get", "cmd/+/result")
# Loading the plugin leaves "receive" open; without it a subscription that slipped through would still deliver nothing.
CLOSED_DEFAULTS = {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True}

Acl = tuple[str, str, bool]
Command = dict[str, Any]


class BrokerUsersMosquitto:
    """`cloud_stub.ports.BrokerUsers`. `user` is the plugin's admin; every call is one short connection of its own.

    `ca_pem` is the CA of the broker's certificate; `None` means no TLS. Raises BrokerAway with the plugin's own words.
    """

    def __init__(
        self, host: str, port: int, *, user: str, password: str, ca_pem: str | None, answer_within_s: float = 10.0
    ) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._tls = ssl.create_default_context(cadata=ca_pem) if ca_pem is not None else None
        self._answer_within_s = answer_within_s
        self._one_at_a_time = asyncio.Lock()

    async def allow_module(self, module_id: str, secret: str) -> None:
        role = ROLE_PREFIX + module_id
        client: Command = {
            "command": "createClient",
            "username": module_id,
            "password": secret,
            "clientid": f"veilleur-{module_id}",
            "roles": [{"rolename": role}],
        }
        await self._control([*_removal(module_id), _role_command("createRole", role, _module_acls(module_id)), client])

    async def revoke_module(self, module_id: str) -> None:
        await self._control(_removal(module_id))

    async def reconcile(self, module_ids: Sequence[str]) -> Sequence[str]:
        await self._prepare()
        clients = {each["username"]: each for each in await self._list("listClients", "clients")}
        roles = {each["rolename"]: _acls(each) for each in await self._list("listRoles", "roles")}
        wanted = set(module_ids)
        ours = {name for name, client in clients.items() if ROLE_PREFIX + name in _role_names(client)}
        ours |= {name.removeprefix(ROLE_PREFIX) for name in roles if name.startswith(ROLE_PREFIX)}
        commands: list[Command] = []
        for module_id in sorted(ours - wanted):
            commands += _removal(module_id)
        for module_id in sorted(wanted & clients.keys()):
            commands += _repair(module_id, clients[module_id], roles.get(ROLE_PREFIX + module_id))
        for start in range(0, len(commands), ORDERS_AT_ONCE):
            await self._control(commands[start : start + ORDERS_AT_ONCE])
        return [module_id for module_id in module_ids if module_id not in clients]

    async def _prepare(self) -> None:
        """Close the plugin's defaults and give the cloud's own client its role; changing that cuts our connection."""
        commands = await self._own_rights()
        if not commands:
            return
        await self._control(commands, cuts_us=True)
        if await self._own_rights():
            raise BrokerAway(f"The broker did not give {self._user} its rights: is it the plugin's admin?")

    async def _own_rights(self) -> list[Command]:
        """Return what must be sent to make our own rights whole; nothing when they are."""
        defaults, role, client = await self._control(
            [
                {"command": "getDefaultACLAccess"},
                {"command": "getRole", "rolename": CLOUD_ROLE},
                {"command": "getClient", "username": self._user},
            ]
        )
        commands: list[Command] = []
        if {each["acltype"]: each["allow"] for each in defaults["acls"]} != CLOSED_DEFAULTS:
            acls = [{"acltype": kind, "allow": allow} for kind, allow in CLOSED_DEFAULTS.items()]
            commands.append({"command": "setDefaultACLAccess", "acls": acls})
        wanted = _cloud_acls()
        if not role:
            commands.append(_role_command("createRole", CLOUD_ROLE, wanted))
        elif _acls(role["role"]) != wanted:
            commands.append(_role_command("modifyRole", CLOUD_ROLE, wanted))
        if CLOUD_ROLE not in _role_names(client["client"]):
            commands.append({"command": "addClientRole", "username": self._user, "rolename": CLOUD_ROLE})
        return commands

    async def _list(self, command: str, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = {"command": command, "verbose": True, "count": PAGE, "offset": len(found)}
            (answer,) = await self._control([page])
            found += answer[key]
            if len(answer[key]) < PAGE:
                return found

    async def _control(self, commands: Sequence[Command], *, cuts_us: bool = False) -> list[dict[str, Any]]:
        """Send one batch and return each command's data; what is already gone is no error.

        The plugin's answer is the acknowledgement, so the batch goes out at QoS 0: waiting for a PUBACK would hide a
        connection that was cut. With `cuts_us` a lost connection is expected, and the caller looks at what came of it.
        """
        if not commands:
            return []
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(self._answer_within_s), self._client() as client:
                    await client.subscribe(RESPONSE, qos=1)
                    await client.publish(CONTROL, json.dumps({"commands": list(commands)}), qos=0)
                    answer = await anext(client.messages)
            except (aiomqtt.MqttError, TimeoutError, ssl.SSLError) as error:
                if cuts_us:
                    return []
                words = str(error).partition("] ")[2] or str(error) or "no answer in time"
                raise BrokerAway(f"The broker at {self._host}:{self._port} took no orders: {words}.") from None
        return _data(commands, answer.payload)

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._host,
            self._port,
            username=self._user,
            password=self._password,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=self._tls,
            timeout=self._answer_within_s,
        )


def _data(commands: Sequence[Command], payload: bytes) -> list[dict[str, Any]]:
    try:
        responses = json.loads(payload)["responses"]
    except (ValueError, KeyError, TypeError):
        raise BrokerAway("The broker's dynamic-security plugin gave an answer that cannot be read.") from None
    if len(responses) != len(commands):
        raise BrokerAway("The broker's dynamic-security plugin answered only a part of the orders.")
    for response in responses:
        error = response.get("error")
        lookup = response["command"].startswith(("delete", "remove", "getRole"))
        if error and not (lookup and error.endswith("not found")):
            raise BrokerAway(f"The broker refused {response['command']}: {error}.")
    return [response.get("data", {}) for response in responses]


def _module_acls(module_id: str) -> set[Acl]:
    prefix = f"veilleur/v1/{module_id}/"
    own: set[Acl] = {("publishClientReceive", prefix + "#", True), ("subscribePattern", prefix + "#", True)}
    return own | {("publishClientSend", prefix + topic, True) for topic in MODULE_MAY_PUBLISH}


def _cloud_acls() -> set[Acl]:
    return {(kind, "veilleur/v1/#", True) for kind in ("publishClientSend", "publishClientReceive", "subscribePattern")}


def _role_command(command: str, role: str, acls: set[Acl]) -> Command:
    listed = [{"acltype": kind, "topic": topic, "priority": 0, "allow": allow} for kind, topic, allow in sorted(acls)]
    return {"command": command, "rolename": role, "acls": listed}


def _removal(module_id: str) -> list[Command]:
    return [
        {"command": "deleteClient", "username": module_id},
        {"command": "deleteRole", "rolename": ROLE_PREFIX + module_id},
    ]


def _repair(module_id: str, client: Mapping[str, Any], acls: set[Acl] | None) -> list[Command]:
    """Put the role and the client of a module back to what they should be; no command when they are."""
    role = ROLE_PREFIX + module_id
    commands: list[Command] = []
    if acls is None:
        commands.append(_role_command("createRole", role, _module_acls(module_id)))
    elif acls != _module_acls(module_id):
        commands.append(_role_command("modifyRole", role, _module_acls(module_id)))
    if acls is None or role not in _role_names(client):
        commands.append({"command": "addClientRole", "username": module_id, "rolename": role})
    if client.get("clientid") != f"veilleur-{module_id}":
        commands.append({"command": "setClientId", "username": module_id, "clientid": f"veilleur-{module_id}"})
    if client.get("disabled"):
        commands.append({"command": "enableClient", "username": module_id})
    return commands


def _acls(role: Mapping[str, Any]) -> set[Acl]:
    return {(each["acltype"], each["topic"], each["allow"]) for each in role.get("acls", [])}


def _role_names(client: Mapping[str, Any]) -> set[str]:
    return {each["rolename"] for each in client.get("roles", [])}
