"""Life cycles by department, for every item of the catalogue and for leads."""

from __future__ import annotations

from producers.simulator.cycles import (
    civil_affairs,
    education,
    health,
    housing,
    human_resources,
    medical_insurance,
    rural_revitalisation,
    water,
)
from producers.simulator.lifecycle import LifeCycle

LIFE_CYCLES: tuple[LifeCycle, ...] = (
    *civil_affairs.LIFE_CYCLES,
    *human_resources.LIFE_CYCLES,
    *housing.LIFE_CYCLES,
    *water.LIFE_CYCLES,
    *education.LIFE_CYCLES,
    *health.LIFE_CYCLES,
    *medical_insurance.LIFE_CYCLES,
    *rural_revitalisation.LIFE_CYCLES,
)
