"""Plain Faust as its guide has it: an agent, one event at a time, one table write for each.

Arguments: bootstrap servers, app id, topic, folder.
"""

from __future__ import annotations

import sys
from typing import Any

import faust


def build(bootstrap: str, group: str, topic: str, folder: str) -> faust.App:
    """Return the app; all settings are Faust's own but the commit interval of the others."""
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        datadir=folder,
        store="memory://",
        topic_partitions=4,
        topic_disable_leader=True,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        autodiscover=False,
    )
    events = app.topic(topic, key_serializer="raw", value_serializer="json")
    cases: Any = app.Table("cases", partitions=4)

    @app.agent(events, name="counter")
    async def count(stream: Any) -> None:
        async for event in stream:
            case_id = event["case_id"]
            known = cases.get(case_id) or {"count": 0, "first_at": event["occurred_at"]}
            cases[case_id] = {
                "count": known["count"] + 1,
                "last_type": event["type"],
                "first_at": known["first_at"],
                "last_at": event["occurred_at"],
            }

    return app


if __name__ == "__main__":
    faust.Worker(build(*sys.argv[1:5]), loglevel="warning").execute_from_commandline()
