"""Quix Streams: a stateful function over a RocksDB store with its changelog.

Runs in an environment of its own and imports nothing of the project. Arguments: bootstrap
servers, consumer group, topic, folder of the state.
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]


def count(event: dict[str, Any], state: Any) -> None:
    """Count one event into the state of its case (the key of the record)."""
    known = state.get("case") or {"count": 0, "first_at": event["occurred_at"]}
    state.set(
        "case",
        {
            "count": known["count"] + 1,
            "last_type": event["type"],
            "first_at": known["first_at"],
            "last_at": event["occurred_at"],
        },
    )


def main(bootstrap: str, group: str, topic: str, folder: str) -> None:
    """Run until stopped; all settings are Quix's own but the commit interval of the others."""
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        commit_interval=1.0,
        state_dir=folder,
        loglevel="WARNING",
    )
    events = app.dataframe(app.topic(topic, value_deserializer="json", key_deserializer="bytes"))
    events.update(count, stateful=True)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:5])
