"""Hard logs of case events: seeded ones (`random_log`) and ones for hypothesis (`logs`).

Every case is a plausible life of its item, or a storm of events on few instants, disturbed by
what the clocks must bear: events exactly at due instants and midnights and a millisecond beside
them (found with the reference), ties, pauses of every kind, extensions, reopenings, duplicates,
conflicts, odd spellings of one value. All these records are good ones; `BAD_LINES` are the others.
"""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from tests.hard_logs.case_writer import CaseWriter
from tests.hard_logs.disturbance import disturbed, lines_of, shuffled
from tests.hard_logs.instants import instants_of_interest
from tests.hard_logs.lines import BAD_LINES, GOOD_LINES
from tests.reference.reading import Record

__all__ = [
    "BAD_LINES",
    "GOOD_LINES",
    "arrivals",
    "instants_of_interest",
    "lines_of",
    "logs",
    "random_case",
    "random_log",
]


def random_log(seed: int, cases: int) -> list[Record]:
    """The good records of that many cases, shuffled together; the same for the same seed."""
    rng = Random(seed)
    return shuffled(rng, [one for n in range(cases) for one in random_case(rng, f"C{n}")])


def random_case(rng: Random, case_id: str) -> list[Record]:
    """The records of one case as they might arrive: disordered, repeated and contradicted."""
    writer = CaseWriter(rng, case_id)
    if rng.random() < 0.25:
        writer.write_storm()
    else:
        writer.write_story()
    return shuffled(rng, disturbed(rng, writer.records))


@st.composite
def logs(draw: st.DrawFn, max_cases: int = 2) -> list[Record]:
    """What `random_log` gives, for hypothesis to vary and to shrink."""
    rng = draw(st.randoms(use_true_random=False))
    count = draw(st.integers(1, max_cases))
    return [one for n in range(count) for one in random_case(rng, f"C{n}")]


@st.composite
def arrivals(draw: st.DrawFn, log: list[Record]) -> list[list[Record]]:
    """The log as it might come in: in any order, records repeated at will, in any batches."""
    repeated = draw(st.lists(st.sampled_from(log), max_size=4)) if log else []
    order = draw(st.permutations(log + repeated))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=4)))
    ends = [0, *cuts, len(order)]
    return [order[start:end] for start, end in zip(ends, ends[1:], strict=False)]
