"""``jushou move``: all that cannot be rebuilt, to a broker with another number of partitions.

More partitions move cases to other partitions, so they need new topics and a rebuild. The old
broker is only read: until the last process was pointed to the new one, going back is possible.
``docs/scale-out.md`` has the whole procedure. States, counts, checkpoints, dead letters and what is
derived for households are not moved but made anew by the workers, who publish only what differs
from the escalations that were moved.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from jushou.cli.faults import told

if TYPE_CHECKING:
    from jushou.settings import Settings
    from schemas.topics import Topic


def move(
    source: Annotated[str, typer.Option("--from", help="Kafka to read, host:port,…")],
    bootstrap: Annotated[
        str | None, typer.Option("--to", help="Kafka to fill, host:port,…; else JUSHOU_BOOTSTRAP")
    ] = None,
) -> None:
    """Copy the log to a broker whose topics have JUSHOU_PARTITIONS partitions."""
    from jushou.settings import Settings

    settings = Settings()
    with told("move"):
        for name, count in moved(source, bootstrap or settings.bootstrap, settings):
            print(f"{count:>12,}  {name}")


def moved(source: str, target: str, settings: Settings) -> Iterator[tuple[str, int]]:
    """Copy topic by topic, the case events last; yield the name of each and its records.

    Raises ``Misconfigured`` if the target holds case events already: a copy that broke off is
    begun again with empty topics, and nothing is ever moved into a log that is in use.
    """
    from jushou.cli.topic_log import ends
    from jushou.runtime.topics_admin import create_topics, existing_topics
    from schemas.errors import Misconfigured
    from schemas.topics import (
        ACTIONS,
        CASE_EVENTS,
        DELIVERIES,
        ESCALATIONS,
        SIGNALS,
    )

    topics = (ESCALATIONS, ACTIONS, DELIVERIES, SIGNALS)
    known = existing_topics(target)
    filled = [
        topic.name
        for topic in (*topics, CASE_EVENTS)
        if topic.name in known and any(ends(target, topic.name).values())
    ]
    if filled:
        raise Misconfigured(f"{target} holds {', '.join(filled)} already: begin with empty topics")
    create_topics(target, settings)
    for topic in topics:
        yield topic.name, _copy(source, target, topic)
    yield CASE_EVENTS.name, _copy_events(source, target)


def _copy(source: str, target: str, topic: Topic) -> int:
    """Copy records with their keys and headers; those of a key stay in their order."""
    from jushou.cli.topic_log import ends, read
    from producers.publish import Publisher

    publisher, count = Publisher(target, topic.name), 0
    for record in read(source, topic.name, ends(source, topic.name)):
        publisher.send_as_it_is(record.key, record.value, [*(record.headers or [])])
        count += 1
    publisher.flush()
    return count


def _copy_events(source: str, target: str) -> int:
    """Copy the events as one bracketed load, in the place of the loads that they came in.

    So a case is judged once, when all of it is there, and no load is open on one partition and
    closed on another.
    """
    from jushou.cli.topic_log import ends, read
    from producers.publish import BulkLoad, Publisher
    from schemas import bulk_load
    from schemas.topics import CASE_EVENTS

    count = 0
    with BulkLoad(Publisher(target), f"moved-{time.time_ns() // 1_000_000}") as load:
        for record in read(source, CASE_EVENTS.name, ends(source, CASE_EVENTS.name)):
            raw = record.value or b""
            try:
                bulk_load.decode(raw)
            except Exception:  # noqa: BLE001 - whatever is no bracket is an event, or a bad record
                load.send_as_it_is(record.key, raw)
                count += 1
    return count
