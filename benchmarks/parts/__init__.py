"""The parts of a run, in the order in which they share what is expensive to set up."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.outcome import Outcome
from benchmarks.parts.core import core
from benchmarks.parts.growth import growth
from benchmarks.parts.latency import latency
from benchmarks.parts.notify import notify
from benchmarks.parts.page import page
from benchmarks.parts.profile import profile
from benchmarks.parts.restore import restore
from benchmarks.parts.sink import sink
from benchmarks.parts.two_workers import two_workers
from benchmarks.parts.warehouse import warehouse
from benchmarks.parts.worker import worker
from benchmarks.sizes import Size
from benchmarks.station import Station

Part = Callable[[Station, Size], Outcome]
# The last of ``growth`` loads the cases that ``restore`` and ``latency`` go on with.
PARTS: dict[str, Part] = {
    "core": core,
    "worker": worker,
    "two-workers": two_workers,
    "growth": growth,
    "restore": restore,
    "latency": latency,
    "notify": notify,
    "sink": sink,
    "page": page,
    "warehouse": warehouse,
}
# Run only when they are named: they explain figures, and slow down what they look at.
ON_DEMAND: dict[str, Part] = {"profile": profile}
