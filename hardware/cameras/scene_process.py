"""The child process of an emulated camera: paints, encodes and writes packets to its standard output until it is full.

The pipe is the only pacing here: the parent reads a packet when it is due. The first line is the stream as JSON, then
each packet is a header (`RECORD`) and its bytes. A parent that is gone ends the child at its next write.
"""

import json
import os
import struct
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import BinaryIO

from hardware.camera import EncodedPacket, StreamInfo
from hardware.cameras.scene_video import SceneSettings, scene_packets, scene_stream

RECORD = struct.Struct(">IqqI??")
"""Length of the data, pts, dts, duration, is_keyframe, is_audio."""


def main() -> None:
    """Stream the scene that the first argument (JSON) asks for."""
    settings = SceneSettings(**json.loads(sys.argv[1]))
    with suppress(BrokenPipeError, KeyboardInterrupt):
        write_packets(settings, sys.stdout.buffer)
    os._exit(0)  # nothing is left to write, and a broken standard output must not be flushed again


def write_packets(settings: SceneSettings, output: BinaryIO) -> None:
    """Write the stream's description and its packets; BrokenPipeError when the reader is gone."""
    described = False
    for packet in scene_packets(settings):
        if not described:
            output.write(description(scene_stream(settings, packet)))
            described = True
        output.write(
            RECORD.pack(len(packet.data), packet.pts, packet.dts, packet.duration, packet.is_keyframe, packet.is_audio)
        )
        output.write(packet.data)
        output.flush()


def description(info: StreamInfo) -> bytes:
    """Return the stream's description as the first line of the pipe."""
    document = {
        "codec": info.codec,
        "width": info.width,
        "height": info.height,
        "ticks_per_s": info.time_base.denominator,
        "nominal_fps": info.nominal_fps,
        "extradata": info.extradata.hex(),
        "audio": None if info.audio is None else {**asdict(info.audio), "extradata": info.audio.extradata.hex()},
    }
    return json.dumps(document).encode() + b"\n"


def packet_from(header: bytes, data: bytes, arrived_s: float) -> EncodedPacket:
    """Return the packet of one record."""
    _, pts, dts, duration, is_keyframe, is_audio = RECORD.unpack(header)
    return EncodedPacket(data, pts, dts, duration, is_keyframe, arrived_s, is_audio=is_audio)


if __name__ == "__main__":
    main()
