"""The household worker: from signals and cases to leads, lives and risk, by household.

Path of a signal: a batch of ``jushou.signals.v1`` comes from the transport, the keeper of its
partition folds it into its household (``streams.agents.household_keeper``), the outlet has leads
and states acknowledged (``streams.agents.household_outlet``), and only then is the next batch asked
for, which lets the offsets be committed. Leads are case events: the case worker keeps their clocks.

Path of a case: its states (``jushou.case-states.v1``) are keyed again by household by the first
stage onto ``jushou.household-events.v1``, which the second stage reads like signals. The three
topics have the same number of partitions, so that a worker has partition n of all of them.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from faust.types import TP
from prometheus_client import Gauge

from schemas.errors import Misconfigured
from schemas.monitoring.model import Monitoring
from schemas.topics import CASE_STATES, HOUSEHOLD_EVENTS, SIGNALS
from streams.agents.household_keeper import HouseholdEffects, HouseholdKeeper
from streams.agents.household_outlet import HouseholdOutlet
from streams.agents.household_rekey import Rekeyer
from streams.agents.household_restore import RestoredHouseholds, restore_households
from streams.transport import (
    BatchApp,
    BatchConsumer,
    EndOffsetReader,
    RecordBatch,
    batch_app,
    batch_topic,
    serve,
)

_log = logging.getLogger(__name__)
TICK_S = 0.5
# What the second stage reads; the first one is behind a position that the group commits.
FACTS = (SIGNALS.name, HOUSEHOLD_EVENTS.name)
_HOUSEHOLDS = Gauge("jushou_partition_households", "households held", ["partition"])
_BEHIND = Gauge(
    "jushou_household_behind_records", "records not yet applied", ["topic", "partition"]
)
_AT_REST = Gauge("jushou_households_at_rest", "1 when all that was sent is applied")
_GC_THRESHOLDS = (200_000, 50, 1_000)


@dataclass(frozen=True, slots=True)
class HouseholdWorkerConfig:
    """Where the worker reads and how. ``rebuild``: forget the states and read all again."""

    bootstrap: str
    group: str
    folder: Path
    instance: str | None = None
    partitions: int = 4
    load_timeout_s: float = 600.0
    session_timeout_s: float = 15.0
    until_idle: bool = False
    rebuild: bool = False
    max_batch_records: int = 10_000


class HouseholdWorker:
    """One worker process. ``run`` returns when it is told to stop, or, ``until_idle``, at rest."""

    def __init__(self, config: HouseholdWorkerConfig, monitoring: Monitoring) -> None:
        self.config = config
        self.monitoring = monitoring
        self.keepers: dict[int, HouseholdKeeper] = {}
        self.outlet = HouseholdOutlet(config.bootstrap, config.partitions)
        self._rekeyer = Rekeyer()
        self._rekeyed: dict[int, int] = {}
        self._rebuilt: set[int] = set()
        # Several agents write: one at a time, so that a flush is answerable for one batch.
        self._writing = asyncio.Lock()
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

        @app.agent(batch_topic(app, CASE_STATES.name), name="rekey-agent", concurrency=1)
        async def rekey_agent(batches: object) -> None:
            async for batch in batches:  # type: ignore[attr-defined]
                await self.rekey(batch)

        @app.agent(batch_topic(app, SIGNALS.name), name="signal-agent", concurrency=1)
        async def signal_agent(batches: object) -> None:
            async for batch in batches:  # type: ignore[attr-defined]
                await self.keep(batch)

        @app.agent(batch_topic(app, HOUSEHOLD_EVENTS.name), name="household-agent", concurrency=1)
        async def household_agent(batches: object) -> None:
            async for batch in batches:  # type: ignore[attr-defined]
                await self.keep(batch)

        return app

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Serve until ``stop`` is set; raises what failed, with nothing of it committed."""
        self._stop = stop or self._stop
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
            if isinstance(result, Exception):
                raise result
            await self.outlet.flush()

    # Partitions

    async def _assigned(self, partitions: frozenset[TP]) -> None:
        numbers = sorted({tp.partition for tp in partitions})
        _refuse_halves(partitions, numbers)
        for number in self.keepers.keys() - set(numbers):
            del self.keepers[number]
        new = [number for number in numbers if number not in self.keepers]
        read_back = await asyncio.to_thread(restore_households, self.config.bootstrap, new)
        for found in read_back.values():
            self.keepers[found.partition] = await self._keeper(found)
        self._rekeyer.forget()
        positions = {
            TP(topic, number): self.keepers[number].positions.get(topic, 0)
            for number in numbers
            for topic in FACTS
        }
        positions |= {
            TP(CASE_STATES.name, number): 0
            for number in numbers
            if number in self._rebuilt and number in new
        }
        # The checkpoint, not the group's commit, says where to go on (``streams.worker``).
        thread = cast(BatchConsumer, self.app.consumer)._thread
        if positions:
            await thread.commit(positions)
            await thread.seek_wait(positions)
        # Where the first stage goes on is what it has sent; no batch says so until there is more.
        for number in numbers:
            self._rekeyed[number] = await thread.position(TP(CASE_STATES.name, number)) or 0

    async def _keeper(self, found: RestoredHouseholds) -> HouseholdKeeper:
        number, checkpoint = found.partition, found.checkpoint
        generation = checkpoint.generation if checkpoint else 0
        asked = self.config.rebuild and number not in self._rebuilt
        keeper = HouseholdKeeper(self.monitoring, number, self.config.partitions, generation)
        if found.is_whole and checkpoint is not None and not asked:
            keeper.positions = dict(checkpoint.positions)
            effects = keeper.restore(found.states.items(), time.monotonic())
            await self._write(effects, keeper)
        else:
            # The cases' states are read again too: what they said may be lost as well.
            self._rebuilt.add(number)
            keeper.generation += 1
        _log.info("partition %d: %d households, generation %d, from %s",
                  number, len(keeper), keeper.generation, keeper.positions)  # fmt: skip
        return keeper

    async def _revoked(self, partitions: frozenset[TP]) -> None:
        async with self._writing:
            self.keepers.clear()
            self._rekeyed.clear()

    # Records

    async def rekey(self, batch: RecordBatch) -> None:
        """Key the states of one batch again by household, and have that acknowledged."""
        async with self._writing:
            if len(batch):
                await self.outlet.rekey(self._rekeyer.events(batch.records))
            self._rekeyed[batch.partition] = batch.next_offset

    async def keep(self, batch: RecordBatch) -> None:
        """Apply one batch and have its effects acknowledged."""
        async with self._writing:
            keeper = self.keepers.get(batch.partition)
            if keeper is None:
                return
            if batch.topic == SIGNALS.name:
                effects = keeper.apply_signals(batch.records, time.monotonic())
            else:
                effects = keeper.apply_events(batch.records)
            keeper.positions[batch.topic] = batch.next_offset
            await self._write(effects, keeper)
            if len(batch):
                self.outlet.checkpoint(keeper)

    async def _write(self, effects: HouseholdEffects, keeper: HouseholdKeeper) -> None:
        if effects:
            await self.outlet.write(effects, keeper)
        _HOUSEHOLDS.labels(keeper.partition).set(len(keeper))

    # Time

    async def _ticks(self, ends: EndOffsetReader) -> None:
        while not self._stop.is_set():
            at_rest = await self._is_at_rest(ends)
            _AT_REST.set(at_rest)
            if at_rest and self.config.until_idle:
                return
            await self._close_silent_loads()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), TICK_S)

    async def _is_at_rest(self, ends: EndOffsetReader) -> bool:
        """Say whether all that was sent so far is applied.

        Asked again for the second stage after the first is at its end: what it sent is there too.
        """
        numbers = list(self.keepers)
        first = await self._behind(ends, (CASE_STATES.name,), numbers)
        second = await self._behind(ends, FACTS, numbers)
        held = any(len(keeper.loads) for keeper in self.keepers.values())
        return bool(numbers) and not first and not second and not held

    async def _behind(
        self, ends: EndOffsetReader, topics: tuple[str, ...], numbers: list[int]
    ) -> int:
        asked = [TP(topic, number) for topic in topics for number in numbers]
        if not asked:
            return 0
        found = (await ends.ask(asked)).offsets
        total = 0
        for tp in asked:
            behind = max(0, found[tp] - self._position(tp))
            _BEHIND.labels(tp.topic, tp.partition).set(behind)
            total += behind
        return total

    def _position(self, tp: TP) -> int:
        if tp.topic == CASE_STATES.name:
            return self._rekeyed.get(tp.partition, 0)
        keeper = self.keepers.get(tp.partition)
        return keeper.positions.get(tp.topic, 0) if keeper is not None else 0

    async def _close_silent_loads(self) -> None:
        before_s = time.monotonic() - self.config.load_timeout_s
        for number, keeper in list(self.keepers.items()):
            if not keeper.loads.silent_since(before_s):
                continue
            async with self._writing:
                _log.error(
                    "loads fell silent on partition %d of the signals and were closed", number
                )
                await self._write(keeper.close_silent_loads(before_s), keeper)


def _refuse_halves(partitions: frozenset[TP], numbers: list[int]) -> None:
    """Two workers with one half of a partition each would keep two half-households."""
    topics = (CASE_STATES.name, *FACTS)
    missing = [
        f"{topic} partition {number}"
        for number in numbers
        for topic in topics
        if TP(topic, number) not in partitions
    ]
    if missing:
        raise Misconfigured(
            f"assigned without its counterparts: {', '.join(missing)}; {', '.join(topics)} must "
            "have the same number of partitions (`jushou topics --check`)"
        )
