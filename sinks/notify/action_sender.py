"""Actions of people into Kafka, acknowledged by the broker before anybody is told it is done."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.action import Action, encode_action
from schemas.errors import Unavailable
from schemas.topics import ACTIONS

_TIMEOUT_S = 10.0


def send_action(bootstrap: str, action: Action, topic: str = ACTIONS.name) -> None:
    """Return when the broker has the action.

    Raises ``InvalidRecord`` if it would hold personal data, ``Unavailable`` when the broker does
    not take it; sending the same action again has no further effect.
    """
    raw = encode_action(action)
    faults: list[KafkaError] = []
    producer = Producer({
        "bootstrap.servers": bootstrap, "partitioner": "murmur2_random",
        "enable.idempotence": True, "message.timeout.ms": int(_TIMEOUT_S * 1000),
    })  # fmt: skip
    try:
        producer.produce(
            topic, raw, action.case_id.encode(),
            on_delivery=lambda fault, _: faults.append(fault) if fault else None,
        )  # fmt: skip
        left = producer.flush(_TIMEOUT_S + 5)
    except KafkaException as fault:
        raise Unavailable(f"Kafka at {bootstrap}: {fault.args[0].str()}") from None
    if left or faults:
        why = faults[0].str() if faults else "no answer"
        raise Unavailable(f"Kafka at {bootstrap} did not take the action: {why}; do it again")
