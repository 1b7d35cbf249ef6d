"""Reads one case back from the stream's store, the compacted topic of case states.

For commands that a person waits for. The topic cannot be read by key, so the case's partition is
read through, which takes about a second for each 500,000 cases in it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from schemas.case_state import CaseState, decode
from schemas.errors import Unavailable
from schemas.partitioning import partition_of
from schemas.topics import CASE_STATES

if TYPE_CHECKING:
    from confluent_kafka import Consumer

CASE_STATES_NAME = CASE_STATES.name
# A person waits: a broker on the same network answers within milliseconds.
ANSWER_S = 10.0
# A broker that gives nothing for this long, while it says that there is more, does not answer.
SILENCE_S = 30.0
_BATCH = 20_000


def read_case(bootstrap: str, case_id: str) -> CaseState | None:
    """Return the newest state of a case, or ``None`` for one that the stream does not know.

    Raises ``Unavailable`` when no broker answers, or when the topic does not exist yet.
    """
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "jushou-explain",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        partitions = _partitions(consumer, bootstrap)
        key = case_id.encode()
        return _newest(consumer, partition_of(key, partitions), key, bootstrap)
    finally:
        consumer.close()


def _partitions(consumer: Consumer, bootstrap: str) -> int:
    from confluent_kafka import KafkaException

    try:
        topics = consumer.list_topics(CASE_STATES_NAME, timeout=ANSWER_S).topics
    except KafkaException as fault:
        raise Unavailable(
            f"no Kafka broker answers at {bootstrap} ({fault.args[0].str()}): start it with "
            "`jushou demo` or `jushou kafka`, set JUSHOU_BOOTSTRAP, or name a file with --events"
        ) from None
    found = topics[CASE_STATES_NAME]
    if found.error is not None or not found.partitions:
        raise Unavailable(
            f"topic {CASE_STATES_NAME} does not exist at {bootstrap}: create it with `jushou "
            "topics --create` and run `jushou worker`, or name a file with --events"
        )
    return len(found.partitions)


def _newest(consumer: Consumer, partition: int, key: bytes, bootstrap: str) -> CaseState | None:
    from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

    consumer.assign([TopicPartition(CASE_STATES_NAME, partition, OFFSET_BEGINNING)])
    newest: CaseState | None = None
    heard_s = time.monotonic()
    while time.monotonic() - heard_s < SILENCE_S:
        for message in consumer.consume(_BATCH, timeout=1.0):
            fault = message.error()
            if fault is not None:
                if fault.code() == KafkaError._PARTITION_EOF:
                    return newest
                continue
            heard_s = time.monotonic()
            value = message.value()
            if message.key() == key and value is not None:
                state = decode(value)
                if newest is None or _version(state) >= _version(newest):
                    newest = state
    raise Unavailable(f"the Kafka broker at {bootstrap} stopped answering: try again")


def _version(state: CaseState) -> tuple[int, int]:
    return state.generation, state.change
