"""Reads one case back from the warehouse: its events, and what was published about it.

For commands that a person waits for. The warehouse keeps no free text, only the attributes that
are known and have a closed set of values; whatever a verdict could depend on beyond them is said
(``reservations``), never guessed in silence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from schemas.case_event import Heading, StoredEvent
from schemas.case_state import Fired
from schemas.catalogue.model import Condition, Item, Quota, Text
from schemas.instants import from_datetime

if TYPE_CHECKING:
    from schemas.catalogue.model import Catalogue
    from sinks.clickhouse.server import Server

# Stands for a reason that was given; its text never came to the warehouse.
REASON_GIVEN = "*"
_FLAGS = ("confirmed", "placed", "zero_employment")
_NUMBERS = ("round", "offers")
_GRADES = frozenset("ABCD")
_EVENTS = """
SELECT event_id, record_hash, type, occurred_at, sequence,
       item, county, township, department, raised_by, channel, household,
       confirmed, placed, zero_employment, grade, round, offers, clock, extended_by, reason_given
FROM case_events FINAL WHERE case_id = %(case_id)s
ORDER BY occurred_at, event_id, record_hash
"""
_ESCALATIONS = """
SELECT clock, start_event_id, level, revision, state, at, due_at, term, known_late, cycle, policy,
       item, calendar, cause
FROM escalations FINAL WHERE case_id = %(case_id)s
ORDER BY at, clock, level, revision
"""
_ALWAYS = Text(
    "据数据仓库重算：仓库不存文字内容，尚未写入仓库的记录不在其中",
    "rebuilt from the warehouse: it keeps no free text, and lacks what it has not yet taken in",
)


class WarehouseCase(NamedTuple):
    """A case as the warehouse has it."""

    events: list[StoredEvent]
    fired: list[Fired]
    reservations: list[Text]


def read_case(server: Server, case_id: str, catalogue: Catalogue) -> WarehouseCase:
    """Return what the warehouse has of a case; no events for one that it does not know.

    Raises ``Unavailable`` when ClickHouse does not answer, ``Misconfigured`` when it refuses.
    """
    from sinks.clickhouse.server import classified

    with classified(server), server.client() as client:
        rows = client.execute(_EVENTS, {"case_id": case_id})
        revisions = client.execute(_ESCALATIONS, {"case_id": case_id})
    events = [_event(row) for row in rows]
    return WarehouseCase(
        events, [_fired(row) for row in revisions], _reservations(events, catalogue)
    )


def _event(row: Sequence[Any]) -> StoredEvent:
    event_id, _, kind, occurred_at, sequence = row[:5]
    heading = tuple(each or None for each in row[5:12])
    return StoredEvent(
        from_datetime(occurred_at),
        event_id,
        kind,
        sequence,
        _attributes(row[12:]) or None,
        Heading(*heading) if any(heading) else None,
    )


def _attributes(row: Sequence[Any]) -> dict[str, Any]:
    names = (*_FLAGS, "grade", *_NUMBERS, "clock", "by")
    given = dict(zip(names, row[:-1], strict=True))
    found = {name: value for name, value in given.items() if value is not None and value != ""}
    if row[-1]:
        found["reason"] = REASON_GIVEN
    return found


def _fired(row: Sequence[Any]) -> Fired:
    clock, start, level, revision, state, at, due_at, term, known_late, cycle, policy, *rest = row
    item, calendar, cause = rest
    return Fired(
        clock, start, level, revision, state == "fired", from_datetime(at),
        None if due_at is None else from_datetime(due_at), int(term.rstrip("hwd")),
        known_late, cycle, policy, item, calendar, cause,
    )  # fmt: skip


def _reservations(events: Sequence[StoredEvent], catalogue: Catalogue) -> list[Text]:
    """Return what a verdict of the case may depend on and the warehouse cannot tell."""
    if not events:
        return []
    named = (event.heading.item for event in events if event.heading is not None)
    item = next((item for item in named if item is not None), None)
    versions = catalogue.versions.get(item or "", ())
    found = [_ALWAYS, *_conflicts(events), *_extensions(events)]
    return found + [text for version in versions for text in _rules(version) if text not in found]


def _conflicts(events: Sequence[StoredEvent]) -> Iterator[Text]:
    """Of differing records with one id the smallest counts, by all that they say."""
    by_id: Mapping[str, list[StoredEvent]] = defaultdict(list)
    for event in events:
        by_id[event.event_id].append(event)
    for event_id, records in by_id.items():
        first = min((each.at, each.type) for each in records)
        if sum((each.at, each.type) == first for each in records) > 1:
            yield Text(
                f"编号{event_id}有多条内容不同的记录，仓库不能确定以哪一条为准",
                f"several differing records have the id {event_id}; the warehouse cannot tell "
                "which one counts",
            )


def _extensions(events: Sequence[StoredEvent]) -> Iterator[Text]:
    for event in events:
        attributes = event.attributes or {}
        if event.type == "extended" and not {"clock", "by"} <= attributes.keys():
            yield Text(
                f"延期记录{event.event_id}的时限或天数未入库，按无效计",
                f"which clock {event.event_id} extends, or by how much, is not in the warehouse; "
                "it is taken as void",
            )


def _rules(version: Item) -> Iterator[Text]:
    conditions = [
        each for clock in version.clocks.values() for start in clock.starts for each in start.where
    ]
    conditions += [each.relaxed_where for each in version.quotas if each.relaxed_where is not None]
    lost = {each.attribute for each in conditions if not _is_kept(each)}
    lost |= {each.attribute or "" for each in version.quotas if not _is_counted(each)}
    for attribute in sorted(lost):
        yield Text(
            f"规则用到的“{attribute}”未入库，相关时限和计数可能不准",
            f"the rules ask for {attribute!r}, which is not in the warehouse; clocks and counts "
            "that depend on it may be wrong",
        )


def _is_kept(condition: Condition) -> bool:
    """Say whether the warehouse keeps every value that the condition holds for."""
    if condition.attribute in _FLAGS:
        return all(isinstance(value, bool) for value in condition.values)
    if condition.attribute in _NUMBERS:
        return all(isinstance(value, int) and value >= 0 for value in condition.values)
    return condition.attribute == "grade" and all(value in _GRADES for value in condition.values)


def _is_counted(quota: Quota) -> bool:
    if quota.measure == "required":
        return quota.attribute == "reason"
    return quota.attribute is None or quota.attribute in _NUMBERS
