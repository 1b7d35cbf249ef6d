"""Tells the app which batch partitions it gets and loses, at the moments when state can follow.

Order, for one rebalance: batches in hand are completed and committed; the revoked hooks run; the
group agrees on an assignment; Faust's tables are restored; the assigned hooks run; positions are
set; fetching goes on. A hook that raises stops the worker.

Signals of Faust 0.15.3 that are relied on: ``App.on_partitions_revoked`` (sent after
``Consumer.wait_empty`` and the flush of the producer, ``app/base.py``);
``App.on_rebalance_complete`` (awaited before partitions resume, ``tables/recovery.py``;
``App.on_partitions_assigned`` would not do: the recovery runs beside it);
``App.on_before_shutdown`` (sent after batches in hand were completed).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from faust.types import TP

if TYPE_CHECKING:
    from .app import BatchApp
    from .consumer import BatchConsumer

PartitionHook: TypeAlias = Callable[[frozenset[TP]], Awaitable[None]]


class PartitionHooks:
    """Calls the hooks of one app. Each call of assigned hooks is followed by one of revoked."""

    def __init__(self, app: BatchApp) -> None:
        self.app = app
        self.on_assigned: list[PartitionHook] = []
        self.on_revoked: list[PartitionHook] = []
        #: The batch partitions that hooks were told of; empty between revocation and restore.
        self.assigned: frozenset[TP] = frozenset()
        self._restore: asyncio.Future[None] | None = None
        app.on_rebalance_complete.connect(self._after_recovery)
        app.on_partitions_revoked.connect(self._after_last_commit)
        app.on_before_shutdown.connect(self._after_last_commit)

    async def abandon_restore(self) -> None:
        """Cancel assigned hooks that still run, and wait for their end."""
        restore, self._restore = self._restore, None
        if restore is not None:
            restore.cancel()
            await asyncio.wait([restore])

    async def _after_recovery(self, *_: Any, **__: Any) -> None:
        consumer = cast("BatchConsumer", self.app.consumer)
        self.assigned = frozenset(tp for tp in consumer.assignment() if self._concerns(tp))
        restore = self._restore = asyncio.ensure_future(_call(self.on_assigned, self.assigned))
        try:
            await restore
        except asyncio.CancelledError:
            if self._restore is restore:
                raise  # Faust's recovery itself was cancelled
            # Returning now would let Faust resume in the middle of the rebalance.
            await consumer.reassigned.wait()
            return
        self._restore = None
        consumer.restored = True

    async def _after_last_commit(self, *_: Any, **__: Any) -> None:
        revoked, self.assigned = self.assigned, frozenset()
        if revoked:
            await _call(self.on_revoked, revoked)

    def _concerns(self, tp: TP) -> bool:
        return tp.topic in self.app.batch_topics


async def _call(hooks: list[PartitionHook], partitions: frozenset[TP]) -> None:
    if partitions:
        for hook in hooks:
            await hook(partitions)
