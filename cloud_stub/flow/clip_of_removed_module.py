"""A clip that a removed module had begun to send belongs to the module that was claimed in its place.

The device kept its clips over the new claim, and asks for each of them under its new name.
"""

import structlog

from cloud_stub.domain.records import Clip, Module
from cloud_stub.ports import Records, Transaction

log = structlog.get_logger()


async def take_over(records: Records, module: Module, clip_id: str) -> None:
    """Let a module have the clip, and its upload, that a removed module of the same account left under this id."""
    async with records.reading() as transaction:
        if await _left_behind(transaction, module, clip_id) is None:
            return
    async with records.writing() as transaction:
        clip = await _left_behind(transaction, module, clip_id)
        if clip is None:
            return
        await transaction.clips.hand_over(clip, module.module_id)
    log.info("clip_taken_over", clip_id=clip_id, from_module=clip.module_id, module_id=module.module_id)


async def _left_behind(transaction: Transaction, module: Module, clip_id: str) -> Clip | None:
    clip = await transaction.clips.find(module.account_id, clip_id)
    if clip is None or clip.module_id == module.module_id:
        return None
    other = await transaction.modules.get(clip.module_id)
    return clip if other is not None and other.revoked_at is not None else None
