"""Prometheus metrics of the notifier; labels are enumerated, never a case or a person."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from schemas.instants import SECOND_MS, parse_instant
from sinks.notify.document import Letter, MessageKind

TAKEN = Counter(
    "jushou_notify_revisions_total", "revisions of escalations by what became of them", ["decision"]
)
ATTEMPTS = Counter(
    "jushou_notify_attempts_total", "attempts to send a message", ["endpoint", "outcome", "why"]
)
EXHAUSTED = Counter(
    "jushou_notify_undelivered_total",
    "messages given up; any is an alarm: the next level was told instead",
    ["endpoint", "why"],
)
ACTIONS = Counter("jushou_notify_actions_total", "actions of people by effect", ["type", "effect"])
BAD_RECORDS = Counter("jushou_notify_bad_records_total", "records set aside", ["topic", "reason"])
WAITING = Gauge("jushou_notify_waiting", "messages that are not delivered yet", ["endpoint"])
OLDEST = Gauge(
    "jushou_notify_oldest_waiting_seconds", "age of the oldest such message", ["endpoint"]
)
DELAY = Histogram(
    "jushou_notify_delay_seconds",
    "from the publication of an escalation to its delivery, single messages",
    ["endpoint"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60, 300, 1800),
)
WATCHDOG_AGE = Gauge(
    "jushou_notify_watchdog_age_seconds",
    "age of the newest probe that came back through the stream, of the partition that lags most",
)


def took(endpoint: str, letter: Letter, now_ms: int) -> None:
    """Note how long a single message took from its publication."""
    if letter.kind is MessageKind.SINGLE and not letter.reminder:
        published_ms = parse_instant(letter.escalations[0].published_at)
        DELAY.labels(endpoint).observe(max(now_ms - published_ms, 0) / SECOND_MS)
