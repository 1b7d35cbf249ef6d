"""What strikes many households of one place at once; the known truth behind alarms for relapse."""

from __future__ import annotations

from dataclasses import dataclass

from producers.simulator.cycles.civil_affairs import TEMPORARY_AID
from producers.simulator.cycles.human_resources import JOB
from producers.simulator.cycles.rural_revitalisation import LEAD
from producers.simulator.cycles.water import DROUGHT
from producers.simulator.lifecycle import LifeCycle


@dataclass(frozen=True, slots=True)
class Cluster:
    """``share`` of all cases, from ``begins`` (share of the history's days), for ``days`` days.

    It strikes ``counties`` neighbouring counties, whose offices are ``strain`` times as often
    late with it.
    """

    name: str
    life: LifeCycle
    share: float
    begins: float
    days: int
    counties: int
    strain: float


CLUSTERS = (
    # Late enough that the cases it leaves are before the province when the history ends.
    Cluster("drought", DROUGHT, 0.006, 0.90, 8, 1, 5.0),
    Cluster("hailstorm", LEAD, 0.003, 0.45, 6, 2, 2.0),
    Cluster("hailstorm", TEMPORARY_AID, 0.002, 0.46, 8, 2, 2.5),
    Cluster("price-fall", LEAD, 0.003, 0.70, 15, 3, 1.5),
    Cluster("price-fall", JOB, 0.0015, 0.72, 20, 3, 1.5),
)


@dataclass(frozen=True, slots=True)
class Struck:
    """A cluster as it happened in one history; days are Shanghai day numbers, both inclusive."""

    name: str
    item: str
    counties: tuple[str, ...]
    first_day: int
    last_day: int
    cases: int
