"""One adapter over PyAV: what a camera sends becomes packets with readings, live or from a file (split by concept)."""

from agent.adapters.camera_feed_pyav.feed import PyavCameraFeed

__all__ = ["PyavCameraFeed"]
