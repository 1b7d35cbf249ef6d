"""From the instant at which a step is reached to its record in Kafka, while events flow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaError, TopicPartition

from benchmarks.flow import Flow
from benchmarks.outcome import Bar, Mark, Outcome
from benchmarks.sizes import Size
from benchmarks.station import AT_REST, PARTITIONS, Station
from schemas.instants import HOUR_MS, parse_instant, render_instant
from schemas.topics import ESCALATIONS

_LIMIT_S = 120.0
_FLOW_BEFORE_S = 5.0
_PAUSE_S = 5.0
# Both clocks that a water case starts with are due 24 hours after it was submitted, and their
# first step is reached 4 hours before: at once, when such a case comes in late.
_WATER_MS = 24 * HOUR_MS
_CLOCKS = 2


class Delay(NamedTuple):
    """One escalation: when its step was reached and when the broker had it (milliseconds)."""

    at: int
    stored_at: int

    @property
    def ms(self) -> int:
        """The time in between."""
        return self.stored_at - self.at


class _Escalation(msgspec.Struct):
    case_id: str
    level: str
    at: str


def latency(station: Station, size: Size) -> Outcome:
    """Let deadlines come, spread over a span and then many at one instant."""
    cases = station.open_cases(size.open_cases)
    worker = station.worker()
    worker.wait_for(AT_REST, 600)
    starts_at = int((time.time() + size.settle_s) * 1000)
    ends_at = starts_at + int(size.spread_s * 1000)
    midnight = ends_at + int(_PAUSE_S * 1000)
    expected = _CLOCKS * (size.spread_cases + size.midnight_cases)
    loaded = sum(station.ends(ESCALATIONS.name)) + expected
    station.send(_spread(size.spread_cases, starts_at, ends_at))
    station.send(_water("MN", size.midnight_cases, lambda _: midnight))
    # Their first steps were reached long ago and fire now: that has to be over.
    flow_at = starts_at - _FLOW_BEFORE_S * 1000
    _wait_for_escalations(station, loaded, flow_at)
    _sleep_until(flow_at)
    before = station.ends(ESCALATIONS.name)
    if sum(before) < loaded:
        raise TimeoutError(f"not loaded within {size.settle_s:.0f} s: the machine is too busy")
    flow = Flow(station.bootstrap, cases.flow(), size.flow_per_s)
    flow.start()
    _sleep_until(midnight)
    _wait_for_escalations(station, sum(before) + expected, midnight + _LIMIT_S * 1000)
    flow.stop()
    behind = worker.metric("jushou_partition_behind_records")
    found = _delays(station, before)
    worker.stop()
    return _outcome(size, found, flow.per_s, behind)


def _outcome(size: Size, found: dict[str, list[Delay]], per_s: float, behind: float) -> Outcome:
    spread = sorted(delay.ms for delay in found["SP"])
    crowd = sorted(delay.ms for delay in found["MN"])
    p99_ms, last_ms = percentile(spread, 99), crowd[-1] if crowd else 0
    missing = _CLOCKS * (size.spread_cases + size.midnight_cases) - len(spread) - len(crowd)
    outcome = Outcome(
        "latency",
        "From the due instant to the record in Kafka",
        ["what", "figure", "unit"],
        [
            ["spread deadlines, median", percentile(spread, 50), "ms"],
            ["spread deadlines, p99", p99_ms, "ms"],
            ["spread deadlines, longest", spread[-1] if spread else None, "ms"],
            ["earliest of all (never below 0)", min([*spread, *crowd], default=None), "ms"],
            [f"{len(crowd):,} due at one instant: the first", crowd[0] if crowd else None, "ms"],
            [f"{len(crowd):,} due at one instant: the last", last_ms, "ms"],
            ["events that flowed meanwhile", round(per_s), "events/s"],
            ["events not applied at the end", int(behind), "records"],
            ["escalations that did not come in time", missing, ""],
        ],
        [
            f"{size.open_cases:,} cases with open clocks. {len(spread):,} deadlines spread over "
            f"{size.spread_s:.0f} s, then {_CLOCKS * size.midnight_cases:,} at one instant. The "
            "time is the broker's stamp of the escalation's record less the instant of its step.",
            "Clocks cannot be brought to a real midnight at will, so hour-based clocks stand for "
            "it: water cases that were submitted 24 hours before the wished instant, two clocks "
            "each. For the worker they are the same: one bucket of its timers.",
        ],
        [
            Mark("latency: p99 of spread deadlines, ms", p99_ms, at_most=1_000),
            Mark("latency: s until all due at one instant are out", last_ms / 1000, at_most=15),
            Mark("latency: escalations that did not come", missing, at_most=0),
        ],
    )
    outcome.bars += [
        Bar("due instant to Kafka, ms", "spread, median", percentile(spread, 50)),
        Bar("due instant to Kafka, ms", "spread, p99", p99_ms),
    ]
    return outcome


def percentile(ordered: list[int], percent: float) -> int:
    """Return the smallest value that at least so many percent do not exceed; 0 of none."""
    if not ordered:
        return 0
    return ordered[max(0, -(-int(len(ordered) * percent) // 100) - 1)]


def _spread(count: int, starts_at: int, ends_at: int) -> Iterator[tuple[str, bytes]]:
    step = (ends_at - starts_at) / count
    return _water("SP", count, lambda number: starts_at + int(number * step))


def _water(prefix: str, count: int, due: Callable[[int], int]) -> Iterator[tuple[str, bytes]]:
    run = int(time.time()) % 1_000_000
    for number in range(count):
        case_id = f"{prefix}-{run}-{number}"
        record = {
            "event_id": f"{case_id}-01",
            "case_id": case_id,
            "type": "submitted",
            "occurred_at": render_instant(due(number) - _WATER_MS),
            "schema_version": "1",
            "item": "water.drinking",
            "county": "530102",
            "raised_by": "self",
            "channel": "wechat",
        }
        yield case_id, msgspec.json.encode(record)


def _delays(station: Station, before: list[int]) -> dict[str, list[Delay]]:
    """Read the escalations since ``before`` and return those of breaches, by kind of case."""
    found: dict[str, list[Delay]] = {"SP": [], "MN": []}
    decode = msgspec.json.Decoder(_Escalation).decode
    consumer = Consumer(
        {
            "bootstrap.servers": station.bootstrap,
            "group.id": "bench-delays",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    consumer.assign(
        [TopicPartition(ESCALATIONS.name, number, before[number]) for number in range(PARTITIONS)]
    )
    ended = 0
    while ended < PARTITIONS:
        for message in consumer.consume(10_000, 1.0):
            if (fault := message.error()) is not None:
                ended += fault.code() == KafkaError._PARTITION_EOF
                continue
            escalation = decode(message.value() or b"")
            kind = escalation.case_id[:2]
            if kind in found and escalation.level == "red":
                delay = Delay(parse_instant(escalation.at), message.timestamp()[1])
                found[kind].append(delay)
    consumer.close()
    return found


def _wait_for_escalations(station: Station, count: int, until_ms: float) -> None:
    """Return when so many were ever published, or when time is up."""
    while sum(station.ends(ESCALATIONS.name)) < count and time.time() * 1000 < until_ms:
        time.sleep(0.2)


def _sleep_until(instant_ms: float) -> None:
    time.sleep(max(0.0, instant_ms / 1000 - time.time()))
