"""The thread that talks to the broker; here fetched records become batches.

It runs an event loop of its own, so that heartbeats go out while an agent computes. What is fetched
leaves it through ``consumer.py`` to the agents.

Relied on in Faust 0.15.3 (``transport/drivers/aiokafka.py``): ``AIOKafkaConsumerThread`` with
``_create_worker_consumer``, ``_fetch_records`` and ``call_thread``. In aiokafka 0.14.0:
``AIOKafkaConsumer._isolation_level`` and ``._fetch_max_wait_ms`` (read once, at start),
``._subscription.subscription.assignment`` (a new object for every assignment) with
``state_value(tp).has_valid_position`` and ``.position``; ``_coordinator.check_errors`` and
``_fetcher.error_future``; ``fetched_records`` moves the positions of the partitions it returns in
the step in which it returns.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from .record_batch import RecordBatch

if TYPE_CHECKING:
    from .consumer import BatchConsumer

#: Milliseconds for which the broker holds an answer back when it has nothing new. aiokafka asks a
#: broker for the next records of one partition only after the request for the others is answered:
#: with the 1,500 ms that Faust sets, a busy partition beside quiet ones gets one fetch per 1.5 s.
FETCH_MAX_WAIT_MS = 100
#: Records a second, and as many at once, above which the broker holds an answer back until it is
#: large or FETCH_MAX_WAIT_MS are over: a batch costs as much as fifty of its records, and of 10,000
#: a second a fetch that is answered at once brings about fifty. Fewer records are answered at once.
BUSY_PER_S = 3_000
BUSY_AT_ONCE = 20
_LARGE_ANSWER_BYTES = 1_000_000


class BatchConsumerThread(AIOKafkaConsumerThread):
    """Faust's consumer thread, giving one RecordBatch for each fetch of a batch partition."""

    consumer: BatchConsumer

    def __post_init__(self) -> None:
        super().__post_init__()
        self._assignment: Any = None
        self._told: dict[TP, int] = {}
        self._fetched_s = 0.0

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Records of a transaction that was aborted never happened.
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        """Connect; from then on heartbeats are noted in the session."""
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator
        if coordinator is None:
            return
        beat: Callable[[], Awaitable[bool]] = coordinator._do_heartbeat

        async def noted() -> bool:
            asked_s = time.monotonic()
            known = await beat()
            if known:
                self.consumer.session.confirm(asked_s)
            return known

        coordinator._do_heartbeat = noted

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: Any,
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> dict[TP, list[Any]]:
        self._leave_records_as_they_are(consumer)
        asked_in = _assignment_of(consumer)
        fetched: Mapping[Any, list[Any]] = await super()._fetch_records(
            consumer, active_partitions, timeout=timeout, max_records=max_records
        )
        self._pace(consumer, sum(map(len, fetched.values())))
        if _assignment_of(consumer) is not asked_in:
            self._put_back(consumer, fetched)
            return {}
        return self._in_batches(asked_in, active_partitions, fetched)

    def _pace(self, consumer: AIOKafkaConsumer, records: int) -> None:
        before_s, self._fetched_s = self._fetched_s, time.monotonic()
        consumer._fetcher._fetch_min_bytes = least_answer(records, self._fetched_s - before_s)

    def _leave_records_as_they_are(self, consumer: AIOKafkaConsumer) -> None:
        fetcher = consumer._fetcher
        if fetcher is not None and not isinstance(fetcher._records, _Answers):
            fetcher._records = _Answers(fetcher._records, self.consumer.is_in_batches)

    def _put_back(self, consumer: AIOKafkaConsumer, fetched: Mapping[Any, list[Any]]) -> None:
        """Undo a fetch that ended in another assignment than the one it was asked in.

        Faust drops its records by generation, but aiokafka counts them as consumed: without this
        they would be skipped if the positions had been set already.
        """
        assigned = consumer.assignment()
        for tp, records in fetched.items():
            if tp in assigned:
                consumer.seek(tp, records[0].offset)

    def _in_batches(
        self, assignment: Any, active: Any, fetched: Mapping[Any, list[Any]]
    ) -> dict[TP, list[Any]]:
        if assignment is not self._assignment:
            self._assignment, self._told = assignment, {}
        in_batches = self.consumer.is_in_batches
        lists = {TP(*tp): found for tp, found in fetched.items() if not in_batches(tp.topic)}
        for tp in active or ():
            if in_batches(tp.topic):
                batch = self._batch(assignment, tp, fetched.get(tp, []))
                if batch is not None:
                    lists[tp] = [batch]
        return lists

    def _batch(self, assignment: Any, tp: TP, records: list[Any]) -> RecordBatch | None:
        state = assignment.state_value(tp) if assignment is not None else None
        if state is None or not state.has_valid_position:
            return None
        if not records and self._told.get(tp) == state.position:
            return None
        self._told[tp] = state.position
        return RecordBatch(tp.topic, tp.partition, records, state.position)

    async def raise_background_errors(self) -> None:
        """Raise what ended aiokafka's coordination or fetching.

        They are tasks that aiokafka looks at when records are asked for by its own methods, which
        Faust goes round: the worker would stay in the group, or out of it, and never fetch again.
        """
        await self.call_thread(self._raise_background_errors)

    async def _raise_background_errors(self) -> None:
        consumer = self._consumer
        if consumer is not None and consumer._coordinator is not None and not consumer._closed:
            consumer._coordinator.check_errors()
            if consumer._fetcher.error_future.done():
                consumer._fetcher.error_future.result()

    async def existing_topics(self) -> set[str]:
        """Names of the topics that the brokers have now."""
        return set(await self.call_thread(self._ensure_consumer().topics))


def least_answer(records: int, within_s: float) -> int:
    """Return the bytes that the next answer should have, after so many records in so many s."""
    is_busy = records >= BUSY_AT_ONCE and records >= BUSY_PER_S * within_s
    return _LARGE_ANSWER_BYTES if is_busy else 1


class _Answers(OrderedDict[Any, Any]):
    """What brokers have answered, by partition; records of batch topics are left as they came.

    aiokafka copies each into a ConsumerRecord, which takes half of the time of reading it, and
    three times its memory. What it parsed has all of the same names that ``Record`` has.
    """

    def __init__(self, known: Mapping[Any, Any], is_in_batches: Callable[[str], bool]) -> None:
        self._is_in_batches = is_in_batches
        super().__init__(known)

    def __setitem__(self, tp: Any, answer: Any) -> None:
        if self._is_in_batches(tp.topic) and hasattr(answer, "_partition_records"):
            answer._partition_records._consumer_record = _as_it_is
        super().__setitem__(tp, answer)


def _as_it_is(_: Any, record: Any) -> Any:
    return record


def _assignment_of(consumer: AIOKafkaConsumer) -> Any:
    subscription = consumer._subscription.subscription
    return subscription.assignment if subscription is not None else None
