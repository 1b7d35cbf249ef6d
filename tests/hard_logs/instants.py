"""At which instants a log is hard, found with the reference, and how an instant can be spelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from tests.reference.catalogue import ladder_of
from tests.reference.due import Cycle, used_ms, working_days_after_ms
from tests.reference.instants import to_ms
from tests.reference.life import cycles_of
from tests.reference.order import cases
from tests.reference.reading import Record

FAR_FUTURE_MS = to_ms("2030-01-01T00:00:00Z")


def instants_of_interest(log: list[Record]) -> list[int]:
    """Every instant at which a judgement of the log may change, and a millisecond on both sides."""
    moments = {to_ms(record["occurred_at"]) for record in log}
    for item, events in cases(log, FAR_FUTURE_MS).values():
        for cycle in cycles_of(item, events):
            moments.update(moments_of(cycle))
    return sorted({moment + beside for moment in moments for beside in (-1, 0, 1)})


def moments_of(cycle: Cycle) -> list[int]:
    """The instants of the cycle's ladder, its due instant among them, so far as it reaches them."""
    limit = cycle.clock.limit + cycle.extended_by
    due_at_ms = used_ms(cycle, limit)
    moments = []
    for _, offset, _ in ladder_of(cycle.clock):
        if offset <= 0 < limit + offset:
            moments.append(used_ms(cycle, limit + offset))
        elif offset > 0 and due_at_ms is not None:
            moments.append(working_days_after_ms(due_at_ms, offset))
    return [moment for moment in moments if moment is not None]


def spelled(rng: Random, at_ms: int) -> str:
    """The instant in one of the ways that RFC 3339 has for it."""
    zones = [(480, "+08:00")] * 5 + [
        (0, "Z"),
        (0, "Z"),
        (0, "z"),
        (0, "+00:00"),
        (0, "-00:00"),
        (570, "+09:30"),
        (-210, "-03:30"),
        (1439, "+23:59"),
    ]
    minutes, zone = rng.choice(zones)
    seconds, milliseconds = divmod(at_ms, 1000)
    local = datetime.fromtimestamp(seconds, UTC) + timedelta(minutes=minutes)
    fraction = rng.choice(["", ".0", ".000", ".0009", ".000999999999"])
    if milliseconds:
        fraction = f".{milliseconds:03}" + rng.choice(["", "0", "4", "9", "999999"])
    text = local.strftime(f"%Y-%m-%d{rng.choice('TTTt')}%H:%M:%S")
    return f"{text}{fraction}{zone}"
