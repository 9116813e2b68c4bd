"""What a running process has used so far, from /proc."""

import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return user and system CPU seconds of a process, all its threads, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def peak_memory_mb(pid: int) -> float:
    """Return the peak resident memory in MB (10^6 bytes)."""
    return _status_mb(pid, "VmHWM:")


def own_memory_mb(pid: int) -> float:
    """Return the resident memory in MB that no file on disk backs: what the process alone costs the machine."""
    return _status_mb(pid, "RssAnon:")


def _status_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(f"this kernel does not say {name}")
