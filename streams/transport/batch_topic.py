"""Marking a topic as one that is delivered in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import faust
from faust.types import TopicT

from .record_batch import RecordBatch

if TYPE_CHECKING:
    from .app import BatchApp

#: Batches that may wait for an agent; above 4/5 of it the partition is no longer fetched from.
#: With 5,000 records of 500 bytes, 8 batches are 20 MB. Enough to keep the agent busy over the
#: 0.1 s that a fetch may take.
MAX_WAITING_BATCHES = 8


class BatchSchema(faust.Schema[Any, Any]):
    """Hands the batch through as it is; also what marks a topic as delivered in batches."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:
        """None: each record has a key of its own."""

    def loads_value(self, app: Any, message: Any, **_: Any) -> RecordBatch:
        """The batch that the transport has put in the message."""
        batch: RecordBatch = message.value
        return batch


def batch_topic(
    app: BatchApp, name: str, *, max_waiting_batches: int = MAX_WAITING_BATCHES
) -> TopicT:
    """The topic ``name``, whose agent is given one RecordBatch for each fetch of a partition.

    The topic must exist when the worker starts; it is never created. Its agents run with
    ``concurrency=1`` and iterate over the stream itself: ``take``, ``group_by`` and ``through``
    are for single records. ``max_waiting_batches`` bounds what is held in memory for it.
    """
    app.batch_topics.add(name)
    schema = BatchSchema(key_type=bytes, value_type=bytes)
    topic = app.topic(name, schema=schema)
    topic.maxsize = max_waiting_batches  # ``App.topic`` of Faust 0.15.3 drops its ``maxsize``
    return topic
