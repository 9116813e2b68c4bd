"""A program that only decodes an RTSP stream, as the agent does: what watching costs before anything is looked at."""

import sys

import av


def decode(url: str) -> None:
    """Decode until killed."""
    with av.open(url, options={"rtsp_transport": "tcp"}) as source:
        video = source.streams.video[0]
        video.codec_context.thread_count = 1
        video.codec_context.options = {"skip_loop_filter": "all"}
        video.codec_context.skip_frame = "NONREF"
        for _ in source.decode(video):
            pass


if __name__ == "__main__":
    decode(sys.argv[1])
