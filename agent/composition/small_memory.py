"""Keeps the running agent small: what is not loaded, and how the allocator gives back what is not used."""

import ctypes
import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import cast

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of glibc's mallopt(3)."""
BLOCK_BYTES = 64 * 1024
STRUCTLOG_EXTRAS = ("rich", "greenlet")
"""Libraries that structlog loads when they are there, for what nobody asks of it here."""
NOT_YET = ("cryptography.x509",)
"""Libraries that another one names at import and never uses here: PyJWT would read certificates with it."""
AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where OpenSSL looks for the authorities that it trusts by default."""


def keep_memory_small() -> None:
    """Set up this process before it loads the libraries of `run`; what was loaded before is not affected.

    Pictures and packets are large blocks that come and go: glibc would raise its threshold after the first one that
    is freed and keep all later ones in its heaps, one for each thread, for ever.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small pictures need no thread for each core
    for unused in STRUCTLOG_EXTRAS:
        sys.modules.setdefault(unused, cast("ModuleType", None))  # what an import statement takes for "not installed"
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # another C library has none, and other habits
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES)
        mallopt(M_TRIM_THRESHOLD, BLOCK_BYTES)
    for name in NOT_YET:
        _load_at_first_use(name)
    _load_aiohttp_without_authorities()


def _load_at_first_use(name: str) -> None:
    """Put a submodule where `from package import submodule` finds it; its code runs when somebody looks inside."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None or name in sys.modules:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    package, _, leaf = name.rpartition(".")
    setattr(sys.modules[package], leaf, module)


def _load_aiohttp_without_authorities() -> None:
    """Load aiohttp while OpenSSL finds no authority: aiohttp would read the system's 140, 2 MB, at import.

    Its own default context then trusts nobody. The cloud's adapter brings a context for `https`: the authority that
    the claim pinned, or the system's if it pinned none.
    """
    kept = {name: os.environ.get(name) for name in AUTHORITIES}
    os.environ.update(dict.fromkeys(AUTHORITIES, os.devnull))
    try:
        importlib.import_module("aiohttp.connector")
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
