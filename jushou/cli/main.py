"""The command line: each command in a module of its own, registered here by name.

Modules import what they need when they run, so that ``jushou --help`` is quick.
"""

from __future__ import annotations

import typer

from jushou.cli.ack import ack
from jushou.cli.audit import audit
from jushou.cli.calendar import calendar
from jushou.cli.catalogue import catalogue
from jushou.cli.demo import demo
from jushou.cli.explain import explain
from jushou.cli.export import export
from jushou.cli.health import health
from jushou.cli.household import app as household
from jushou.cli.households import households
from jushou.cli.move import move
from jushou.cli.notify import notify
from jushou.cli.page import page
from jushou.cli.policy import policy
from jushou.cli.produce import produce
from jushou.cli.replay import replay
from jushou.cli.route import route
from jushou.cli.schemas import schemas
from jushou.cli.screenshots import screenshots
from jushou.cli.servers import clickhouse, kafka
from jushou.cli.sink import sink
from jushou.cli.supervise import supervise
from jushou.cli.topics import topics
from jushou.cli.users import users
from jushou.cli.warehouse import app as warehouse
from jushou.cli.worker import worker

app = typer.Typer(
    name="jushou",
    help="举手: deadlines and escalations for the requests of poor households.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    demo,
    topics,
    move,
    produce,
    worker,
    households,
    sink,
    notify,
    page,
    audit,
    replay,
    explain,
    route,
    ack,
    supervise,
    export,
    catalogue,
    calendar,
    schemas,
    screenshots,
    kafka,
    clickhouse,
    health,
):
    app.command()(command)
app.add_typer(policy, name="policy")
app.add_typer(users, name="users")
app.add_typer(warehouse, name="warehouse")
app.add_typer(household, name="household")


def main() -> None:
    """Run a command; an error of ours is one clear text, not a traceback."""
    from schemas.errors import JushouError

    try:
        app()
    except JushouError as fault:
        typer.echo(str(fault), err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
