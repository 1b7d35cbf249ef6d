"""Medical insurance: enrolment, bills from other provinces, aid for serious illness."""

from __future__ import annotations

from producers.simulator.lifecycle import LifeCycle, Stage, Step, rejected, resolved, supplement

_REVIEW = (
    Step("approved", "approved", 90),
    rejected("材料不符合要求", "不属于报销范围", weight=10),
)


def _claim(item: str, share: float, within: str, pace: float) -> LifeCycle:
    """Return the life of a claim that is reviewed, then paid ``within`` a limit."""
    return LifeCycle(
        item,
        "medical-insurance",
        share,
        {
            "submitted": Stage("1wd", (Step("accepted", "accepted"),), clocked=False),
            "accepted": Stage("9wd", _REVIEW, pace=0.32, halt=supplement(0.16)),
            "approved": Stage(within, (Step("paid", "paid"),), pace=pace),
            "paid": resolved(within="1wd"),
        },
    )


ENROLMENT = LifeCycle(
    item="insurance.enrolment",
    department="medical-insurance",
    share=6,
    stages={
        "submitted": Stage("5wd", _REVIEW, pace=0.35, halt=supplement(0.1)),
        "approved": Stage("3d", (Step("paid", "paid"),), clocked=False, citizen=True),
        "paid": Stage("1wd", (Step("enrolled", "enrolled"),), pace=0.4),
        "enrolled": resolved(within="1wd"),
    },
)

REMOTE_CLAIM = _claim("insurance.remote-claim", 5, "20wd", 0.16)
SERIOUS_ILLNESS_AID = _claim("insurance.serious-illness-aid", 4, "10wd", 0.25)

LIFE_CYCLES = (ENROLMENT, REMOTE_CLAIM, SERIOUS_ILLNESS_AID)
