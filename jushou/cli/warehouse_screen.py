"""What ``jushou warehouse verify`` prints: differences as JSON lines, the rest to stderr."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from jushou.cli.warehouse_verify import Verified
    from sinks.clickhouse.server import Server


def print_differences(server: Server, as_of: str | None, at_most: int) -> bool:
    """Compare, print, and say whether there is a difference.

    Raises ``Unavailable`` when Kafka or ClickHouse does not answer, ``Misconfigured`` for an
    ``as_of`` that is no instant.
    """
    from jushou.cli.warehouse_verify import Verification
    from jushou.settings import Settings
    from schemas.catalogue.load import load_catalogue
    from schemas.instants import from_datetime
    from streams.core.replay import default_engine

    settings = Settings()
    instant = from_datetime(dt.datetime.now(dt.UTC)) if as_of is None else _instant(as_of)
    _warn_of_lag(settings.bootstrap, settings.worker_group, settings.sink_group)
    departments = load_catalogue().item_departments
    verification = Verification(settings.bootstrap, server, default_engine(), departments, instant)
    for number, each in enumerate(verification.differences()):
        if number < at_most:
            typer.echo(json.dumps(each._asdict(), ensure_ascii=False, default=str))
    _sum_up(verification.found, at_most)
    return verification.found.differences > 0


def _instant(text: str) -> int:
    from schemas.errors import Misconfigured
    from schemas.instants import parse_instant

    try:
        return parse_instant(text)
    except ValueError:
        raise Misconfigured(
            f"--as-of {text!r} is no instant; write 2026-06-01T00:00:00+08:00"
        ) from None


def _warn_of_lag(bootstrap: str, worker_group: str, sink_group: str) -> None:
    from jushou.runtime.progress import lag
    from schemas.topics import CASE_EVENTS
    from sinks.clickhouse.blocks import READ_TOPICS

    topics = [topic.name for topic in READ_TOPICS]
    for who, behind in (
        ("worker", lag(bootstrap, worker_group, [CASE_EVENTS.name])),
        ("sink", lag(bootstrap, sink_group, topics)),
    ):
        if behind:
            typer.echo(
                f"the {who} has {behind:,} records to do: differences may be these", err=True
            )


def _sum_up(found: Verified, at_most: int) -> None:
    compared = ", ".join(f"{rows:,} of {table}" for table, rows in found.rows.items())
    lines: list[Any] = [f"compared {compared}; {found.differences:,} differences"]
    if found.differences > at_most:
        lines.append(f"only the first {at_most:,} are printed")
    if found.bad:
        lines.append(f"{found.bad:,} records of the log are no case events")
    if found.left_out:
        lines.append(
            f"{found.left_out:,} cases got events meanwhile: left out, and the counts with them"
        )
    for line in lines:
        typer.echo(line, err=True)
