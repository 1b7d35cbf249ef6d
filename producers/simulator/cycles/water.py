"""Water: safe drinking water, with the short hours of the report; and its life in a drought."""

from __future__ import annotations

from collections.abc import Mapping

from producers.simulator.lifecycle import LifeCycle, Stage, Step, rejected, resolved, suspension


def _stages(false_alarms: float, larger_works: float, halt: float) -> Mapping[str, Stage]:
    """Return the stages; the numbers are percentages, ``halt`` a probability."""
    return {
        "submitted": Stage(
            "24h",
            (
                Step("accepted", "accepted", 94),
                rejected("属于用水户内部管道问题", "重复反映，已并案", weight=6),
            ),
            pace=0.45,
        ),
        "accepted": Stage("5h", (Step("dispatched", "dispatched"),), pace=0.4, clocked=False),
        "dispatched": Stage(
            "2wd",
            (
                Step("verified", "confirmed", 100 - false_alarms, ({"confirmed": True},)),
                Step("verified", "answered", false_alarms, ({"confirmed": False},)),
            ),
            pace=0.45,
        ),
        "confirmed": Stage(
            "5wd",
            (
                Step("resolved", None, 100 - larger_works),
                Step("measures_proposed", "works", larger_works, ({"reason": "需实施水源工程"},)),
            ),
            pace=0.45,
            halt=suspension(halt, 6),
        ),
        "works": Stage("40d", (Step("note", "finished"),), clocked=False),
        "finished": resolved(within="5wd"),
        "answered": resolved(),
    }


DRINKING = LifeCycle(
    "water.drinking", "water", 10, _stages(false_alarms=22, larger_works=14, halt=0.05)
)

# Share 0: only a cluster leads to it.
DROUGHT = LifeCycle(
    "water.drinking",
    "water",
    0,
    _stages(false_alarms=5, larger_works=45, halt=0.15),
    return_rate=0.01,
)

LIFE_CYCLES = (DRINKING, DROUGHT)
