"""Applies the numbered SQL files to a warehouse, and says which are applied.

``clickhouse-migrations`` does it: it notes the version and the checksum of each file in the table
``schema_versions`` and refuses a file that was changed after it was applied. Each statement is
``IF NOT EXISTS``, so that a file that was interrupted is simply applied again. The files of
``migrations/server`` (roles and what they may read) are for a real server only.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from clickhouse_migrations.clickhouse_cluster import (  # type: ignore[import-untyped]
    ClickhouseCluster,
)
from clickhouse_migrations.exceptions import MigrationException  # type: ignore[import-untyped]
from clickhouse_migrations.migration import MigrationStorage  # type: ignore[import-untyped]
from clickhouse_migrations.substitution import substitute  # type: ignore[import-untyped]

from schemas.catalogue.load import load_catalogue
from schemas.errors import Misconfigured
from schemas.regions.load import regions
from schemas.regions.townships import townships
from sinks.clickhouse.cluster import for_cluster
from sinks.clickhouse.dimensions import load_dimensions
from sinks.clickhouse.readers import allow_readers, is_embedded
from sinks.clickhouse.server import Server, classified

MIGRATIONS = Path(__file__).parent / "migrations"
FOR_SERVERS = "server"
VERSIONS_TABLE = "schema_versions"
_SERVER_VERSIONS_TABLE = "server_versions"
# Whoever may read a view need not be able to read what it reads: the pseudonym of a household.
_VIEW_RIGHTS = {
    "default_normal_view_sql_security": "DEFINER",
    "default_view_definer": "CURRENT_USER",
}


class Migration(NamedTuple):
    """One file: ``state`` is ``applied``, ``pending``, ``md5-mismatch`` or ``unknown``."""

    version: int
    file: str
    state: str
    applied_at: dt.datetime | None


def migrate(
    server: Server, folder: Path = MIGRATIONS, passwords: Mapping[str, str] | None = None
) -> list[int]:
    """Bring the warehouse up to the files of ``folder`` and return the versions applied now.

    The tables of names get the names of this build; on a real server readers may read what there
    is, and the users ``page`` and ``analyst`` are made where ``passwords`` has one. Makes the
    database where it is missing. Raises ``Misconfigured`` where a file that is applied was changed
    or is missing, ``Unavailable`` where the server does not answer.
    """
    with _classified(server):
        with dataclasses.replace(server, database="").client() as client:
            embedded = is_embedded(client)
        applied = _apply(server, folder, VERSIONS_TABLE, {} if embedded else _VIEW_RIGHTS)
        if not embedded:
            _apply(server, folder / FOR_SERVERS, _SERVER_VERSIONS_TABLE, {})
            allow_readers(server, passwords or {})
    load_dimensions(server, load_catalogue(), regions(), townships())
    return applied


def status(server: Server, folder: Path = MIGRATIONS) -> list[Migration]:
    """Return every migration in its order, of ``folder`` or applied; changes nothing."""
    files = MigrationStorage(folder).migration_filenames()
    with _classified(server):
        rows = _versions(server, VERSIONS_TABLE, {}).status(server.database, folder)
    return [
        Migration(row.version, files.get(row.version, "?"), row.state, row.applied_at)
        for row in rows
    ]


def scripts(server: Server, folder: Path = MIGRATIONS) -> list[Any]:
    """Return the migrations of a folder as they run on this server, each with its file's checksum.

    Raises ``Misconfigured`` for a statement that has no form on a cluster.
    """
    return [
        each._replace(script=for_cluster(_named(each.script, server), server.cluster))
        for each in MigrationStorage(folder).migrations()
    ]


def _named(script: str, server: Server) -> str:
    return str(substitute(script, {"DATABASE": f"`{server.database}`"}, "migration"))


def _apply(server: Server, folder: Path, table: str, settings: dict[str, str]) -> list[int]:
    applied = _versions(server, table, settings).apply_migrations(
        server.database, scripts(server, folder), cluster_name=server.cluster or None
    )
    return [migration.version for migration in applied]


@contextmanager
def _classified(server: Server) -> Iterator[None]:
    try:
        with classified(server):
            yield
    except MigrationException as fault:
        raise Misconfigured(f"{server}: {fault}") from fault


def _versions(server: Server, table: str, settings: dict[str, str]) -> ClickhouseCluster:
    return ClickhouseCluster(
        db_host=server.host,
        db_port=str(server.port),
        db_user=server.user,
        db_password=server.password,
        migrations_table=table,
        settings=settings or None,
    )
