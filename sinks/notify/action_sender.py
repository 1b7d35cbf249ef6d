"""Actions of people into Kafka, acknowledged by the broker before anybody is told it is done.

The one way in for the command line, the signed links and the page, so that all are checked alike.
"""

from __future__ import annotations

import time
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.action import Action, encode_action
from schemas.action_rules import ActionRules, check_action
from schemas.errors import Unavailable
from schemas.topics import ACTIONS

_TIMEOUT_S = 10.0
_POLL_S = 0.05


class ActionSender:
    """Sends actions; blocking, and safe for several threads at once.

    A server makes one and keeps it; ``rules`` are ``action_rules(load_routing(folder))``. No
    broker is asked for until the first ``send``.
    """

    def __init__(self, bootstrap: str, rules: ActionRules, topic: str = ACTIONS.name) -> None:
        self._bootstrap = bootstrap
        self._rules = rules
        self._topic = topic
        self._producer = Producer({
            "bootstrap.servers": bootstrap, "partitioner": "murmur2_random",
            "enable.idempotence": True, "message.timeout.ms": int(_TIMEOUT_S * 1000),
            "log_level": 0,
        })  # fmt: skip

    def send(self, action: Action) -> None:
        """Return when the broker has the action, within about 10 s.

        Raises ``NotAllowed`` where its side may not do that at its level (403), ``InvalidRecord``
        where a field is wrong or holds personal data (422), ``Unavailable`` when the broker does
        not take it (503); sending the same action again has no further effect. ``side`` must
        come from who is logged in, never from what they send.
        """
        check_action(self._rules, action)
        raw, answers = encode_action(action), list[KafkaError | None]()
        try:
            self._producer.produce(
                self._topic, raw, action.case_id.encode(),
                on_delivery=lambda fault, _: answers.append(fault),
            )  # fmt: skip
        except (KafkaException, BufferError):
            raise Unavailable(f"Kafka at {self._bootstrap} takes nothing; do it again") from None
        deadline_s = time.monotonic() + _TIMEOUT_S + 5
        while not answers and time.monotonic() < deadline_s:
            self._producer.poll(_POLL_S)
        if not answers or answers[0] is not None:
            why = answers[0].str() if answers and answers[0] else "no answer"
            raise Unavailable(
                f"Kafka at {self._bootstrap} did not take the action: {why}; do it again"
            )

    def close(self) -> None:
        """Let go of the broker; nothing is left to send."""
        self._producer.flush(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
