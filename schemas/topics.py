"""Every topic in one table: name, key, partitions, retention and record.

``jushou topics`` creates them from here; producers, the worker and the sinks name them only
through here. ``partitions`` of the topics that are co-partitioned with the case events is a
setting of the installation (``JUSHOU_PARTITIONS``): adding partitions moves keys, so it means a
new topic and a rebuild.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_DAY_MS = 86_400_000
FOREVER_MS = -1


class Cleanup(StrEnum):
    """How the broker frees space: by age, or by keeping the newest record of each key."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the table. ``case_partitioned``: partition n belongs to case-events' n."""

    name: str
    key: str
    record: str
    cleanup: Cleanup
    retention_ms: int
    case_partitioned: bool
    purpose: str


CASE_EVENTS = Topic(
    "jushou.case-events.v1", "case_id", "CaseEvent", Cleanup.DELETE, FOREVER_MS, True,
    "what happened to a case, from the departments; the truth that all else is rebuilt from",
)  # fmt: skip
SIGNALS = Topic(
    "jushou.signals.v1", "household", "Signal", Cleanup.DELETE, FOREVER_MS, False,
    "screenings and inspections that found a household; with the case events the other truth",
)  # fmt: skip
ESCALATIONS = Topic(
    "jushou.escalations.v1", "case_id", "Escalation", Cleanup.DELETE, FOREVER_MS, True,
    "revisions of escalations, fired and withdrawn; kept, since a rebuild reads them back",
)  # fmt: skip
CASE_STATES = Topic(
    "jushou.case-states.v1", "case_id", "CaseState", Cleanup.COMPACT, FOREVER_MS, True,
    "state of each case after its last event or timer; the worker restores from it",
)  # fmt: skip
AGGREGATES = Topic(
    "jushou.aggregates.v1", "aggregate key", "Aggregate", Cleanup.COMPACT, FOREVER_MS, True,
    "absolute counts per partition and group, for the page",
)  # fmt: skip
ACTIONS = Topic(
    "jushou.actions.v1", "case_id", "Action", Cleanup.DELETE, FOREVER_MS, True,
    "what people did about escalations and supervision",
)  # fmt: skip
DELIVERIES = Topic(
    "jushou.deliveries.v1", "escalation_id", "Delivery", Cleanup.DELETE, FOREVER_MS, False,
    "what was sent to whom, and what the endpoint answered",
)  # fmt: skip
HOUSEHOLD_EVENTS = Topic(
    "jushou.household-events.v1", "household/case_id", "HouseholdEvent", Cleanup.COMPACT,
    FOREVER_MS, False,
    "what each case says of its household, on the partition of the household; newest per case",
)  # fmt: skip
HOUSEHOLD_STATES = Topic(
    "jushou.household-states.v1", "household", "HouseholdState", Cleanup.COMPACT, FOREVER_MS, False,
    "state of each household; the household worker restores from it",
)  # fmt: skip
HOUSEHOLD_CHECKPOINTS = Topic(
    "jushou.household-checkpoints.v1", "checkpoint", "HouseholdCheckpoint", Cleanup.COMPACT,
    FOREVER_MS, False,
    "how far the states of households are written; one record per partition",
)  # fmt: skip
CHECKPOINTS = Topic(
    "jushou.worker-checkpoints.v1", "checkpoint", "Checkpoint", Cleanup.COMPACT, FOREVER_MS, True,
    "how far the states of a partition are written; one record per partition",
)  # fmt: skip
HEARTBEATS = Topic(
    "jushou.heartbeats.v1", "worker", "empty", Cleanup.DELETE, _DAY_MS, False,
    "stamped by the broker (LogAppendTime), so that a worker can tell that its clock runs ahead",
)  # fmt: skip
DEAD_LETTERS = Topic(
    "jushou.dead-letters.v1", "original key", "original bytes", Cleanup.DELETE, FOREVER_MS, False,
    "records set aside, untouched, with the reason in headers",
)  # fmt: skip

TOPICS: tuple[Topic, ...] = (
    CASE_EVENTS,
    SIGNALS,
    ESCALATIONS,
    CASE_STATES,
    AGGREGATES,
    ACTIONS,
    DELIVERIES,
    HOUSEHOLD_EVENTS,
    HOUSEHOLD_STATES,
    HOUSEHOLD_CHECKPOINTS,
    CHECKPOINTS,
    HEARTBEATS,
    DEAD_LETTERS,
)
