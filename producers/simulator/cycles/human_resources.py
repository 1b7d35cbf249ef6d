"""Human resources: finding a job (three rounds, each called back) and finding training."""

from __future__ import annotations

from producers.simulator.lifecycle import Attributes, LifeCycle, Stage, Step, rejected, resolved

_JOB_ROUNDS = 3
_ACCEPT = (
    Step("accepted", "accepted", 96),
    rejected("不属于服务对象", "已稳定就业", weight=4),
)


def _offers(round_: int) -> tuple[Attributes, ...]:
    # One round in 141 offers more than the 15 jobs that are allowed.
    allowed = tuple({"round": round_, "offers": offers} for offers in (5, 8, 10, 12, 15, 15, 15))
    return allowed * 20 + ({"round": round_, "offers": 18},)


def _called_back(round_: int) -> tuple[Step, ...]:
    placed = Step("followed_up", "placed", 38, ({"round": round_, "placed": True},))
    if round_ < _JOB_ROUNDS:
        going_on = Step(
            "followed_up",
            f"recommend-{round_ + 1}",
            62,
            ({"round": round_, "placed": False},),
        )
        return (placed, going_on)
    return (
        placed,
        Step("followed_up", "placed", 40, ({"round": round_, "placed": False},)),
        Step(
            "followed_up",
            "welfare-post",
            20,
            ({"round": round_, "placed": False, "zero_employment": True},),
        ),
        # A round too many: the rule `rounds` has work.
        Step("followed_up", "recommend-4", 1.5, ({"round": round_, "placed": False},)),
    )


_JOB_STAGES = {
    "submitted": Stage("2wd", _ACCEPT, pace=0.4, clocked=False),
    "accepted": Stage("3wd", (Step("recommended", "called-back-1", 1, _offers(1)),)),
    "recommend-2": Stage(
        "5wd", (Step("recommended", "called-back-2", 1, _offers(2)),), clocked=False
    ),
    "recommend-3": Stage(
        "5wd", (Step("recommended", "called-back-3", 1, _offers(3)),), clocked=False
    ),
    "recommend-4": Stage(
        "5wd", (Step("recommended", "called-back-4", 1, _offers(4)),), clocked=False
    ),
    "called-back-1": Stage("7d", _called_back(1), pace=0.45),
    "called-back-2": Stage("7d", _called_back(2), pace=0.45),
    "called-back-3": Stage("7d", _called_back(3), pace=0.45),
    "called-back-4": Stage(
        "7d", (Step("followed_up", "placed", 1, ({"round": 4, "placed": True},)),)
    ),
    "welfare-post": Stage("10wd", (Step("welfare_post_offered", "placed"),), pace=0.4),
    "placed": resolved(),
}

JOB = LifeCycle("employment.job", "human-resources", 10, _JOB_STAGES)


def _course(round_: int, then: str) -> tuple[Step, ...]:
    return (
        Step("organised", then, 70, ({"round": round_},)),
        Step("mobilised", then, 30, ({"round": round_},)),
    )


_TRAINING_STAGES = {
    "submitted": Stage("2wd", _ACCEPT, pace=0.4, clocked=False),
    "accepted": Stage("10wd", _course(1, "called-back-1"), pace=0.45),
    "called-back-1": Stage(
        "7d",
        (
            Step("followed_up", "placed", 55, ({"round": 1, "placed": True},)),
            Step("followed_up", "arrange-2", 45, ({"round": 1, "placed": False},)),
        ),
        pace=0.45,
    ),
    "arrange-2": Stage("10wd", _course(2, "called-back-2"), clocked=False),
    "called-back-2": Stage(
        "7d",
        (
            Step("followed_up", "placed", 85, ({"round": 2, "placed": True},)),
            Step(
                "followed_up",
                "arrange-3",
                14,
                ({"round": 2, "placed": False, "zero_employment": True},),
            ),
            Step("followed_up", "arrange-3", 1, ({"round": 2, "placed": False},)),
        ),
        pace=0.45,
    ),
    "arrange-3": Stage("10wd", _course(3, "called-back-3"), clocked=False),
    "called-back-3": Stage("7d", (Step("followed_up", "placed", 1, ({"round": 3},)),)),
    "placed": resolved(),
}

TRAINING = LifeCycle("employment.training", "human-resources", 5, _TRAINING_STAGES)

LIFE_CYCLES = (JOB, TRAINING)
