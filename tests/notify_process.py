"""A notifier as a process of its own, with topics of a test: ``python -m tests.notify_process``.

Its settings come as JSON on the command line, so that a test can kill it and start it again.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from jushou.logs import set_up_logs
from jushou.stopping import stop_on_signals
from schemas.routing.load import load_routing
from sinks.notify.document import Links
from sinks.notify.feed import Topics
from sinks.notify.notifier import Notifier, NotifierConfig


async def main() -> None:
    given = json.loads(sys.argv[1])
    set_up_logs("notify")
    stop = stop_on_signals(asyncio.get_running_loop())
    config = NotifierConfig(
        bootstrap=given["bootstrap"],
        group=given["group"],
        folder=Path(given["folder"]),
        links=Links("https://page.example"),
        topics=Topics(**given["topics"]),
    )
    await Notifier(config, load_routing(Path(given["routing"])), os.environ).run(stop)


if __name__ == "__main__":
    asyncio.run(main())
