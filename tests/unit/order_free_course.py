"""In which order, when and in which batches a log comes in, and when it is judged in between."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from random import Random

from tests.hard_logs.disturbance import shuffled
from tests.reference import to_ms
from tests.reference.instants import DAY_MS, HOUR_MS
from tests.reference.reading import Record
from tests.strategies import instants_of_interest, lines_of

# How much later than it happened an event arrives; negative is ahead of its time, of which a day
# is let in. The two largest bring events long after what they would have prevented has fired.
_DELAYS_MS = [-DAY_MS, -HOUR_MS, 0, 0, 0, 1, HOUR_MS, DAY_MS, 4 * DAY_MS, 30 * DAY_MS, 500 * DAY_MS]


@dataclass(slots=True)
class Step:
    """Lines that come in and are applied as of ``now_ms``; no lines is a sweep."""

    now_ms: int
    lines: list[bytes]


def course_of(rng: Random, log: list[Record]) -> list[Step]:
    """Batches and sweeps at rising instants; the last is a sweep.

    Every record comes at least once, none more than a day ahead of its time; their order may be
    any, since each is late by an amount of its own. Sweeps fall on the instants at which a
    judgement may change, and a millisecond beside them.
    """
    arrivals = [
        (to_ms(record["occurred_at"]) + _delay_ms(rng), record)
        for record in shuffled(rng, _repeated(rng, log))
    ]
    arrivals.sort(key=itemgetter(0))
    instants = instants_of_interest(log)
    steps: list[Step] = []
    now_ms = instants[0] - DAY_MS
    while arrivals:
        size = rng.choice([1, 1, 1, 2, 3, 8, 50])
        batch, arrivals = arrivals[:size], arrivals[size:]
        steps += _sweeps(rng, instants, now_ms, batch[-1][0])
        now_ms = max(now_ms, batch[-1][0])
        steps.append(Step(now_ms, lines_of([record for _, record in batch], rng.randrange(1_000))))
    last_ms = rng.choice([one for one in instants if one >= now_ms] or [now_ms + 1])
    last_ms = rng.choice([now_ms, last_ms, max(now_ms, instants[-1]) + 1])
    return [*steps, *_sweeps(rng, instants, now_ms, last_ms), Step(last_ms, [])]


def of_one_item(log: list[Record]) -> list[Record]:
    """The log with the first item that each case names in all records that name one."""
    items: dict[str, str] = {}
    return [
        {**one, "item": items.setdefault(one["case_id"], one["item"])} if one.get("item") else one
        for one in log
    ]


def _repeated(rng: Random, log: list[Record]) -> list[Record]:
    return log + [record for record in log if rng.random() < 0.15]


def _delay_ms(rng: Random) -> int:
    longest = rng.choice(_DELAYS_MS)
    return rng.choice([longest, rng.randint(min(longest, 0), max(longest, 0))])


def _sweeps(rng: Random, instants: list[int], after_ms: int, before_ms: int) -> list[Step]:
    between = [one for one in instants if after_ms <= one <= before_ms]
    chosen = rng.sample(between, min(len(between), rng.choice([0, 0, 1, 2, 4])))
    return [Step(one, []) for one in sorted(chosen)]
