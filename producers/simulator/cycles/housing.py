"""Housing: repair or rebuilding of dangerous rural houses; most of its cases last for months."""

from __future__ import annotations

from producers.simulator.lifecycle import (
    LifeCycle,
    Stage,
    Step,
    rejected,
    resolved,
    supplement,
    suspension,
)

DILAPIDATED = LifeCycle(
    item="housing.dilapidated",
    department="housing",
    share=5,
    stages={
        "submitted": Stage(
            "3wd",
            (
                Step("confirmed", "confirmed", 90),
                rejected("不属于保障对象", "已有其他安全住房", weight=10),
            ),
            pace=0.45,
        ),
        "confirmed": Stage("1wd", (Step("accepted", "accepted"),), clocked=False),
        "accepted": Stage(
            "9wd",
            (
                Step("appraised", "reviewed", 62, ({"grade": "C"}, {"grade": "C"}, {"grade": "D"})),
                Step("appraised", "safe", 32, ({"grade": "A"}, {"grade": "B"}, {"grade": "B"})),
                rejected("房屋已无人居住", weight=6),
            ),
            pace=0.4,
            halt=supplement(0.06),
        ),
        "safe": resolved(),
        "reviewed": Stage("5wd", (Step("reviewed", "approved"),)),
        "approved": Stage(
            "5wd",
            (Step("approved", "works", 94), rejected("公示有异议并经查实", weight=6)),
            halt=supplement(0.05),
        ),
        "works": Stage(
            "180d", (Step("completed", "completed"),), pace=0.3, halt=suspension(0.2, 15)
        ),
        "completed": Stage("10wd", (Step("inspected", "inspected"),), pace=0.4),
        "inspected": resolved(),
    },
)

LIFE_CYCLES = (DILAPIDATED,)
