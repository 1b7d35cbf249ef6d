"""Rural revitalisation: leads, where the government finds people (政府找)."""

from __future__ import annotations

from producers.simulator.lifecycle import LifeCycle, Origin, Stage, Step, resolved

LEAD = LifeCycle(
    item="monitoring.lead",
    department="rural-revitalisation",
    share=6,
    origins=(Origin("government", "screening", 64), Origin("government", "inspection", 36)),
    stages={
        "submitted": Stage("3wd", (Step("dispatched", "dispatched"),), clocked=False),
        "dispatched": Stage(
            "11d",
            (
                Step("verified", "confirmed", 46, ({"confirmed": True},)),
                Step("verified", "unconfirmed", 14, ({"confirmed": False},)),
                Step("dismissed", "unconfirmed", 40, ({"reason": "入户核实未发现风险"},)),
            ),
            pace=0.45,
        ),
        "confirmed": Stage("10d", (Step("measures_assigned", "assisted"),), pace=0.45),
        "assisted": Stage("30d", (Step("note", "answered"),), clocked=False),
        "answered": resolved(within="20wd"),
        "unconfirmed": resolved(),
    },
    withdrawal=0.0,
    return_rate=0.012,
    reopening=0.005,
)

LIFE_CYCLES = (LEAD,)
