"""One adapter over PyAV: packets become fragmented MP4s, on disk and for viewers (split by concept)."""

from agent.adapters.clip_files_pyav.files import PyavClipFile, PyavClipFiles, salvage_file
from agent.adapters.clip_files_pyav.fragment_muxer import FragmentMuxer

__all__ = ["FragmentMuxer", "PyavClipFile", "PyavClipFiles", "salvage_file"]
