"""Rows of ``actions`` from the records of ``jushou.actions.v1``: one per action."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from schemas.action import Action, decode_action
from schemas.errors import InvalidRecord
from schemas.instants import parse_instant
from sinks.clickhouse.block import Row
from sinks.clickhouse.native import (
    MakesColumn,
    Strings,
    Uuids,
    Words,
    instants,
    nullable,
    uint16,
    uint64,
)
from sinks.record import Record

TABLE = "actions"
COLUMNS: Mapping[str, MakesColumn] = {
    "action_id": Strings,
    "type": Words,
    "case_id": Strings,
    "escalation_id": Uuids,
    "level": Words,
    "at": instants,
    "by": Strings,
    "side": Words,
    "channel": Words,
    "expires_at": nullable(instants),
    "note": Strings,
    "handed_to": Words,
    "source_partition": uint16,
    "source_offset": uint64,
}
NAMES = tuple(COLUMNS)
TOMBSTONE = "tombstone"
NO_ESCALATION = "no-escalation-id"


def rows(records: Sequence[Record], partition: int) -> tuple[list[Row], Counter[str]]:
    """Return a row per good record, and how many others there were, by reason.

    People write these, so one that is no action, or that holds personal data, stops nothing: the
    notifier sets it aside, and here it is only counted.
    """
    found: list[Row] = []
    skipped: Counter[str] = Counter()
    for record in records:
        if record.value is None:
            skipped[TOMBSTONE] += 1
            continue
        try:
            found.append(_row(decode_action(record.value), partition, record.offset))
        except InvalidRecord as fault:
            skipped[fault.reason.value] += 1
        except ValueError:
            skipped[NO_ESCALATION] += 1
    return found, skipped


def _row(action: Action, partition: int, offset: int) -> Row:
    return (
        action.action_id,
        action.type.value,
        action.case_id,
        UUID(action.escalation_id),
        action.level,
        parse_instant(action.at),
        action.by,
        action.side.value,
        action.channel.value,
        None if action.expires_at is None else parse_instant(action.expires_at),
        action.note or "",
        action.to or "",
        partition,
        offset,
    )
