"""A program that only copies RTSP packets into a fragmented MP4: the floor that the agent is compared with."""

import sys

import av


def copy(url: str, target: str) -> None:
    """Copy until killed."""
    options = {"rtsp_transport": "tcp"}
    with av.open(url, options=options) as source, av.open(target, "w", format="mp4", options=_fragments()) as out:
        video = source.streams.video[0]
        copied = out.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.dts is not None:
                packet.stream = copied
                out.mux(packet)


def _fragments() -> dict[str, str]:
    return {"movflags": "empty_moov+default_base_moof", "frag_duration": "1000000", "flush_packets": "1"}


if __name__ == "__main__":
    copy(sys.argv[1], sys.argv[2])
