"""A real RTSP server (gst-rtsp-server): plays access units from a file in a loop, with stamps that go on rising.

Runs under Debian's own python3, which has gi. Arguments: one JSON document. Prints `PORT n` when it listens.
"""

import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - versions must be required first

LENGTH = struct.Struct(">I")


def access_units(path: str) -> list[bytes]:
    """Read the length-prefixed access units that the parent wrote."""
    data = Path(path).read_bytes()
    units, place = [], 0
    while place < len(data):
        (length,) = LENGTH.unpack_from(data, place)
        units.append(data[place + LENGTH.size : place + LENGTH.size + length])
        place += LENGTH.size + length
    return units


def launch_line(codec: str, fps: float, *, only_heard: bool) -> str:
    """Return the pipeline: our access units with our stamps, parsed and packed for RTP.

    With `only_heard` a client may set up the back channel alone: video that then leads nowhere ("not linked") must not
    end the whole media. Without that the source's error now and then comes before the back channel is set to play,
    which then never takes a packet.
    """
    name = {"h264": "h264", "hevc": "h265"}[codec]
    caps = f"video/x-{name},stream-format=byte-stream,alignment=au,framerate={round(fps * 1000)}/1000"
    nowhere = "! errorignore ignore-error=false ignore-notlinked=true convert-to=ok " if only_heard else ""
    return (
        f"( appsrc name=src is-live=true block=true format=time caps={caps} {nowhere}"
        f"! {name}parse ! rtp{name}pay name=pay0 pt=96 config-interval=-1 )"
    )


def feed(media: Any, units: list[bytes], fps: float, counts: Path) -> None:  # noqa: ANN401 - gi has no types
    """Push one access unit each time the source asks for data; `counts` says how many this client was sent."""
    source = media.get_element().get_child_by_name("src")
    state = {"frame": 0}
    counted = counts.open("wb", buffering=0)

    def need_data(appsrc: Any, _length: int) -> None:  # noqa: ANN401 - gi has no types
        frame = state["frame"]
        state["frame"] += 1
        buffer = Gst.Buffer.new_wrapped(units[frame % len(units)])
        buffer.pts = buffer.dts = int(frame * Gst.SECOND / fps)
        buffer.duration = int(Gst.SECOND / fps)
        appsrc.emit("push-buffer", buffer)
        os.pwrite(counted.fileno(), struct.pack(">Q", state["frame"]), 0)

    source.connect("need-data", need_data)


def require_login(server: Any, factory: Any, user: str, password: str) -> None:  # noqa: ANN401 - gi has no types
    """Allow only this user, by digest."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions.new()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)


def takes_sound(path: str) -> Any:  # noqa: ANN401 - gi has no types
    """Return a factory whose media have an ONVIF back channel; the G.711 that comes goes into a file as it is."""
    factory = GstRtspServer.RTSPOnvifMediaFactory()
    factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia.__gtype__)
    caps = "application/x-rtp,media=audio,payload=0,clock-rate=8000,encoding-name=PCMU"
    factory.set_backchannel_launch(
        f'( capsfilter caps="{caps}" name=depay_backchannel ! rtppcmudepay '
        f"! filesink location={path} buffer-mode=unbuffered sync=false async=false )"
    )
    return factory


def main() -> None:
    """Serve until killed."""
    options = json.loads(sys.argv[1])
    Gst.init(None)
    units = access_units(options["units"])
    units = units[options["first_frame"] :] + units[: options["first_frame"]]
    server = GstRtspServer.RTSPOnvifServer() if options["back_channel"] else GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options["port"]))
    factory = takes_sound(options["back_channel"]) if options["back_channel"] else GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch_line(options["codec"], options["fps"], only_heard=bool(options["back_channel"])))
    factory.set_shared(options["shared"])
    factory.connect(
        "media-configure", lambda _factory, media: feed(media, units, options["fps"], Path(options["units"] + ".sent"))
    )
    if options["user"]:
        require_login(server, factory, options["user"], options["password"])
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    print(f"PORT {server.get_bound_port()}", flush=True)  # noqa: T201 - the parent reads it
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
