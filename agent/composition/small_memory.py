"""Keeps the running agent small: what is not loaded, and how the allocator gives back what is not used."""

import ctypes
import os
import sys
from types import ModuleType
from typing import cast

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of glibc's mallopt(3)."""
BLOCK_BYTES = 64 * 1024


def keep_memory_small() -> None:
    """Set up this process before it loads the libraries of `run`; what was loaded before is not affected.

    Pictures and packets are large blocks that come and go: glibc would raise its threshold after the first one that
    is freed and keep all later ones in its heaps, one for each thread, for ever.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small pictures need no thread for each core
    sys.modules.setdefault("rich", cast("ModuleType", None))  # structlog would load it for a renderer nobody asked for
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # another C library has none, and other habits
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES)
        mallopt(M_TRIM_THRESHOLD, BLOCK_BYTES)
