"""How far the pipeline is: whether the worker is at rest, and what the sink has still to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import httpx
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from prometheus_client.parser import text_string_to_metric_families

from schemas.errors import Unavailable

_ANSWER_S = 10.0


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
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    known = admin.list_topics(timeout=_ANSWER_S).topics
    places = [TopicPartition(topic, each) for topic in topics for each in known[topic].partitions]
    # What is committed first: what comes meanwhile then counts as behind, and not as done.
    asked = [ConsumerGroupTopicPartitions(group, places)]
    answer = admin.list_consumer_group_offsets(asked, request_timeout=_ANSWER_S)[group].result()
    first = _offsets(admin, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    end = _offsets(admin, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    return sum(
        end[each.topic, each.partition] - max(first[each.topic, each.partition], each.offset)
        for each in answer.topic_partitions
    )


def _offsets(
    admin: AdminClient, places: Iterable[TopicPartition], which: OffsetSpec
) -> dict[tuple[str, int], int]:
    found = admin.list_offsets(dict.fromkeys(places, which), request_timeout=_ANSWER_S)
    return {(each.topic, each.partition): future.result().offset for each, future in found.items()}


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
