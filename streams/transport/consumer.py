"""The consumer in Faust's event loop: when batches are let through, and what is committed.

It stands between the thread that fetches (``consumer_thread.py``) and the streams of the agents
(``batch_stream.py``). Topics that are not batch topics, tables' changelogs among them, go through
it record by record as in Faust.

Relied on in Faust 0.15.3 (``transport/consumer.py``): ``_new_consumer_thread``, ``_getmany``,
``_to_message``, ``_add_gap``, ``_new_offset``, ``on_buffer_drop``, ``wait_empty``,
``maybe_wait_for_commit_to_finish``, ``_commit_fut``, ``_acked``, ``_acked_index``,
``_paused_partitions``, ``_buffered_partitions``, ``_wait_next_records``,
``_get_active_partitions``; ``threadsafe_partitions_revoked`` and
``threadsafe_partitions_assigned`` are awaited in the thread, so the group waits for them;
``resume_flow`` is called directly after ``flow_control.resume`` (which empties the agents' queues),
and for the last time in a rebalance after the positions were set (``tables/recovery.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, cast

from faust.exceptions import ImproperlyConfigured
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP, ConsumerMessage
from mode import Service

from .consumer_thread import BatchConsumerThread
from .record_batch import RecordBatch
from .session import Session

if TYPE_CHECKING:
    from .app import BatchApp

#: Seconds for which a fetch waits for records. Bounds how late the end of a transaction is noticed.
POLL_S = 0.2
#: Seconds between looks at the tasks of aiokafka; bounds how late their failure stops the worker.
WATCH_S = 1.0
#: Share of the group's rebalance timeout that the batches in hand may take to end.
_SHARE_FOR_BATCHES_IN_HAND = 0.8


class BatchInHandTooSlow(Exception):
    """A batch was not completed within the group's rebalance timeout; the worker stops.

    Going on would mean that the next owner of the partition and this worker both handle it.
    Remedy: smaller batches (``max_batch_records``) or a longer ``rebalance_timeout_s``.
    """


class BatchConsumer(Consumer):
    """Faust's consumer, with batch topics delivered and committed a batch at a time."""

    _thread: BatchConsumerThread

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        #: Asked before anything is written for a partition.
        self.session = Session(self.app.conf.broker_session_timeout)
        #: Set by the app when what belongs to the assigned partitions was restored.
        self.restored = False
        #: Set while no rebalance is under way; waited for by a restore that was cut short.
        self.reassigned = asyncio.Event()
        self._lets_batches_through = False
        #: Set when an agent has taken enough of what waits for it to be fetched for again.
        self._caught_up = asyncio.Event()

    @property
    def _batch_app(self) -> BatchApp:
        return cast("BatchApp", self.app)

    def is_in_batches(self, topic: str) -> bool:
        """Whether ``topic`` is delivered in batches."""
        return topic in self._batch_app.batch_topics

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Subscribe; a batch topic that does not exist stops the worker instead of idling it."""
        wanted = set(topics)
        missing = (wanted & self._batch_app.batch_topics) - await self._thread.existing_topics()
        if missing:
            raise ImproperlyConfigured(
                f"topics that do not exist: {', '.join(sorted(missing))}; create them first"
            )
        await super().subscribe(wanted)

    @Service.task
    async def _watch_background(self) -> None:
        async for _ in self.itertimer(WATCH_S, name="background errors"):
            if self._thread.started and not self.should_stop:
                await self._thread.raise_background_errors()

    # Delivery

    async def _wait_next_records(self, timeout: float) -> Any:
        """Fetch; where agents have enough of every partition, once one of them has caught up.

        Faust looks again after a whole second, although they may have caught up within
        milliseconds: what came meanwhile would be late, and come to the next in line as a flood.
        """
        if self.flow_active and not self._get_active_partitions():
            self._caught_up.clear()
            await self.wait(self._caught_up.wait(), timeout=POLL_S)
            return {}, set()
        return await super()._wait_next_records(timeout)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        if active_partitions is None:
            return await super()._getmany(active_partitions, timeout)
        # A copy: Faust changes the set while the thread waits, and aiokafka takes an empty one
        # for "all partitions".
        wanted = frozenset(
            tp
            for tp in active_partitions
            if self._lets_batches_through or not self.is_in_batches(tp.topic)
        )
        if not wanted:
            await self.sleep(POLL_S)
            return {}
        return await super()._getmany(cast("set[TP]", wanted), min(timeout, POLL_S))

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        if not isinstance(record, RecordBatch):
            return super()._to_message(tp, record)
        newest = record.records[-1].timestamp if record.records else None
        return ConsumerMessage(
            topic=record.topic,
            partition=record.partition,
            offset=record.next_offset - 1,
            timestamp=cast("float", newest / 1000.0 if newest is not None else None),
            timestamp_type=0,
            headers=None,
            key=None,
            value=cast("bytes", record),
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    def on_buffer_drop(self, tp: TP) -> None:
        """Fetch again for an agent that has caught up, unless the partition is being moved."""
        if tp in self._paused_partitions:
            self._buffered_partitions.discard(tp)
        else:
            super().on_buffer_drop(tp)
            self._caught_up.set()

    # Commits

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if not self.is_in_batches(tp.topic):
            await super()._add_gap(tp, offset_from, offset_to)

    def _new_offset(self, tp: TP) -> int | None:
        """The offset to commit: after the last completed batch, which is the newest as well."""
        if not self.is_in_batches(tp.topic):
            offset: int | None = super()._new_offset(tp)
            return offset
        acked = self._acked[tp]
        if not acked:
            return None
        next_offset = max(acked) + 1
        acked.clear()
        self._acked_index[tp].clear()
        return next_offset

    async def wait_empty(self) -> None:
        """Wait for batches in hand and commit them, also when another commit is under way."""
        await super().wait_empty()
        while self._commit_fut is not None:
            await self.maybe_wait_for_commit_to_finish()
        await self.commit()

    # Rebalances

    async def threadsafe_partitions_revoked(
        self, receiver_loop: asyncio.AbstractEventLoop, revoked: set[TP]
    ) -> None:
        """Give partitions up in the app's loop; called, and waited for, in the thread."""
        await self._in_loop_of_app(lambda: self.on_partitions_revoked(revoked))

    async def threadsafe_partitions_assigned(
        self, receiver_loop: asyncio.AbstractEventLoop, assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Take partitions over in the app's loop; called, and waited for, in the thread."""
        await self._in_loop_of_app(lambda: self.on_partitions_assigned(assigned, generation_id))

    async def _in_loop_of_app(self, rebalance: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Faust's own way is a queue that nobody serves once something has failed.

        The thread would wait for it, never leave the group, and hold the partitions with its
        heartbeats while the worker cannot end.
        """
        if not self.app.should_stop:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(rebalance(), self.loop))

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit what is in hand, then let Faust and the app give the partitions up.

        Faust forgets what was acknowledged before it commits, so all of it would be done again.
        """
        self._stop_batches()
        self.reassigned.clear()
        if not self.app.should_stop:
            await self._batch_app.partition_hooks.abandon_restore()
            await self._settle()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Let Faust take the partitions over; batches flow when the app has restored for them."""
        self._stop_batches()
        self.session.confirm()
        await super().on_partitions_assigned(assigned, generation_id)
        self.reassigned.set()

    def resume_flow(self) -> None:
        """Fetch again; batches too if what belongs to their partitions was restored."""
        super().resume_flow()
        self._lets_batches_through = self.restored

    def _stop_batches(self) -> None:
        self.restored = self._lets_batches_through = False
        self._buffered_partitions.clear()

    async def _settle(self) -> None:
        self.stop_flow()
        self.app.flow_control.suspend()
        self.pause_partitions(self.assignment())
        self.app.flow_control.clear()
        limit_s = self.app.conf.broker_rebalance_timeout * _SHARE_FOR_BATCHES_IN_HAND
        # Not ``asyncio.timeout``: Faust's ``wait_empty`` goes on when it is cancelled. It ends
        # when this service has crashed.
        settling = asyncio.ensure_future(self.wait_empty())
        done, _ = await asyncio.wait([settling], timeout=limit_s)
        if not done:
            await self.crash(BatchInHandTooSlow(f"a batch took longer than {limit_s:.1f} s"))
        await settling


class BatchTransport(Transport):
    """Faust's aiokafka transport with batch topics; ``kafkabatch://`` in broker addresses."""

    Consumer = BatchConsumer
