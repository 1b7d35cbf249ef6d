"""How far the pipeline is: whether the worker is at rest, and what the sink has still to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import httpx
from confluent_kafka import Consumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from schemas.errors import Unavailable


def metric(url: str, name: str) -> float:
    """Return the sum of a metric over its labels, from a process's metrics page; 0 if absent.

    Raises ``Unavailable`` when the process does not answer.
    """
    try:
        answer = httpx.get(url, timeout=5.0)
    except httpx.HTTPError as fault:
        raise Unavailable(f"{url}: {fault}") from None
    return sum(
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == name
    )


def lag(bootstrap: str, group: str, topics: Iterable[str]) -> int:
    """Return how many records of the topics a group has not committed yet.

    Counts offsets: what compaction and transactions leave out is counted too, so it is 0 only
    when the group has committed the very ends.
    """
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    try:
        known = consumer.list_topics(timeout=10).topics
        places = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in known[topic].partitions
        ]
        behind = 0
        for place in consumer.committed(places, timeout=10):
            low, high = consumer.get_watermark_offsets(place, timeout=10)
            behind += high - max(low, place.offset)
        return behind
    finally:
        consumer.close()


def committed(
    bootstrap: str, group: str, places: Mapping[str, Iterable[int]]
) -> dict[str, dict[int, int]]:
    """Return what a group has committed, by topic and partition; what it never did is left out."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "log_level": 3})
    found: dict[str, dict[int, int]] = {topic: {} for topic in places}
    try:
        asked = [TopicPartition(topic, each) for topic, some in places.items() for each in some]
        for place in consumer.committed(asked, timeout=10):
            if place.offset >= 0:
                found[place.topic][place.partition] = place.offset
        return found
    finally:
        consumer.close()
