"""Civil affairs: temporary aid, support of the destitute, minimum living allowance."""

from __future__ import annotations

from collections.abc import Mapping

from producers.simulator.lifecycle import LifeCycle, Stage, Step, rejected, resolved, supplement


def _stages(decide: Stage) -> Mapping[str, Stage]:
    return {
        "submitted": Stage(
            "2wd",
            (
                Step("accepted", "accepted", 95),
                rejected("不在受理范围", "户籍地不在本县", weight=5),
            ),
            pace=0.4,
        ),
        "accepted": Stage("1wd", (Step("dispatched", "dispatched"),), pace=0.5, clocked=False),
        "dispatched": decide,
        "approved": resolved(),
    }


_DECISION = (
    Step("approved", "approved", 82),
    rejected("家庭收入超过标准", "家庭财产超过标准", "核对授权不齐", weight=18),
)

TEMPORARY_AID = LifeCycle(
    item="civil.temporary-aid",
    department="civil-affairs",
    share=14,
    stages=_stages(Stage("9wd", _DECISION, pace=0.3, halt=supplement(0.14))),
)

DESTITUTE_SUPPORT = LifeCycle(
    item="civil.destitute-support",
    department="civil-affairs",
    share=3,
    stages=_stages(Stage("24wd", _DECISION, pace=0.27, halt=supplement(0.18))),
)

MINIMUM_LIVING = LifeCycle(
    item="civil.minimum-living",
    department="civil-affairs",
    share=14,
    stages=_stages(
        Stage(
            "29wd",
            _DECISION,
            pace=0.23,
            halt=supplement(0.2),
            extendable="decide",
            extension="15wd",
        )
    ),
)

LIFE_CYCLES = (TEMPORARY_AID, DESTITUTE_SUPPORT, MINIMUM_LIVING)
