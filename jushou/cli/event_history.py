"""Reads the history of the running stream: every case event of the input topic, by case.

For commands that a person waits for. The topic is the truth that all else is rebuilt from, and is
read from its beginning to its end as of the start of the command, all of it held in memory.
Nothing is committed, so that no worker notices.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from schemas import bulk_load
from schemas.case_event import StoredEvent, decode
from schemas.errors import InvalidRecord, Unavailable
from schemas.topics import CASE_EVENTS

if TYPE_CHECKING:
    from confluent_kafka import Consumer

CASE_EVENTS_NAME = CASE_EVENTS.name
# A person waits: a broker on the same network answers within milliseconds.
ANSWER_S = 10.0
# A broker that gives nothing for this long, while it says that there is more, does not answer.
SILENCE_S = 30.0
_BATCH = 20_000


def read_history(bootstrap: str, items: Container[str]) -> tuple[dict[str, list[StoredEvent]], int]:
    """Return the good events by case, and how many records the worker sets aside as bad.

    Brackets of bulk loads are neither. Raises ``Unavailable`` when no broker answers, or when the
    topic does not exist.
    """
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "jushou-history",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    cases: dict[str, list[StoredEvent]] = defaultdict(list)
    bad = 0
    try:
        for value in _records(consumer, _partitions(consumer, bootstrap), bootstrap):
            try:
                case_id, event = decode(value, items)
            except InvalidRecord:
                bad += not _is_bracket(value)
                continue
            cases[case_id].append(event)
    finally:
        consumer.close()
    return cases, bad


def _partitions(consumer: Consumer, bootstrap: str) -> list[int]:
    from confluent_kafka import KafkaException

    try:
        found = consumer.list_topics(CASE_EVENTS_NAME, timeout=ANSWER_S).topics[CASE_EVENTS_NAME]
    except KafkaException as fault:
        raise Unavailable(
            f"no Kafka broker answers at {bootstrap} ({fault.args[0].str()}): start it with "
            "`jushou demo` or `jushou kafka`, set JUSHOU_BOOTSTRAP, or name a file with --events"
        ) from None
    if found.error is not None or not found.partitions:
        raise Unavailable(
            f"topic {CASE_EVENTS_NAME} does not exist at {bootstrap}: create it with `jushou "
            "topics --create`, or name a file with --events"
        )
    return list(found.partitions)


def _records(consumer: Consumer, partitions: list[int], bootstrap: str) -> Iterator[bytes]:
    from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

    consumer.assign(
        [TopicPartition(CASE_EVENTS_NAME, each, OFFSET_BEGINNING) for each in partitions]
    )
    unread, heard_s = set(partitions), time.monotonic()
    while unread:
        messages = consumer.consume(_BATCH, timeout=1.0)
        if messages:
            heard_s = time.monotonic()
        elif time.monotonic() - heard_s > SILENCE_S:
            raise Unavailable(f"the Kafka broker at {bootstrap} stopped answering: try again")
        for message in messages:
            fault = message.error()
            if fault is None:
                yield message.value() or b""
            elif fault.code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition() or 0)
            else:
                raise KafkaException(fault)


def _is_bracket(value: bytes) -> bool:
    try:
        bulk_load.decode(value)
    except Exception:  # noqa: BLE001 - whatever cannot be read is no bracket
        return False
    return True
