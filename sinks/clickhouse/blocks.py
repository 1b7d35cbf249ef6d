"""From batches of records of one topic, each of a partition, to the block of its table.

After ``sinks.batch``, before ``sinks.clickhouse.writer``. Pure: the same records give the same
block, with the same token.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from schemas.errors import Misconfigured
from schemas.monitoring.load import load_monitoring
from schemas.topics import (
    ACTIONS,
    AGGREGATES,
    CASE_EVENTS,
    CASE_STATES,
    DEAD_LETTERS,
    DELIVERIES,
    ESCALATIONS,
    HOUSEHOLD_STATES,
    SIGNALS,
)
from sinks.batch import Batch
from sinks.clickhouse import (
    action_rows,
    aggregate_rows,
    case_event_rows,
    case_rows,
    dead_letter_rows,
    delivery_rows,
    escalation_rows,
    household_rows,
    signal_rows,
)
from sinks.clickhouse.block import Block, Row
from sinks.clickhouse.native import MakesField, column_names, fill, spreader
from sinks.record import Record

# How many records have no row, by reason, is known when all rows were made.
Rows = tuple[Iterable[Row], Counter[str]]
READ_TOPICS = (
    CASE_EVENTS, CASE_STATES, ESCALATIONS, AGGREGATES, DEAD_LETTERS, ACTIONS, DELIVERIES, SIGNALS,
    HOUSEHOLD_STATES,
)  # fmt: skip


class Blocks:
    """Makes blocks; ``items`` are the items that exist, by code their department.

    ``names`` gives the name on the broker of each topic that is read, where it is not its own
    (tests, a rebuild beside the live one).
    """

    def __init__(self, items: Mapping[str, str], names: dict[str, str] | None = None) -> None:
        names = names or {}
        monitoring = load_monitoring()
        readers: dict[
            str, tuple[str, Mapping[str, MakesField], Callable[[Sequence[Record], int], Rows]]
        ] = {
            CASE_EVENTS.name: (
                case_event_rows.TABLE,
                case_event_rows.COLUMNS,
                lambda records, partition: case_event_rows.rows(records, partition, items),
            ),
            CASE_STATES.name: (
                case_rows.TABLE,
                case_rows.COLUMNS,
                lambda records, partition: case_rows.rows(records, partition, items),
            ),
            ESCALATIONS.name: (
                escalation_rows.TABLE,
                escalation_rows.COLUMNS,
                escalation_rows.rows,
            ),
            AGGREGATES.name: (
                aggregate_rows.TABLE,
                aggregate_rows.COLUMNS,
                lambda records, _: aggregate_rows.rows(records),
            ),
            DEAD_LETTERS.name: (
                dead_letter_rows.TABLE,
                dead_letter_rows.COLUMNS,
                lambda records, partition: (dead_letter_rows.rows(records, partition), Counter()),
            ),
            ACTIONS.name: (action_rows.TABLE, action_rows.COLUMNS, action_rows.rows),
            DELIVERIES.name: (delivery_rows.TABLE, delivery_rows.COLUMNS, delivery_rows.rows),
            SIGNALS.name: (
                signal_rows.TABLE,
                signal_rows.COLUMNS,
                lambda records, partition: signal_rows.rows(records, partition, monitoring),
            ),
            HOUSEHOLD_STATES.name: (
                household_rows.TABLE,
                household_rows.COLUMNS,
                household_rows.rows,
            ),
        }
        self._letters = names.get(DEAD_LETTERS.name, DEAD_LETTERS.name)
        self._signals = names.get(SIGNALS.name, SIGNALS.name)
        self._readers = {names.get(topic, topic): reader for topic, reader in readers.items()}

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics to read, by their names on the broker."""
        return tuple(self._readers)

    @property
    def topics_with_headers(self) -> tuple[str, ...]:
        """Those of them whose rows are made of headers."""
        return (self._letters,)

    @property
    def topics_with_keys(self) -> tuple[str, ...]:
        """Those of them whose records count only under their key, on its partition."""
        return (self._signals,)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are written."""
        return tuple(dict.fromkeys(table for table, _, _ in self._readers.values()))

    def block(self, batches: Sequence[Batch]) -> Block:
        """Return the block of batches of one topic, each with records.

        Raises ``Misconfigured`` for a record of our own topics that cannot be read: writer and
        reader are then of different versions, and going on would leave a hole.
        """
        topic = batches[0].topic
        table, columns, _ = self._readers[topic]
        skipped: Counter[str] = Counter()
        rows = chain.from_iterable(self._read(batch, skipped) for batch in batches)
        try:
            filled, count = fill(columns, rows)
        except ValueError as fault:
            raise Misconfigured(
                f"{topic}: a row does not fit the table {table}: {fault}; run the sink in the "
                "version of the workers"
            ) from fault
        return Block(table, filled, count, ";".join(map(_token, batches)), skipped)

    def table(self, topic: str) -> tuple[str, Sequence[str]]:
        """Return the table of a topic, and its columns that are written."""
        table, columns, _ = self._readers[topic]
        return table, column_names(columns)

    def rows(self, batch: Batch, skipped: Counter[str]) -> Iterator[Row]:
        """Yield the rows of a batch, a value for each column; as ``block``.

        ``skipped`` counts records that have none.
        """
        return map(spreader(self._readers[batch.topic][1]), self._read(batch, skipped))

    def _read(self, batch: Batch, skipped: Counter[str]) -> Iterator[Row]:
        read = self._readers[batch.topic][2]
        try:
            found, passed_over = read(batch.records, batch.partition)
            yield from found
        except (msgspec.DecodeError, ValueError) as fault:
            raise Misconfigured(
                f"{batch.topic} partition {batch.partition}, offsets {batch.records[0].offset} to "
                f"{batch.records[-1].offset}: a record is not what this version writes ({fault}); "
                "run what reads it (sink, verify) in the version of the workers"
            ) from fault
        skipped += passed_over


def _token(batch: Batch) -> str:
    """With the time of the last record: offsets alone begin again when a topic is made anew."""
    first, last = batch.records[0], batch.records[-1]
    return f"{batch.topic}:{batch.partition}:{first.offset}-{last.offset}:{last.timestamp_ms}"
