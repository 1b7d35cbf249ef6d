"""The settings of Faust that matter for delivery in batches, each with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mode.supervisors import CrashingSupervisor

from .batch_stream import BatchStream

SCHEME = "kafkabatch"


def batch_app_settings(
    *,
    bootstrap: str,
    datadir: Path,
    instance_id: str | None = None,
    max_batch_records: int = 5_000,
    commit_interval_s: float = 1.0,
    session_timeout_s: float = 15.0,
    rebalance_timeout_s: float = 60.0,
    max_partition_fetch_bytes: int = 4 * 1024 * 1024,
    **others: Any,
) -> dict[str, Any]:
    """Options for ``BatchApp``; ``others`` are settings of Faust and win over those here.

    ``bootstrap`` is a list ``host:port,host:port``. ``instance_id`` names this worker among those
    of the group and must not be in use twice: a worker that comes back under its name within
    ``session_timeout_s`` gets its partitions back without a rebalance. None: any change of the
    group is a rebalance, and a worker that ends gives its partitions up at once.
    """
    return {
        "broker": [f"{SCHEME}://{address.strip()}" for address in bootstrap.split(",")],
        # Acknowledges a batch only when the agent has completed it.
        "Stream": BatchStream,
        # An agent that raises ends the worker; restarting it would skip the batch in hand.
        "agent_supervisor": CrashingSupervisor,
        # Effects are repeated after a crash and must be idempotent; Faust's exactly-once is not.
        "processing_guarantee": "at_least_once",
        # A batch in hand is completed before partitions are given up and before the app ends.
        "stream_wait_empty": True,
        # Bounds the time for which one batch keeps timers and commits waiting.
        "broker_max_poll_records": max_batch_records,
        # Per partition; at Faust's 1 MiB a fetch ends at about 3,000 records of 333 bytes.
        "consumer_max_fetch_size": max_partition_fetch_bytes,
        # The work that is done again after a crash is that of this time, in seconds.
        "broker_commit_interval": commit_interval_s,
        # A group that is new starts with all that is kept; "latest" would skip records.
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": instance_id,
        # How long a dead worker's partitions stand still.
        "broker_session_timeout": session_timeout_s,
        # A worker learns of a rebalance by its next heartbeat. They are sent from a thread, so a
        # busy agent does not delay them.
        "broker_heartbeat_interval": session_timeout_s / 15,
        # Four fifths of it are for batches in hand to end; see BatchInHandTooSlow.
        "broker_rebalance_timeout": rebalance_timeout_s,
        # Faust requires it to be at least the session timeout.
        "broker_request_timeout": max(90.0, session_timeout_s),
        # Topics belong to whoever declares them. Without the leader topic none is needed.
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        # Without tables of Faust there is nothing to keep; the folder is made all the same.
        "store": "memory://",
        "table_standby_replicas": 0,
        "datadir": datadir,
        "web_enabled": False,
        # Agents are imported by name: discovery skips a module that fails to import.
        "autodiscover": False,
        **others,
    }
