"""The Faust app whose batch topics are delivered in batches: where the parts are put together."""

from __future__ import annotations

from typing import Any

import faust
from faust.transport.drivers import TRANSPORTS

from .consumer import BatchTransport
from .partition_hooks import PartitionHook, PartitionHooks
from .settings import SCHEME, batch_app_settings

TRANSPORTS.aliases[SCHEME] = f"{BatchTransport.__module__}:{BatchTransport.__qualname__}"


class BatchApp(faust.App):
    """A Faust app that knows its batch topics and the hooks of their partitions."""

    def __init__(self, id: str, **options: Any) -> None:
        #: Names of the topics delivered in batches; filled by ``batch_topic``.
        self.batch_topics: set[str] = set()
        super().__init__(id, **options)
        self.partition_hooks = PartitionHooks(self)

    def _on_rebalance_when_stopped(self) -> None:
        """Nothing: the consumer is about to leave the group.

        Faust 0.15.3 closes the parts of aiokafka from a loop that is not theirs, after which the
        thread neither leaves the group nor ends.
        """

    def on_batches_assigned(self, hook: PartitionHook) -> PartitionHook:
        """Await ``hook(partitions)`` before batches of newly assigned partitions are fetched.

        ``partitions`` are all batch partitions of this worker now, also those it had before. The
        hook is cancelled when they are revoked while it runs; ``hook`` may be a decorated function.
        """
        self.partition_hooks.on_assigned.append(hook)
        return hook

    def on_batches_revoked(self, hook: PartitionHook) -> PartitionHook:
        """Await ``hook(partitions)`` after their last batch was completed and committed.

        Called at every rebalance with all partitions of the worker, and at the end of the app.
        """
        self.partition_hooks.on_revoked.append(hook)
        return hook


def batch_app(app_id: str, **settings: Any) -> BatchApp:
    """The app (and consumer group) ``app_id``; ``settings`` as for ``batch_app_settings``."""
    return BatchApp(app_id, **batch_app_settings(**settings))
