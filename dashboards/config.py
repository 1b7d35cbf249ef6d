"""What the page is told at its start; the command line fills it from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PageConfig:
    """Where ClickHouse is and how the page behaves.

    ``as_of_ms`` freezes now at an instant (milliseconds since 1970 UTC), for audits and tests.
    ``simulated`` says on every view that the numbers are simulated. After ``stale_after_s``
    without a newly written row the page warns that its numbers are old: 15 minutes, since at
    night the province has quarters of an hour without a case. ``poll_s`` lies between two
    looks for changes: a quarter of a second, since worker and sink may take one each of the two
    within which an event is to be seen. Only what was written since is asked again.

    ``access_folder`` holds accounts, sessions and the audit log; without one they are in memory.
    ``is_open``: whoever opens the page sees the province without signing in; for demos on this
    machine only (``dashboards.access.gate.may_be_open``). ``listen_host`` decides whether cookies
    are held to TLS. A session ends ``idle_s`` after its last use (0: never for want of use) and
    ``session_s`` after it began. ``metrics_token`` is what others than this machine must bring to
    read the metrics; without one they cannot. ``geojson`` is drawn instead of the tiles of the
    map (``dashboards.geometry``).
    """

    host: str = "127.0.0.1"
    port: int = 9000
    database: str = "jushou"
    user: str = "default"
    password: str = ""
    simulated: bool = False
    as_of_ms: int | None = None
    stale_after_s: float = 900.0
    poll_s: float = 0.25
    access_folder: Path | None = None
    is_open: bool = False
    listen_host: str = "127.0.0.1"
    idle_s: float = 3_600.0
    session_s: float = 43_200.0
    metrics_token: str = ""
    geojson: Path | None = None
