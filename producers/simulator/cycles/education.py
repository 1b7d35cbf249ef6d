"""Education: children out of school, mostly reported by class teachers; four steps of law."""

from __future__ import annotations

from producers.simulator.lifecycle import LifeCycle, Origin, Stage, Step, rejected, resolved

DROPOUT = LifeCycle(
    item="education.dropout",
    department="education",
    share=2,
    origins=(
        Origin("proxy", "school", 66),
        Origin("proxy", "one-phone", 9),
        Origin("self", "one-phone", 7),
        Origin("government", "inspection", 18),
    ),
    stages={
        "submitted": Stage(
            "2wd",
            (Step("accepted", "accepted", 97), rejected("学籍已转出本县", weight=3)),
            pace=0.4,
        ),
        "accepted": Stage("2wd", (Step("dispatched", "dispatched"),), clocked=False),
        "dispatched": Stage(
            "8wd",
            (
                Step("returned_to_school", "back", 72),
                Step("exempted", "back", 6, ({"reason": "身体原因无法就学"},)),
                Step("correction_ordered", "corrected", 22),
            ),
            pace=0.32,
        ),
        "corrected": Stage(
            "10wd",
            (Step("returned_to_school", "back", 74), Step("penalised", "penalised", 26)),
        ),
        "penalised": Stage(
            "15wd",
            (Step("returned_to_school", "back", 60), Step("enforcement_applied", "enforced", 40)),
        ),
        "enforced": Stage("20d", (Step("returned_to_school", "back"),), clocked=False),
        "back": resolved(within="3wd"),
    },
)

LIFE_CYCLES = (DROPOUT,)
