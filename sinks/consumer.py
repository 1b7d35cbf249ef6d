"""Reads the topics of the sink from Kafka, and commits what is written.

The first step of the sink. Offsets are committed only when told to, after ClickHouse has
acknowledged the rows; a crash in between makes the records come again, harmlessly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from typing import cast

import structlog
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from schemas.errors import JushouError, Misconfigured, Unavailable
from sinks.record import Record, keyed_record

Partition = tuple[str, int]

_METADATA_S = 30.0
_WATERMARK_S = 10.0
_STATISTICS_MS = 5_000
_SESSION_MS = 10_000
_log = structlog.get_logger("sink")


class SinkConsumer:
    """A member of the consumer group ``group`` that reads ``topics``.

    ``on_revoked`` is called, within ``read``, with the partitions that are taken away: what is
    held of them must be dropped, and not committed. ``on_lag`` gets the lag of each partition
    about every 5 s. Headers are read of the records of ``with_headers`` only, keys of those of
    ``with_keys``. For one thread only.

    Raises ``Misconfigured`` where a topic does not exist, ``Unavailable`` where Kafka does not
    answer.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Iterable[str],
        on_revoked: Callable[[set[Partition]], None],
        on_lag: Callable[[Mapping[Partition, int]], None],
        with_headers: Container[str] = (),
        with_keys: Container[str] = (),
    ) -> None:
        self._on_revoked = on_revoked
        self._on_lag = on_lag
        self._with_headers = with_headers
        self._with_keys = with_keys
        self._partitions: dict[str, int] = {}
        self._owned: set[Partition] = set()
        self._ends: dict[Partition, int] = {}
        self._paused = False
        self._joined = False
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "client.id": group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                # A rebalance takes only the partitions that move.
                "partition.assignment.strategy": "cooperative-sticky",
                # After a crash the others, or the next run, wait this long for its partitions;
                # heartbeats go on while a block is inserted.
                "session.timeout.ms": _SESSION_MS,
                # Of a read-ahead; with 5 topics more would only be memory.
                "queued.max.messages.kbytes": 65_536,
                "fetch.message.max.bytes": 4_194_304,
                # A partition that is read ahead enough is asked again after this; by default after
                # a whole second, in which a sink that catches up has nothing to do.
                "fetch.queue.backoff.ms": 20,
                # Under traffic a fetch of what is there just then has some dozen records; what a
                # block may be old (``Limits.age_s``) leaves time for the broker to gather more.
                "fetch.min.bytes": 200_000,
                "fetch.wait.max.ms": 100,
                "statistics.interval.ms": _STATISTICS_MS,
                "stats_cb": self._read_statistics,
            }
        )
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        self._topics = wanted = list(topics)
        try:
            self._require(wanted)
        except JushouError:
            self.close()
            raise
        self._consumer.subscribe(
            wanted,
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._revoked,
        )

    def read(self, most: int, timeout_s: float) -> dict[Partition, list[Record]]:
        """Return up to ``most`` records by partition, in order; rebalances happen in here."""
        found: dict[Partition, list[Record]] = {}
        add: Callable[[Message], None] = _ignore
        last = ("", -1)
        for message in self._consumer.consume(most, timeout_s):
            fault = message.error()
            if fault is not None:
                self._note(fault, message)
                continue
            partition = (message.topic() or "", message.partition() or 0)
            # Records come in runs of one partition: what can be done once for a run is.
            if partition != last:
                last, add = partition, self._adder(partition, found)
            add(message)
        return found

    def _adder(
        self, partition: Partition, found: dict[Partition, list[Record]]
    ) -> Callable[[Message], None]:
        """Return what takes in the messages of a partition."""
        # One that was revoked while these records were on their way belongs to another.
        if partition not in self._owned:
            return _ignore
        self._ends.pop(partition, None)
        append = found.setdefault(partition, []).append
        if partition[0] in self._with_headers:
            return lambda message: append(_record(message, message.headers()))
        if partition[0] in self._with_keys:
            in_all = self._partitions[partition[0]]
            return lambda message: append(_keyed_record(message, in_all))
        return lambda message: append(_record(message))

    def commit(self, next_offsets: Mapping[Partition, int]) -> bool:
        """Commit the offsets of partitions that are still owned; say whether that succeeded.

        A failure (a rebalance under way, a broker that restarts) costs only that the records come
        again.
        """
        offsets = [
            TopicPartition(topic, partition, offset)
            for (topic, partition), offset in next_offsets.items()
            if (topic, partition) in self._owned
        ]
        if not offsets:
            return True
        try:
            committed = self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as fault:
            _log.warning("offsets are not committed", fault=str(fault.args[0]))
            return False
        faults = [str(answer.error) for answer in committed or [] if answer.error is not None]
        if faults:
            _log.warning("offsets are not committed", fault=faults[0])
        return not faults

    def pause(self) -> None:
        """Read nothing until ``resume``, from partitions assigned meanwhile neither."""
        if not self._paused:
            self._paused = True
            self._consumer.pause(_topic_partitions(self._owned))

    def resume(self) -> None:
        """Read on."""
        if self._paused:
            self._paused = False
            self._consumer.resume(_topic_partitions(self._owned))

    def read_end(self, partition: Partition) -> int:
        """Return the end of a partition where it was last read to its end, -1 where it was not."""
        return self._ends.get(partition, -1)

    def ends(self) -> dict[Partition, int]:
        """Return the end of every partition of the topics, as the broker has it now.

        Raises ``Unavailable`` where Kafka does not answer.
        """
        known = self._admin.list_topics(timeout=_METADATA_S).topics
        return self._ends_now(
            [(topic, each) for topic in self._topics for each in known[topic].partitions]
        )

    def is_at_end(self) -> bool:
        """Say whether all assigned partitions are read to the end that the broker has now.

        A member of the group that is assigned nothing is at the end.
        """
        if not self._joined or any(partition not in self._ends for partition in self._owned):
            return False
        return all(self._ends[partition] >= end for partition, end in self._broker_ends().items())

    def close(self) -> None:
        """Leave the group; nothing more is committed."""
        self._consumer.close()

    def _broker_ends(self) -> dict[Partition, int]:
        """Return the end of each owned partition as the broker has it now.

        By a client of its own: a question of the consumer waits behind its fetch, half a second
        for each partition.
        """
        return self._ends_now(self._owned)

    def _ends_now(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        if not partitions:
            return {}
        newest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        asked = self._admin.list_offsets(
            {each: newest for each in _topic_partitions(partitions)},
            request_timeout=_WATERMARK_S,
        )
        try:
            return {
                (each.topic, each.partition): int(future.result().offset)
                for each, future in asked.items()
            }
        except KafkaException as fault:
            raise Unavailable(f"Kafka does not tell the ends of topics: {fault.args[0]}") from fault

    def _require(self, topics: list[str]) -> None:
        try:
            known = self._consumer.list_topics(timeout=_METADATA_S).topics
        except KafkaException as fault:
            raise Unavailable(f"Kafka does not answer: {fault.args[0]}") from fault
        self._partitions = {topic: len(each.partitions) for topic, each in known.items()}
        missing = sorted(set(topics) - set(known))
        if missing:
            raise Misconfigured(
                f"topics that do not exist: {', '.join(missing)}; run `jushou topics --create`"
            )

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._joined = True
        self._owned |= {(each.topic, each.partition) for each in partitions}
        consumer.incremental_assign(partitions)
        if self._paused and partitions:
            consumer.pause(partitions)

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {(each.topic, each.partition) for each in partitions}
        self._owned -= gone
        for partition in gone:
            self._ends.pop(partition, None)
        self._on_revoked(gone)
        consumer.incremental_unassign(partitions)

    def _note(self, fault: KafkaError, message: Message) -> None:
        if fault.code() == KafkaError._PARTITION_EOF:
            self._ends[(message.topic() or "", message.partition() or 0)] = message.offset() or 0
        else:
            _log.warning("Kafka reports a fault", fault=fault.str())

    def _read_statistics(self, text: str) -> None:
        topics = json.loads(text).get("topics", {})
        self._on_lag(
            {
                (name, int(number)): partition["consumer_lag"]
                for name, topic in topics.items()
                for number, partition in topic["partitions"].items()
                if (name, int(number)) in self._owned and partition["consumer_lag"] >= 0
            }
        )


def delete_group(bootstrap: str, group: str) -> None:
    """Have Kafka forget a group that nobody is a member of; one that it does not know is fine."""
    # The client is gone a moment later, and would say that it leaves something unread.
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    for answer in admin.delete_consumer_groups([group]).values():
        try:
            answer.result(_METADATA_S)
        except KafkaException as fault:
            _log.warning("a consumer group is not deleted", group=group, fault=str(fault.args[0]))


def _ignore(_: Message) -> None:
    pass


def _record(message: Message, headers: object = None) -> Record:
    kept = cast("list[tuple[str, bytes | None]] | None", headers)
    return Record(message.offset() or 0, message.timestamp()[1], message.value(), kept)


def _keyed_record(message: Message, partitions: int) -> Record:
    return keyed_record(
        message.partition() or 0, partitions, message.offset() or 0, message.timestamp()[1],
        message.value(), message.key(),
    )  # fmt: skip


def _topic_partitions(partitions: Iterable[Partition]) -> list[TopicPartition]:
    return [TopicPartition(topic, partition) for topic, partition in partitions]
