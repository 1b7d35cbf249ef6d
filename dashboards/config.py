"""What the page is told at its start; the command line fills it from the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PageConfig:
    """Where ClickHouse is and how the page behaves.

    ``as_of_ms`` freezes now at an instant (milliseconds since 1970 UTC), for audits and tests.
    ``simulated`` says on every view that the numbers are simulated. After ``stale_after_s``
    without a newly written row the page warns that its numbers are old: 15 minutes, since at
    night the province has quarters of an hour without a case. ``poll_s`` is the pause between two
    looks for changes, one second so that a change is seen within two.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    database: str = "jushou"
    user: str = "default"
    password: str = ""
    simulated: bool = False
    as_of_ms: int | None = None
    stale_after_s: float = 900.0
    poll_s: float = 1.0
