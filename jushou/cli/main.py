"""The command line: each command in a module of its own, registered here by name.

Modules import what they need when they run, so that ``jushou --help`` is quick.
"""

from __future__ import annotations

import typer

from jushou.cli.health import health
from jushou.cli.replay import replay
from jushou.cli.schemas import schemas
from jushou.cli.worker import worker

app = typer.Typer(
    name="jushou",
    help="举手: deadlines and escalations for the requests of poor households.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command()(replay)
app.command()(worker)
app.command()(schemas)
app.command()(health)

if __name__ == "__main__":
    app()
