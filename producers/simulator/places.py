"""The counties of the simulated province: how large, which townships, how punctual which office.

The codes are those of ``schemas.regions``. Sizes and punctuality are invented, the same
in every run: they are facts of the simulated province, not of one history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from schemas.regions.townships import townships

# Weight of a county against an ordinary one (0.4 to 1.4): the most and the least populous ones.
_SIZES = {
    "530627": 3.2,  # 镇雄
    "530381": 2.8,  # 宣威
    "530326": 2.2,  # 会泽
    "530602": 2.2,  # 昭阳
    "530325": 1.8,  # 富源
    "530625": 1.5,  # 永善
    "532627": 1.8,  # 广南
    "530902": 1.5,  # 临翔
    "530828": 1.6,  # 澜沧
    "533324": 0.15,  # 贡山
    "533422": 0.2,  # 德钦
    "533325": 0.6,  # 兰坪
}
# Share of stage clocks that an ordinary office misses, by department.
_LATENESS = {
    "civil-affairs": 0.06,
    "human-resources": 0.055,
    "housing": 0.085,
    "water": 0.08,
    "education": 0.05,
    "health": 0.05,
    "medical-insurance": 0.045,
    "rural-revitalisation": 0.06,
}
_WORST = 0.6
# From 400 on codes are of farms, development zones and prisons, which raise no hand here.
_NO_TOWNSHIP = "4"


@dataclass(frozen=True, slots=True)
class Place:
    """One county. ``lateness`` is the probability, by department, that a clocked step is late."""

    code: str
    weight: float
    townships: tuple[str, ...]
    lateness: Mapping[str, float]

    @property
    def prefecture(self) -> str:
        """The four digits that a county shares with its neighbours."""
        return self.code[:4]


def places(codes: Iterable[str]) -> tuple[Place, ...]:
    """Return the counties of these codes, in their order."""
    return tuple(_place(code) for code in codes)


def _place(code: str) -> Place:
    rng = Random(f"county {code}")
    weight = _SIZES.get(code, rng.uniform(0.4, 1.4))
    return Place(
        code,
        weight,
        tuple(town for town in townships() if town.startswith(code) and town[6] < _NO_TOWNSHIP),
        {department: _lateness(code, department) for department in _LATENESS},
    )


def _lateness(code: str, department: str) -> float:
    rng = Random(f"office {code} {department}")
    factor = rng.lognormvariate(-0.15, 0.55)
    if rng.random() < 0.04:  # a bad office
        factor *= 4
    return min(_LATENESS[department] * factor, _WORST)
