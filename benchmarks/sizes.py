"""How much each part does: ``small`` to see that it works, ``full`` for figures to be quoted."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Size:
    """Amounts of one run. Instants and spans in seconds, rates per second.

    ``events`` is the length of the log of ``core``, ``worker`` and ``two-workers``;
    ``flow_events`` what ``growth`` applies at each number of ``growth_cases`` under way.
    """

    name: str
    events: int
    peer_limit_s: float
    faust_limit_s: float
    open_cases: int
    memory_cases: int
    growth_cases: tuple[int, ...]
    flow_events: int
    flow_per_s: int
    spread_cases: int
    spread_s: float
    midnight_cases: int
    settle_s: float


# Each open case has one clock or more. Water cases have two clocks due at one instant, so 50,000
# of them are 100,000 clocks.
FULL = Size(
    name="full", events=1_000_000, peer_limit_s=120, faust_limit_s=30, open_cases=1_000_000,
    memory_cases=200_000, growth_cases=(10_000, 100_000, 1_000_000), flow_events=300_000,
    flow_per_s=10_000, spread_cases=1_500, spread_s=30, midnight_cases=50_000, settle_s=45,
)  # fmt: skip
SMALL = Size(
    name="small", events=100_000, peer_limit_s=60, faust_limit_s=12, open_cases=20_000,
    memory_cases=20_000, growth_cases=(1_000, 5_000, 20_000), flow_events=30_000,
    flow_per_s=1_000, spread_cases=500, spread_s=10, midnight_cases=2_500, settle_s=10,
)  # fmt: skip
SIZES = {size.name: size for size in (FULL, SMALL)}


def with_events(size: Size, events: int | None) -> Size:
    """Return the size with another length of the log."""
    return size if events is None else replace(size, events=events)
