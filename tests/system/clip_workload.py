"""A module that records clip after clip until it is stopped: the victim of power cuts and kills.

Run as `python -m tests.system.clip_workload FOLDER PROGRESS KEYFRAME_EVERY_S`. FOLDER gets ledger and spool, PROGRESS
(somewhere safe) a line for what was done: `open <clip>`, `fed <clip> <packets>` before each packet is handed over, and
`closed <clip>` when the row is committed in its next phase.
"""

import asyncio
import os
import sys
from pathlib import Path

from agent.domain.clip import ClipReason
from tests.flow.keeping import CAMERA, module
from tests.small_video import encode, walker

FPS = 10
CLIP_S = 25.0
PACKETS_PER_PAUSE = 5
PAUSE_S = 0.01
READY = "ready"


async def record_for_ever(folder: Path, progress: int, keyframe_every_s: float) -> None:
    stream, packets = encode(walker(1.0, CLIP_S, width=160, height=120), CLIP_S, "h264", FPS, keyframe_every_s, 0)

    def note(*words: object) -> None:
        os.write(progress, (" ".join(str(word) for word in words) + "\n").encode())

    async with module(folder) as kept:
        await kept.recover()
        kept.take_lease("plan")
        note(READY)
        while True:
            clip = await kept.keeper.open(CAMERA, ClipReason.MOTION, kept.clock.now(), stream, clock_trusted=True)
            note("open", clip.clip_id)
            for number, packet in enumerate(packets, start=1):
                note("fed", clip.clip_id, number)
                await clip.write([packet])
                if number % PACKETS_PER_PAUSE == 0:
                    await asyncio.sleep(PAUSE_S)  # noqa: TID251 - a camera's pace, made quick; nothing waits for it
            await clip.close()
            note("closed", clip.clip_id)


def main() -> None:
    folder, progress, keyframe_every_s = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    descriptor = os.open(progress, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    asyncio.run(record_for_ever(folder, descriptor, keyframe_every_s))


if __name__ == "__main__":
    main()
