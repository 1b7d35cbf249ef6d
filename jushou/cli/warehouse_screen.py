"""What ``jushou warehouse verify`` prints: differences as JSON lines, the rest to stderr."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from jushou.cli.warehouse_difference import Verified
    from sinks.clickhouse.server import Server


def print_differences(server: Server, as_of: str | None, at_most: int) -> bool:
    """Compare, print, and say whether there is a difference.

    Raises ``Unavailable`` when Kafka or ClickHouse does not answer, ``Misconfigured`` for an
    ``as_of`` that is no instant.
    """
    from jushou.cli.warehouse_settled import Groups
    from jushou.cli.warehouse_verify import Verification
    from jushou.settings import Settings
    from schemas.catalogue.load import load_catalogue
    from streams.core.replay import default_engine

    settings = Settings()
    instant = None if as_of is None else _instant(as_of)
    groups = Groups(
        settings.worker_group, settings.household_group, settings.sink_group,
        lambda said: typer.echo(said, err=True),
    )  # fmt: skip
    verification = Verification(
        settings.bootstrap, server, default_engine(), load_catalogue().item_departments, instant,
        groups, settings.load_timeout_s,
    )  # fmt: skip
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


def _sum_up(found: Verified, at_most: int) -> None:
    compared = ", ".join(f"{rows:,} of {table}" for table, rows in found.rows.items())
    lines: list[Any] = [f"compared {compared}; {found.differences:,} differences"]
    if found.differences > at_most:
        lines.append(f"only the first {at_most:,} are printed")
    for number, what in (
        (found.bad, "records of the log are no case events"),
        (found.bad_signals, "records of the log are signals of no household"),
        (found.left_out, "cases got events meanwhile: left out, and the counts with them"),
        (found.households_left_out, "households got facts meanwhile: left out"),
        (found.rows_left_out, "rows are of records that came meanwhile: left out"),
        (found.held, "leads are held back by an open load of signals: left out"),
    ):
        if number:
            lines.append(f"{number:,} {what}")
    for line in lines:
        typer.echo(line, err=True)
