"""A program that only decodes an RTSP stream, as the agent does or whole: what watching costs before any look."""

import sys

import av


def decode(url: str, *, whole: bool) -> None:
    """Decode until killed; as the agent does is without the loop filter, whole is what a player shows."""
    with av.open(url, options={"rtsp_transport": "tcp"}) as source:
        video = source.streams.video[0]
        video.codec_context.thread_count = 1
        if not whole:
            video.codec_context.options = {"skip_loop_filter": "all"}
            video.codec_context.skip_frame = "NONREF"
        for _ in source.decode(video):
            pass


if __name__ == "__main__":
    decode(sys.argv[1], whole="whole" in sys.argv[2:])
