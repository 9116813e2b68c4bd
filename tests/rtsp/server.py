"""Starts a real RTSP server as a child process, to be frozen, thawed and killed by tests and benchmarks."""

import json
import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream

SYSTEM_PYTHON = "/usr/bin/python3"
CHILD = Path(__file__).with_name("gst_server.py")
LENGTH = struct.Struct(">I")
HOW_TO_INSTALL = (
    "apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
)


class RtspServer:
    """One running server; `url` holds user and password when it asks for them."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, user: str, password: str, sent: Path) -> None:
        self._process = process
        self._sent = sent
        self.port = port
        login = f"{user}:{password}@" if user else ""
        self.url = f"rtsp://{login}127.0.0.1:{port}/live"
        self.url_without_login = f"rtsp://127.0.0.1:{port}/live"

    @property
    def pid(self) -> int:
        return self._process.pid

    def frames_sent(self) -> int:
        """Return how many frames its newest client was sent."""
        return int(struct.unpack(">Q", self._sent.read_bytes())[0])

    def freeze(self) -> None:
        """Stop it in mid-sentence, as a camera that hangs; the connection stays open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, as a camera that loses its power; the port is free again afterwards."""
        self._process.kill()
        self._process.wait()


@contextmanager
def rtsp_server(
    video: Path,
    *,
    fps: float | None = None,
    user: str = "",
    password: str = "",
    port: int = 0,
    shared: bool = False,
    back_channel: Path | None = None,
    first_frame: int = 0,
) -> Iterator[RtspServer]:
    """Serve an H.264 or H.265 file on loopback, over and over, in real time, with stamps that rise for ever.

    `fps` None is the file's own rate. Each client starts at the first frame, unless `shared`: then all see the same
    picture, and a late one joins between keyframes. Digest log-in when `user` is given. What is said to the camera
    over its ONVIF back channel goes to the file `back_channel` as G.711 µ-law; without one there is no such channel.
    `first_frame`, a keyframe, is where the video begins. Always ended.
    """
    with tempfile.TemporaryDirectory(prefix="rtsp-") as folder:
        units = Path(folder) / "units"
        codec, own_fps = write_access_units(video, units)
        options = {
            "units": str(units),
            "codec": codec,
            "fps": fps or own_fps,
            "user": user,
            "password": password,
            "port": port,
            "shared": shared,
            "back_channel": str(back_channel or ""),
            "first_frame": first_frame,
        }
        process = subprocess.Popen([SYSTEM_PYTHON, str(CHILD), json.dumps(options)], stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            word, _, number = process.stdout.readline().decode().strip().partition(" ")
            assert word == "PORT", f"The RTSP server did not start. Is it installed? {HOW_TO_INSTALL}"
            yield RtspServer(process, int(number), user, password, units.with_name(units.name + ".sent"))
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def rtsp_server_is_installed() -> bool:
    """Say whether Debian's python3 can load the server."""
    if shutil.which(SYSTEM_PYTHON) is None:
        return False
    check = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    return subprocess.run([SYSTEM_PYTHON, "-c", check], check=False, capture_output=True).returncode == 0


def write_access_units(video: Path, target: Path) -> tuple[str, float]:
    """Split a file into length-prefixed Annex-B access units; return its codec and its frame rate."""
    units, codec, fps = annex_b_access_units(video)
    with target.open("wb") as file:
        for unit in units:
            file.write(LENGTH.pack(len(unit)) + unit)
    return codec, fps


def annex_b_access_units(video: Path) -> tuple[list[bytes], str, float]:
    """Return a file's access units as Annex B, its codec and its average frame rate."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.name
        fps = float(stream.average_rate or 25)
        if container.format.name == codec:
            units = [bytes(packet) for packet in container.demux(stream) if packet.size]
        else:
            units = _unpacked(container.demux(stream), stream, codec)
    return units, codec, fps


def _unpacked(packets: "Iterator[av.Packet[VideoStream]]", stream: VideoStream, codec: str) -> list[bytes]:
    to_annex_b = BitStreamFilterContext(f"{codec}_mp4toannexb", stream)
    units: list[bytes] = []
    for packet in packets:
        if packet.size:
            units.extend(bytes(unit) for unit in to_annex_b.filter(packet))
    return units
