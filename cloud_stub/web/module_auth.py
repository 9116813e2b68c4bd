"""Who a module is: `Authorization: Bearer {module_id}.{secret}` against the hash that the cloud keeps."""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from cloud_stub.domain.claim_code import hash_of
from cloud_stub.domain.records import Module
from cloud_stub.errors import CloudError
from cloud_stub.ports import Records

ModuleFromRequest = Callable[[web.Request], Awaitable[Module]]

LONGEST_CREDENTIAL = 512
_NO_HASH = hash_of("")
_NOT_KNOWN = "This module is not known here, or its secret is wrong: claim it again with a new code."


def module_from_request(records: Records) -> ModuleFromRequest:
    """Return the resolver of the module behind a request.

    It raises CloudError 401: `module_not_known` (no, malformed or wrong credentials), `module_revoked`.
    """

    async def resolve(request: web.Request) -> Module:
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        module_id, _, secret = credential.strip().partition(".")
        if scheme.lower() != "bearer" or not module_id or not secret or len(credential) > LONGEST_CREDENTIAL:
            raise CloudError("module_not_known", 401, _NOT_KNOWN)
        async with records.reading() as transaction:
            module = await transaction.modules.get(module_id)
        expected = module.secret_hash if module else _NO_HASH
        if not hmac.compare_digest(expected.encode(), hash_of(secret).encode()) or module is None:
            raise CloudError("module_not_known", 401, _NOT_KNOWN)
        if module.revoked_at is not None:
            message = "This module was removed from its account: claim it again with a new code."
            raise CloudError("module_revoked", 401, message)
        return module

    return resolve
