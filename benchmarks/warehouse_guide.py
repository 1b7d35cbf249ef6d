"""``python -m benchmarks.warehouse_guide``: runs what docs/analyst.md shows, writes the answers.

The page is its own template: after each line ``$ …`` of a ``console`` block and after each ``sql``
block comes what the command or the query says on the simulated history.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from benchmarks.warehouse_history import load_history, simulated
from jushou.runtime.clickhouse_server import ClickHouseServer
from producers.simulator.clusters import Struck
from schemas.instants import date_of_day
from schemas.regions.load import regions
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.readers import ANALYST, HIDDEN_FROM_ANALYSTS, TABLES_HIDDEN_FROM_ANALYSTS
from sinks.clickhouse.server import Server

GUIDE = Path(__file__).parents[1] / "docs" / "analyst.md"
CASES, DAYS, START, SEED = 20_000, 180, dt.date(2026, 1, 1), 1
_PASSWORD = "look"
# Rows of an answer that are shown; the rest is told by their number.
_SHOWN = 24
_BLOCK = re.compile(
    r"^```(console|sql|sql refused|truth)\n(.*?)^```\n(?:\n```text\n.*?^```\n)?", re.M | re.S
)


def main(
    serve: Annotated[bool, typer.Option(help="keep the warehouse until Ctrl-C")] = False,
) -> None:
    """Make the history, then write the guide anew, or serve the history to try things on."""
    province, ends_at = simulated(CASES, DAYS, START, SEED)
    with tempfile.TemporaryDirectory() as folder:
        engine = ClickHouseServer(
            Path(folder) / "clickhouse",
            readonly_users=[ANALYST],
            readonly_password=_PASSWORD,
            hidden={ANALYST: HIDDEN_FROM_ANALYSTS},
            hidden_tables={ANALYST: TABLES_HIDDEN_FROM_ANALYSTS},
        )
        with engine:
            owner = Server(engine.host, engine.port, "jushou")
            migrate(owner)
            load_history(owner, province, ends_at)
            settings = {
                "JUSHOU_CLICKHOUSE_PORT": str(engine.port),
                "JUSHOU_CLICKHOUSE_USER": ANALYST,
                "JUSHOU_CLICKHOUSE_PASSWORD": _PASSWORD,
                "JUSHOU_SIMULATED": "true",
            }
            if serve:
                _serve(settings)
                return
            place = Path(folder) / "exports"
            place.mkdir()
            answers: dict[str, Callable[[str], str]] = {
                "console": lambda block: _console(block, settings, place),
                "sql": lambda sql: _sql(sql, engine),
                "sql refused": lambda sql: _sql(sql, engine),
                "truth": lambda _: _truth(province.struck),
            }
            text = GUIDE.read_text("utf-8")
            GUIDE.write_text(_BLOCK.sub(lambda block: _answered(block, answers), text), "utf-8")


def _answered(block: re.Match[str], answers: dict[str, Callable[[str], str]]) -> str:
    kind, asked = block[1], block[2]
    answer = answers[kind](asked)
    if kind in ("console", "truth"):
        return f"```{kind}\n{answer}```\n"
    return f"```{kind}\n{asked}```\n\n```text\n{answer}```\n"


def _console(block: str, settings: dict[str, str], place: Path) -> str:
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(_run(command, settings, place) for command in commands)


def _run(command: str, settings: dict[str, str], place: Path) -> str:
    words = shlex.split(command.removeprefix("$ "))
    ended = subprocess.run(
        [sys.executable, "-m", "jushou.cli.main", *words[1:]],
        cwd=place,
        env=os.environ | settings | {"PYTHONPATH": str(GUIDE.parents[1]), "COLUMNS": "140"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = [line.rstrip() for line in ended.stdout.splitlines()]
    if len(lines) > 2 * _SHOWN:
        lines = [*lines[:_SHOWN], f"… {len(lines) - _SHOWN - 2} more rows", *lines[-2:]]
    return "\n".join([command, *lines]) + "\n"


def _sql(sql: str, engine: ClickHouseServer) -> str:
    client = Client(engine.host, engine.port, "jushou", ANALYST, _PASSWORD)
    try:
        rows, columns = client.execute(sql, with_column_types=True)
    except ServerException as fault:
        said = fault.message.split("Stack trace", maxsplit=1)[0].strip().splitlines()[-1]
        return f"{said} (code {fault.code})\n"
    finally:
        client.disconnect()
    table = [[name for name, _ in columns], *([str(value) for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(columns))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in table
    )


def _truth(struck: list[Struck]) -> str:
    return "".join(
        f"{each.name:11} {each.item:20} {date_of_day(each.first_day)} to "
        f"{date_of_day(each.last_day)}  {each.cases:3} cases  "
        f"{', '.join(f'{code} {regions().name(code)}' for code in each.counties)}\n"
        for each in struck
    )


def _serve(settings: dict[str, str]) -> None:
    import threading
    from contextlib import suppress

    for name, value in settings.items():
        print(f"export {name}={value}", flush=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


if __name__ == "__main__":
    typer.run(main)
