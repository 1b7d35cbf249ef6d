"""Topics on the broker as ``schemas.topics`` declares them: created, listed and compared.

Runs before anything else of the path of an event; no other code creates a topic.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from jushou.settings import Settings
from schemas.errors import Misconfigured, Unavailable
from schemas.topics import (
    CASE_STATES,
    DEAD_LETTERS,
    DELIVERIES,
    HEARTBEATS,
    HOUSEHOLD_STATES,
    TOPICS,
    Cleanup,
    Topic,
)

_TIMEOUT_S = 30.0
# Little traffic and no order between keys: one partition is enough, and easiest to read.
_SINGLE = frozenset({DELIVERIES.name, DEAD_LETTERS.name, HEARTBEATS.name})
# A state carries all events of its case: a thousand of them are about 200 KB. Kafka's own limit
# is 1 MB, and a state over it would stop its worker.
_STATE_MAX_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Existing:
    """A topic as the broker has it."""

    name: str
    partitions: int
    replication: int
    cleanup: str
    retention_ms: int


def partitions_of(topic: Topic, settings: Settings) -> int:
    """Return how many partitions a topic has in this installation.

    Topics keyed by household have as many as the case topics, so that they are co-partitioned
    with each other.
    """
    return 1 if topic.name in _SINGLE else settings.partitions


def configuration_of(topic: Topic) -> dict[str, str]:
    """Return the broker's settings of a topic."""
    settings = {
        "cleanup.policy": topic.cleanup.value,
        "retention.ms": str(topic.retention_ms),
        # History is kept for ever: compressed, whatever a department's client sends.
        "compression.type": "lz4",
        # The broker's clock, which bounds the worker's; what a producer says is not trusted.
        "message.timestamp.type": "LogAppendTime",
    }
    if topic.cleanup is Cleanup.COMPACT:
        # The open segment is never compacted, and a restore reads all that is not: ten minutes
        # at most, and at most a fifth of the log dirty (Kafka's own: a week, and half).
        settings |= {
            "segment.ms": "600000",
            "segment.bytes": "67108864",
            "min.cleanable.dirty.ratio": "0.2",
        }
    if topic in (CASE_STATES, HOUSEHOLD_STATES):
        settings["max.message.bytes"] = str(_STATE_MAX_BYTES)
    return settings


def create_topics(bootstrap: str, settings: Settings) -> list[str]:
    """Create the declared topics that are missing, and return their names.

    Can be run again, and by several at once. Raises ``Misconfigured`` with every existing topic
    that differs in partitions or cleanup, before it creates anything, and ``Unavailable`` when
    the broker does not answer.
    """
    admin = _admin(bootstrap)
    existing = existing_topics(bootstrap)
    faults = differences(existing, settings)
    if faults:
        raise Misconfigured(faults)
    missing = [topic for topic in TOPICS if topic.name not in existing]
    if not missing:
        return []
    wanted = [
        NewTopic(
            topic.name,
            num_partitions=partitions_of(topic, settings),
            replication_factor=settings.replication,
            config=configuration_of(topic),
        )
        for topic in missing
    ]
    created = [
        name for name, answer in admin.create_topics(wanted).items() if _created(name, answer)
    ]
    _wait_until_known(admin, {topic.name for topic in missing})
    return created


def _wait_until_known(admin: AdminClient, names: set[str]) -> None:
    """The controller answers before the brokers know: who produces at once would be refused."""
    deadline_s = time.monotonic() + _TIMEOUT_S
    while names - set(admin.list_topics(timeout=_TIMEOUT_S).topics):
        if time.monotonic() > deadline_s:
            raise Unavailable(f"created topics are not known to the broker after {_TIMEOUT_S} s")
        time.sleep(0.05)


def existing_topics(bootstrap: str) -> dict[str, Existing]:
    """Return those of the declared topics that the broker has, by name."""
    admin = _admin(bootstrap)
    try:
        listed = admin.list_topics(timeout=_TIMEOUT_S).topics
        declared = [topic.name for topic in TOPICS if topic.name in listed]
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in declared]
        answers = admin.describe_configs(resources) if resources else {}
        configs = {found.name: answer.result(_TIMEOUT_S) for found, answer in answers.items()}
    except KafkaException as fault:
        raise _unavailable(bootstrap, fault) from None
    return {
        name: Existing(
            name,
            len(listed[name].partitions),
            len(listed[name].partitions[0].replicas),
            configs[name]["cleanup.policy"].value,
            int(configs[name]["retention.ms"].value),
        )
        for name in declared
    }


def differences(existing: dict[str, Existing], settings: Settings) -> list[str]:
    """Return, in words, how existing topics differ from the table in partitions or cleanup."""
    faults = []
    for topic in TOPICS:
        found = existing.get(topic.name)
        if found is None:
            continue
        wanted = partitions_of(topic, settings)
        if found.partitions != wanted:
            faults.append(
                f"topic {topic.name} has {found.partitions} partitions, not {wanted}: set "
                f"JUSHOU_PARTITIONS to what it has; more partitions need a new topic and a rebuild"
            )
        if found.cleanup != topic.cleanup.value:
            faults.append(
                f"topic {topic.name} has cleanup.policy={found.cleanup}, not "
                f"{topic.cleanup.value}: alter it with kafka-configs.sh"
            )
    return faults


def _admin(bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 10_000})


def _created(name: str, answer: object) -> bool:
    """Say whether the topic is new; another may have created it meanwhile."""
    try:
        answer.result(_TIMEOUT_S)  # type: ignore[attr-defined]
    except KafkaException as fault:
        error = fault.args[0]
        if error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        if error.code() in (KafkaError.INVALID_REPLICATION_FACTOR, KafkaError.INVALID_CONFIG):
            raise Misconfigured(f"topic {name}: {error.str()}") from None
        raise Unavailable(f"topic {name} could not be created: {error.str()}") from None
    return True


def _unavailable(bootstrap: str, fault: KafkaException) -> Unavailable:
    return Unavailable(f"Kafka at {bootstrap} does not answer: {fault.args[0].str()}")
