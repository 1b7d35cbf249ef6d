"""Applies the numbered SQL files to a warehouse, and says which are applied.

``clickhouse-migrations`` does it: it notes the version and the checksum of each file in the table
``schema_versions`` and refuses a file that was changed after it was applied. Each statement is
``IF NOT EXISTS``, so that a file that was interrupted is simply applied again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from clickhouse_migrations.clickhouse_cluster import (  # type: ignore[import-untyped]
    ClickhouseCluster,
)
from clickhouse_migrations.exceptions import MigrationException  # type: ignore[import-untyped]
from clickhouse_migrations.migration import MigrationStorage  # type: ignore[import-untyped]

from schemas.catalogue.load import load_catalogue
from schemas.errors import Misconfigured
from schemas.regions.load import regions
from schemas.regions.townships import townships
from sinks.clickhouse.dimensions import load_dimensions
from sinks.clickhouse.server import Server, classified

MIGRATIONS = Path(__file__).parent / "migrations"


class Migration(NamedTuple):
    """One file: ``state`` is ``applied``, ``pending``, ``md5-mismatch`` or ``unknown``."""

    version: int
    file: str
    state: str
    applied_at: dt.datetime | None


def migrate(server: Server, folder: Path = MIGRATIONS) -> list[int]:
    """Bring the warehouse up to the files of ``folder`` and return the versions applied now.

    The tables of names get the names of this build. Makes the database where it is missing. Raises
    ``Misconfigured`` where a file that is applied was changed or is missing, ``Unavailable`` where
    the server does not answer.
    """
    with _classified(server):
        applied = _cluster(server).migrate(server.database, folder)
    load_dimensions(server, load_catalogue(), regions(), townships())
    return [migration.version for migration in applied]


def status(server: Server, folder: Path = MIGRATIONS) -> list[Migration]:
    """Return every migration in its order, of ``folder`` or applied; changes nothing."""
    files = MigrationStorage(folder).migration_filenames()
    with _classified(server):
        rows = _cluster(server).status(server.database, folder)
    return [
        Migration(row.version, files.get(row.version, "?"), row.state, row.applied_at)
        for row in rows
    ]


@contextmanager
def _classified(server: Server) -> Iterator[None]:
    try:
        with classified(server):
            yield
    except MigrationException as fault:
        raise Misconfigured(f"{server}: {fault}") from fault


def _cluster(server: Server) -> ClickhouseCluster:
    return ClickhouseCluster(
        db_host=server.host,
        db_port=str(server.port),
        db_user=server.user,
        db_password=server.password,
    )
