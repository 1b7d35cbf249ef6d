"""What a process runs, and what it has used, as the kernel counts it (Linux, ``/proc``)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from benchmarks.peers.places import ROOT
from jushou.runtime import compiled

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def environment(is_compiled: bool) -> dict[str, str]:
    """Return what makes a process run the code compiled, or as it is; start it with ``-P``."""
    return compiled.environment(compiled.build()) if is_compiled else {"PYTHONPATH": str(ROOT)}


def cpu_s(pid: int) -> float:
    """Return the seconds of processor time of a process, user and system, all its threads."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    # The name of the program stands in brackets and may hold spaces; utime and stime are the
    # 14th and 15th field of the whole.
    fields = stat[stat.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES


def thread_cpu_s(pid: int) -> dict[str, float]:
    """Return the seconds of processor time by thread: ``main`` is the first, others by name."""
    found: dict[str, float] = {}
    for folder in Path(f"/proc/{pid}/task").iterdir():
        # A thread may end while its files are read.
        with suppress(FileNotFoundError, ProcessLookupError):
            stat = (folder / "stat").read_text()
            fields = stat[stat.rindex(")") + 2 :].split()
            name = "main" if folder.name == str(pid) else (folder / "comm").read_text().strip()
            used_s = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
            found[name] = found.get(name, 0.0) + used_s
    return found
