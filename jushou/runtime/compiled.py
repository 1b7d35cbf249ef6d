"""The worker's busiest modules as machine code: the same files, compiled by mypyc, beside the code.

``python -m jushou.runtime.compiled`` makes a copy of ``schemas`` and ``streams`` in
``build/compiled``, where ``MODULES`` are compiled and all else is linked to the checkout. A process
that has that folder first in ``PYTHONPATH`` runs them. Nothing depends on it: without it everything
runs interpreted and says the same. The checkout itself holds no compiled file, so that no edit is
passed over in silence, and ``jushou worker`` refuses a copy of modules that have changed since.
Needs ``mypy`` and a C compiler.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from schemas.errors import Misconfigured

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "compiled"
PACKAGES = ("schemas", "streams")
# What an event goes through, but for what mypyc cannot take: classes of msgspec, the archive's weak
# references. Where little time is spent nothing is compiled.
MODULES = (
    "schemas/instants.py",
    "schemas/partitioning.py",
    "schemas/personal.py",
    "streams/agents/keeper.py",
    "streams/agents/outlet.py",
    "streams/core/announcement.py",
    "streams/core/calendar.py",
    "streams/core/carry_over.py",
    "streams/core/case.py",
    "streams/core/due.py",
    "streams/core/fold.py",
    "streams/core/groups.py",
    "streams/core/judge.py",
    "streams/core/quotas.py",
    "streams/core/replay.py",
    "streams/core/rules.py",
    "streams/core/verdicts.py",
    "streams/state/counts.py",
    "streams/state/departures.py",
    "streams/state/id_filter.py",
    "streams/state/loads.py",
    "streams/state/partition.py",
    "streams/state/timers.py",
)
_STAMP = "compiled-from"


def build(folder: Path = FOLDER) -> Path:
    """Return a folder with everything compiled; nothing is done if it is there and current."""
    if is_current(folder):
        return folder
    making = folder.with_name(folder.name + ".making")
    for old in (making, folder):
        shutil.rmtree(old, ignore_errors=True)
    digest = _digest()
    for package in PACKAGES:
        leave_out = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / package, making / package, ignore=leave_out)
    mypyc = [sys.executable, "-m", "mypyc", *MODULES]
    done = subprocess.run(mypyc, cwd=making, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Misconfigured(f"mypyc failed; are mypy and a C compiler there?\n{done.stdout[-3000:]}"
                            f"{done.stderr[-3000:]}")  # fmt: skip
    for leftover in ("build", ".mypy_cache"):
        shutil.rmtree(making / leftover, ignore_errors=True)
    _link_the_rest(making)
    (making / _STAMP).write_text(digest)
    making.rename(folder)
    return folder


def is_current(folder: Path = FOLDER) -> bool:
    """Say whether what is compiled there was made from the code as it is now."""
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == _digest()


def refuse_outdated() -> None:
    """Raise ``Misconfigured`` if this process runs a compiled copy that is not the checkout's."""
    import streams

    folder = Path(streams.__file__ or "").parents[1]
    if (folder / _STAMP).exists() and (ROOT / PACKAGES[0]).exists() and not is_current(folder):
        raise Misconfigured(
            f"{folder} was compiled from other code than {ROOT} has now: compile it again "
            "(`make compiled`), or take it out of PYTHONPATH"
        )


def environment(folder: Path = FOLDER) -> dict[str, str]:
    """Return what makes a process run the compiled modules; start it with ``python -P``."""
    return {"PYTHONPATH": f"{folder}:{ROOT}"}


def _link_the_rest(folder: Path) -> None:
    """Put links to the checkout in the place of what was not compiled."""
    rooms = {Path(module).parent for module in MODULES}
    rooms |= {above for room in rooms for above in room.parents if above != Path()}
    for room in rooms:
        for path in list((folder / room).iterdir()):
            place = path.relative_to(folder)
            if place in rooms or str(place) in MODULES or path.suffix == ".so":
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            path.symlink_to(ROOT / place)


def _digest() -> str:
    """Return a digest of what was compiled, and with what."""
    found = hashlib.sha256(f"{sys.version} {version('mypy')}".encode())
    for module in MODULES:
        found.update(module.encode() + (ROOT / module).read_bytes())
    return found.hexdigest()


if __name__ == "__main__":
    print(build())
