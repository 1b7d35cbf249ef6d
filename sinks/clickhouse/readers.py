"""Who may read the warehouse on a real server: roles, grants and the users ``page``, ``analyst``.

Beside the path of an event, after the migrations. The embedded engine has no users of its own: its
front names read-only ones at its start. An analyst may read every table and view but those of
single households, and of the others not the column of a household's pseudonym; what a view counts
from them may be read, since views run with the rights of the user who made them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from clickhouse_driver import Client

from sinks.clickhouse.server import Server, classified

PAGE, ANALYST = "page", "analyst"
ROLE_OF = {PAGE: "jushou_page", ANALYST: "jushou_analyst"}
HIDDEN_FROM_ANALYSTS = frozenset({"household"})
# What has a row for a household, or for what was seen of one: even without its pseudonym a row is
# one family, and names the cases and signals that are of the same.
TABLES_HIDDEN_FROM_ANALYSTS = frozenset(
    {"household_*", "households", "households_*", "leads", "signals", "signals_*"}
)
# The name by which the embedded engine greets its clients.
_EMBEDDED = "jushou-embedded-"
# A parameter must be given for the columns of a view to be told; any value of its type will do.
_ANY = {"String": "'2026-01-01 00:00:00'", "Array": "[]", "Map": "map()"}
_ANY_OTHER = {"Date": "'2026-01-01'", "DateTime": "'2026-01-01 00:00:00'", "UUID": "toUUID('0')"}


def is_embedded(client: Client) -> bool:
    """Say whether this is the engine of one machine, which knows no users and no replicas."""
    client.execute("SELECT 1")
    return str(client.connection.server_info.display_name).startswith(_EMBEDDED)


def allow_readers(server: Server, passwords: Mapping[str, str]) -> None:
    """Let analysts read what there is now, and make the users that have a password.

    ``passwords`` are by name, ``page`` or ``analyst``; running it again gives the users these
    passwords anew. Raises ``Unavailable`` or ``Misconfigured``.
    """
    with classified(server), server.client() as client:
        columns = readable_columns(client, server.database)
        for sql in (
            *analyst_grants(server, columns),
            *(sql for name, password in passwords.items() if password
              for sql in user_statements(server, name, password)),
        ):  # fmt: skip
            client.execute(sql)


def readable_columns(client: Client, database: str) -> dict[str, list[str]]:
    """Return the columns of every table and view of a database, of those with parameters too."""
    tables = client.execute(
        "SELECT name, parameterized_view_parameters FROM system.tables "
        "WHERE database = %(database)s AND NOT startsWith(name, '.')",
        {"database": database},
    )
    return {
        name: [row[0] for row in client.execute(f"DESCRIBE TABLE {_called(database, name, given)}")]
        for name, given in tables
    }


def analyst_grants(server: Server, columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the statements that let analysts read these columns, but for the hidden ones."""
    for table, names in sorted(columns.items()):
        place = f"`{server.database}`.`{table}`"
        yield f"REVOKE{server.on_cluster} SELECT ON {place} FROM {ROLE_OF[ANALYST]}"
        if any(fnmatchcase(table, pattern) for pattern in TABLES_HIDDEN_FROM_ANALYSTS):
            continue
        if HIDDEN_FROM_ANALYSTS.isdisjoint(names):
            what = "SELECT"
        else:
            kept = [f"`{name}`" for name in names if name not in HIDDEN_FROM_ANALYSTS]
            what = f"SELECT({', '.join(kept)})"
        yield f"GRANT{server.on_cluster} {what} ON {place} TO {ROLE_OF[ANALYST]}"


def user_statements(server: Server, name: str, password: str) -> Iterator[str]:
    """Yield the statements that make a user, or give it this password; it is sent as its hash."""
    secret = hashlib.sha256(password.encode()).hexdigest()
    identified = f"IDENTIFIED WITH sha256_hash BY '{secret}'"
    yield f"CREATE USER IF NOT EXISTS {name}{server.on_cluster} {identified}"
    yield f"ALTER USER {name}{server.on_cluster} {identified}"
    yield f"GRANT{server.on_cluster} {ROLE_OF[name]} TO {name}"


def _called(database: str, table: str, parameters: Sequence[tuple[str, str]]) -> str:
    place = f"`{database}`.`{table}`"
    if not parameters:
        return place
    given = ", ".join(f"{name} = {_any_of(kind)}" for name, kind in parameters)
    return f"{place}({given})"


def _any_of(kind: str) -> str:
    """Return a literal of a type."""
    for prefix, literal in (_ANY | _ANY_OTHER).items():
        if kind.startswith(prefix):
            return literal
    return "0"
