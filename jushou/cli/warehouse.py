"""``jushou warehouse``: the tables of the warehouse, made and brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jushou.cli.faults import told

if TYPE_CHECKING:
    from sinks.clickhouse.server import Server

app = typer.Typer(help="The warehouse in ClickHouse.", no_args_is_help=True)


@app.command()
def migrate(
    print_only: Annotated[
        bool, typer.Option("--print", help="print the SQL of a real server, and run nothing")
    ] = False,
) -> None:
    """Make tables, views, names and users, or bring them up to date; a second time changes nothing.

    With JUSHOU_CLICKHOUSE_CLUSTER tables are Replicated. Users are made on a real server only.
    """
    from jushou.settings import Settings
    from sinks.clickhouse import migration, readers

    server = warehouse_server()
    if print_only:
        for folder in (migration.MIGRATIONS, migration.MIGRATIONS / migration.FOR_SERVERS):
            for each in migration.scripts(server, folder):
                typer.echo(each.script)
        return
    settings = Settings()
    passwords = {
        readers.PAGE: settings.clickhouse_page_password,
        readers.ANALYST: settings.clickhouse_analyst_password,
    }
    with told("warehouse migrate"):
        applied = migration.migrate(server, passwords=passwords)
    if applied:
        typer.echo(f"{server}: applied {', '.join(str(version) for version in applied)}")
    else:
        typer.echo(f"{server}: nothing to apply")


@app.command()
def status(
    strict: Annotated[
        bool, typer.Option(help="exit 1 unless exactly these migrations are applied")
    ] = False,
) -> None:
    """Print each migration and whether it is applied."""
    from sinks.clickhouse import migration
    from sinks.clickhouse.rebuild import is_cut_off

    server = warehouse_server()
    with told("warehouse status"):
        found = migration.status(server)
        cut_off = any(each.applied_at for each in found) and is_cut_off(server)
    for each in found:
        at = "" if each.applied_at is None else f" at {each.applied_at:%Y-%m-%d %H:%M:%S}"
        typer.echo(f"{each.file}: {each.state}{at}")
    if cut_off:
        typer.echo("a rebuild is under way or was cut off: `jushou warehouse rebuild` goes on")
    if strict and any(each.state != "applied" for each in found):
        raise typer.Exit(1)


@app.command()
def rebuild() -> None:
    """Rebuild the tables from Kafka beside the live ones, and switch to them at once.

    The live ones are written and read meanwhile. Stopped or killed before the switch, nothing has
    changed; killed later, run it again, and it goes on where it was.
    """
    import signal
    import threading

    from prometheus_client import CollectorRegistry

    from jushou.settings import Settings
    from schemas.catalogue.load import load_catalogue
    from sinks.clickhouse.blocks import Blocks
    from sinks.clickhouse.rebuild import Rebuild
    from sinks.metrics import SinkMetrics

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    departments = load_catalogue().item_departments
    live = warehouse_server()
    with told("warehouse rebuild"):
        Rebuild(
            Settings().bootstrap,
            live,
            lambda: Blocks(departments),
            lambda: SinkMetrics(CollectorRegistry()),
            typer.echo,
        ).run(stop)
    typer.echo(f"{live}: rebuilt")


@app.command()
def verify(
    as_of: Annotated[
        str | None,
        typer.Option(help="RFC 3339: the instant at which the stream was frozen; now without one"),
    ] = None,
    at_most: Annotated[int, typer.Option(help="print no more differences than this")] = 1000,
) -> None:
    """Compare the warehouse with a replay of the logs, and print the differences as JSON lines.

    The exit status is 0 where there is none, 1 where there are, 2 where it could not be done.
    """
    from jushou.cli.warehouse_screen import print_differences

    with told("warehouse verify", 2):
        differs = print_differences(warehouse_server(), as_of, at_most)
    raise typer.Exit(1 if differs else 0)


def warehouse_server() -> Server:
    """Return where the settings say that the warehouse is."""
    from jushou.settings import Settings
    from sinks.clickhouse.server import Server

    settings = Settings()
    return Server(
        settings.clickhouse_host,
        settings.clickhouse_port,
        settings.clickhouse_database,
        settings.clickhouse_user,
        settings.clickhouse_password,
        settings.clickhouse_cluster,
    )
