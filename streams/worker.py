"""The worker: one Faust app whose case agent keeps the clocks of the partitions it is assigned.

Path of an event: a batch comes from the transport (``streams.transport``), the keeper of its
partition applies it (``streams.agents.keeper``), the outlet has the effects acknowledged
(``streams.agents.outlet``), and only then is the batch complete, which lets its offsets be
committed. A batch of another partition may be applied meanwhile. Time passes in ``_tick``, which
sweeps the partitions that are at their end.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from faust.types import TP
from prometheus_client import Gauge

from schemas.errors import Misconfigured
from schemas.instants import render_instant
from schemas.topics import CASE_EVENTS
from streams.agents.broker_clock import BrokerClock
from streams.agents.keeper import CaseKeeper
from streams.agents.outlet import Outlet
from streams.core.case import Engine
from streams.state.archive import LEAVES_AFTER_MS, Archive
from streams.state.partition import PartitionState
from streams.state.restore import Restored, restore
from streams.transport import (
    BatchApp,
    BatchConsumer,
    BatchStream,
    EndOffsetReader,
    RecordBatch,
    Session,
    batch_app,
    batch_topic,
    serve,
)

_log = logging.getLogger(__name__)
# Seconds between two questions where the partitions end: a fifth of the second within which an
# escalation has to be out.
TICK_S = 0.2
# Cases judged in one go, so that thousands due at one midnight let traffic through in between.
SWEEP_CASES = 2_000
# Closed cases that leave memory in one go: as many as a batch can have closed.
ARCHIVED_AT_ONCE = 12_000
# Counts published in one go: some 50 ms.
COUNTS_AT_ONCE = 20_000
COUNTS_EVERY_S = 0.5
# Counts are absolute, so what lies between two publications is not missed. Those that a crash
# keeps from being published are found by a restore, which compares with what was published.
COUNTS_EVERY_S_BEHIND = 15.0
BEHIND_ALARM_S = 60.0
_BEHIND = Gauge("jushou_partition_behind_records", "records not yet applied", ["partition"])
_CASES = Gauge("jushou_partition_cases", "cases held", ["partition"])
_ARCHIVED = Gauge("jushou_partition_cases_archived", "cases held outside memory", ["partition"])
_AT_REST = Gauge(
    "jushou_worker_at_rest", "1 when all that was sent is applied and all that is due has fired"
)
# Case states are trees without cycles: the collector finds nothing in them, and at its default
# thresholds takes half of the time of a busy worker.
_GC_THRESHOLDS = (200_000, 50, 1_000)


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Where the worker reads and how; ``as_of`` (milliseconds) freezes "now".

    ``archive_after_ms``: how long after its end a case stays in memory.
    """

    bootstrap: str
    group: str
    folder: Path
    instance: str | None = None
    partitions: int = 4
    load_timeout_s: float = 600.0
    session_timeout_s: float = 15.0
    as_of: int | None = None
    until_idle: bool = False
    # About what one fetch of a partition holds (4 MiB, lz4). A case is unpacked, packed and written
    # once for all of its events in a batch; half a second of work, in which nothing else happens.
    max_batch_records: int = 64_000
    archive_after_ms: int = LEAVES_AFTER_MS


class CaseWorker:
    """One worker process. ``run`` returns when it is told to stop, or, ``until_idle``, at rest."""

    def __init__(self, config: WorkerConfig, engine: Engine) -> None:
        self.config = config
        self.engine = engine
        self.keepers: dict[int, CaseKeeper] = {}
        self.clock = BrokerClock(config.bootstrap, config.as_of)
        self.outlet = Outlet(config.bootstrap, config.session_timeout_s, self._check_session)
        # A batch and a sweep both change states and write them: one at a time.
        self._writing = asyncio.Lock()
        # By partition, the batch whose effects are sent and not yet acknowledged.
        self._in_flight: dict[int, asyncio.Task[None]] = {}
        self._counted_s = time.monotonic()
        self._at_end_s: dict[int, float] = {}
        self._behind_since_s: dict[int, float] = {}
        # By partition, an end offset and the moment at which it was asked for: once all below it
        # is applied, the partition can be judged as of that moment.
        self._asked: dict[int, tuple[int, int]] = {}
        self._caught_up = asyncio.Event()
        self._stop = asyncio.Event()
        self.app = self._app()

    def _app(self) -> BatchApp:
        self.config.folder.mkdir(parents=True, exist_ok=True)
        app = batch_app(
            self.config.group,
            bootstrap=self.config.bootstrap,
            datadir=self.config.folder,
            instance_id=self.config.instance,
            max_batch_records=self.config.max_batch_records,
            session_timeout_s=self.config.session_timeout_s,
        )
        app.on_batches_assigned(self._assigned)
        app.on_batches_revoked(self._revoked)

        @app.agent(batch_topic(app, CASE_EVENTS.name), name="case-agent", concurrency=1)
        async def case_agent(batches: object) -> None:
            stream = cast(BatchStream, batches)
            async for batch in stream:
                await self.keep(batch, stream.keep_open())

        return app

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Serve until ``stop`` is set; raises what failed, with nothing of it committed."""
        self._stop = stop or self._stop
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        async with EndOffsetReader(self.config.bootstrap) as ends:
            ticking = asyncio.create_task(self._ticks(ends))
            serving = asyncio.create_task(serve(self.app, self._stop))
            try:
                await asyncio.wait({ticking, serving}, return_when=asyncio.FIRST_COMPLETED)
                self._stop.set()
                await serving
            finally:
                ticking.cancel()
                result = (await asyncio.gather(ticking, return_exceptions=True))[0]
                await asyncio.gather(*self._in_flight.values(), return_exceptions=True)
            if isinstance(result, Exception):
                raise result
            await self.outlet.close()

    # Partitions

    async def _assigned(self, partitions: frozenset[TP]) -> None:
        numbers = sorted(tp.partition for tp in partitions)
        for number in self.keepers.keys() - set(numbers):
            self.keepers.pop(number).state.close()
        new = [number for number in numbers if number not in self.keepers]
        read_back = asyncio.to_thread(restore, self.config.bootstrap, new, self._archive)
        for found in (await read_back).values():
            self.keepers[found.partition] = self._keeper(found)
        # A look through what was restored finds no garbage, and holds everything up meanwhile.
        gc.freeze()
        # The checkpoint, not the group's commit, says where to go on: a rebuild starts at 0.
        positions = {
            TP(CASE_EVENTS.name, number): self.keepers[number].state.next_offset
            for number in numbers
        }
        if positions:
            thread = cast(BatchConsumer, self.app.consumer)._thread
            await thread.commit(positions)
            # Faust goes to the committed offsets after this hook, but aiokafka passes over a
            # committed 0: a rebuild would go on where the lost state ended.
            await thread.seek_wait(positions)

    def _archive(self, number: int) -> Archive:
        return Archive(self.config.folder, number, self.config.archive_after_ms)

    def _keeper(self, found: Restored) -> CaseKeeper:
        state = PartitionState(found.partition, self.engine.rules, archive=found.archive)
        state.count_change = found.count_change
        if found.is_whole and found.checkpoint is not None:
            state.generation = found.checkpoint.generation
            state.next_offset = found.checkpoint.next_offset
            state.now = found.checkpoint.now
            state.escalations_next = found.checkpoint.escalations_next
            for case_id, packed in found.states.items():
                state.restore(case_id, packed)
        else:
            state.generation = found.generation + 1
            if found.archive is not None:
                found.archive.clear()
        self._refuse_the_past(state.now)
        state.note_published(found.fired)
        state.settle(found.counts, self.engine.version, time.monotonic())
        _log.info(
            "partition %d: %d cases, %d of them archived, generation %d, from offset %d",
            state.partition, len(state), state.archived, state.generation, state.next_offset,
        )  # fmt: skip
        return CaseKeeper(self.engine, state, self.config.partitions)

    def _refuse_the_past(self, judged_by: int) -> None:
        """To judge as of an earlier instant would withdraw what is true."""
        as_of = self.config.as_of
        if as_of is not None and as_of < judged_by:
            raise Misconfigured(
                f"--as-of {render_instant(as_of)} is before {render_instant(judged_by)}, as of "
                "which these cases were judged already; `jushou replay` and `jushou explain` "
                "tell of the past"
            )

    async def _revoked(self, partitions: frozenset[TP]) -> None:
        async with self._writing:
            for keeper in self.keepers.values():
                keeper.state.close()
            self.keepers.clear()
            self._asked.clear()

    @cached_property
    def _session(self) -> Session:
        return cast(BatchConsumer, self.app.consumer).session

    def _check_session(self) -> None:
        self._session.check()

    # Events

    async def keep(self, batch: RecordBatch, complete: Callable[[], None]) -> None:
        """Apply one batch and send its effects; it is ``complete`` once they are acknowledged."""
        async with self._writing:
            await self._land(batch.partition)
            keeper = self.keepers.get(batch.partition)
            if keeper is None:
                complete()
                return
            write = self.outlet.state_writer(batch.partition)
            effects = keeper.apply(batch.records, self.clock.now(), time.monotonic(), write)
            keeper.state.next_offset = batch.next_offset
            self.outlet.send(effects, batch.partition)
            self._archive_closed(keeper)
            end, _ = self._asked.get(batch.partition, (0, 0))
            if keeper.state.next_offset >= end:
                self._caught_up.set()
        finishing = asyncio.create_task(self._finish(keeper, len(batch), complete))
        self._in_flight[batch.partition] = finishing

    async def _finish(self, keeper: CaseKeeper, records: int, complete: Callable[[], None]) -> None:
        """Have acknowledged what a batch of so many records led to, and complete it."""
        try:
            if records:
                await self.outlet.flush(keeper.state.partition)
                self.outlet.checkpoint(keeper.state)
            complete()
        except Exception as fault:
            # Nothing may be committed now, also if no other batch ever comes.
            await self.app.crash(fault)
            raise

    async def _land(self, partition: int) -> None:
        """Wait for the batch in flight, before its partition changes: its checkpoint is of then.

        Raises what kept it from being acknowledged.
        """
        in_flight = self._in_flight.get(partition)
        if in_flight is not None:
            await asyncio.wait([in_flight])
            in_flight.result()
            del self._in_flight[partition]

    def _archive_closed(self, keeper: CaseKeeper) -> None:
        state = keeper.state
        state.archive_closed(ARCHIVED_AT_ONCE)
        _CASES.labels(state.partition).set(len(state))
        _ARCHIVED.labels(state.partition).set(state.archived)

    # Time

    async def _ticks(self, ends: EndOffsetReader) -> None:
        while not self._stop.is_set():
            self.clock.beat()
            at_rest = await self._tick(ends)
            _AT_REST.set(at_rest)
            if at_rest and self.config.until_idle:
                return
            self._caught_up.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._caught_up.wait(), TICK_S)

    async def _tick(self, ends: EndOffsetReader) -> bool:
        """Sweep every partition that has caught up; say whether there is nothing left to do.

        Under steady traffic a partition is never at the end that is asked for now, but soon at
        the one that was asked for before: it is swept as of that moment.
        """
        now = self.clock.now()
        keepers = dict(self.keepers)
        found = (await ends.ask(TP(CASE_EVENTS.name, number) for number in keepers)).offsets
        at_rest = bool(keepers)
        for number, keeper in keepers.items():
            if self.keepers.get(number) is not keeper:
                # Given away meanwhile, and perhaps come back: the answer is about another's time.
                at_rest = False
                continue
            newest = found[TP(CASE_EVENTS.name, number)]
            behind = self._behind(keeper, newest)
            _BEHIND.labels(number).set(behind)
            end, as_of = self._asked.get(number, (newest, now))
            if behind:
                at_rest = False
            else:
                end, as_of = newest, now
            if self._behind(keeper, end):
                self._asked[number] = (end, as_of)
                self._watch_lag(number)
                continue
            self._asked[number] = (newest, now)
            self._at_end_s[number] = time.monotonic()
            self._behind_since_s.pop(number, None)
            if self.clock.may_fire:
                self._close_silent_loads(keeper)
                at_rest &= await self._sweep(keeper, as_of)
                if (probe := keeper.take_probe()) is not None:
                    self.clock.answer(probe)
        return await self._publish_counts(at_rest) and at_rest

    def _is_live(self) -> bool:
        """Say whether no load is open and every partition was at its end a moment ago."""
        recently_s = time.monotonic() - COUNTS_EVERY_S_BEHIND
        return all(
            not len(keeper.state.loads) and self._at_end_s.get(number, 0.0) > recently_s
            for number, keeper in self.keepers.items()
        )

    def _behind(self, keeper: CaseKeeper, end: int) -> int:
        return max(0, end - keeper.state.next_offset)

    def _watch_lag(self, number: int) -> None:
        since = self._behind_since_s.setdefault(number, time.monotonic())
        if time.monotonic() - since > BEHIND_ALARM_S:
            _log.error(
                "partition %d has been behind for over %d s: nothing of it fires",
                number, BEHIND_ALARM_S,
            )  # fmt: skip
            self._behind_since_s[number] = time.monotonic()

    def _close_silent_loads(self, keeper: CaseKeeper) -> None:
        before_s = time.monotonic() - self.config.load_timeout_s
        for load in keeper.state.loads.silent_since(before_s):
            number = keeper.state.partition
            _log.error("load %s fell silent on partition %d and was closed", load, number)
            keeper.close_load(load, self.clock.now())

    async def _sweep(self, keeper: CaseKeeper, now: int) -> bool:
        """Judge what time has changed in one partition, in slices that let batches in between."""
        while True:
            async with self._writing:
                await self._land(keeper.state.partition)
                if self.keepers.get(keeper.state.partition) is not keeper:
                    return False
                effects = keeper.sweep(now, SWEEP_CASES)
                if effects.states:
                    await self.outlet.write(effects, keeper.state, self.clock.now())
                    self.outlet.checkpoint(keeper.state)
                self._archive_closed(keeper)
                if not keeper.has_work(now):
                    return not len(keeper.state.loads)
            await asyncio.sleep(0)

    async def _publish_counts(self, at_rest: bool) -> bool:
        """Publish the counts that changed, now and then; say whether all are published."""
        every_s = COUNTS_EVERY_S if at_rest or self._is_live() else COUNTS_EVERY_S_BEHIND
        if time.monotonic() - self._counted_s >= every_s:
            for number in list(self.keepers):
                await self._publish_counts_of(number)
            self._counted_s = time.monotonic()
        return not any(keeper.state.counts.changed for keeper in self.keepers.values())

    async def _publish_counts_of(self, number: int) -> None:
        """Publish the changed counts of one partition, in slices that let batches in between."""
        first = self.keepers.get(number)
        for _ in range(0, len(first.state.counts.changed) if first else 0, COUNTS_AT_ONCE):
            async with self._writing:
                keeper = self.keepers.get(number)
                if keeper is None:
                    return
                counts = keeper.state.counts.take_changed(COUNTS_AT_ONCE)
                await self.outlet.publish_counts(keeper.state, counts)
            await asyncio.sleep(0)
