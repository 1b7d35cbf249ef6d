"""The same SQL for a ClickHouse of several replicas: Replicated engines, made ON CLUSTER.

Beside the path of an event. Migrations are written for one server; for a cluster each statement is
rewritten before it runs. The checksum that is noted stays that of the file, so that a warehouse
of either kind notices a changed file and nothing else.
"""

from __future__ import annotations

import re

from clickhouse_migrations.migrator import Migrator  # type: ignore[import-untyped]

from schemas.errors import Misconfigured

_LEAD = r"(?P<lead>(?:\s|--[^\n]*\n)*)"
_NAME = r"[`\w.]+"
# What has the cluster after the name of the thing.
_NAMED = re.compile(
    rf"{_LEAD}(?P<head>(?:CREATE(?:\s+OR\s+REPLACE)?\s+(?:TABLE|VIEW|MATERIALIZED\s+VIEW|ROLE|USER"
    r"|SETTINGS\s+PROFILE)|ALTER\s+(?:TABLE|USER|SETTINGS\s+PROFILE)|DROP\s+(?:TABLE|VIEW))"
    rf"(?:\s+IF\s+(?:NOT\s+)?EXISTS)?\s+{_NAME})",
    re.IGNORECASE,
)
_GRANT = re.compile(rf"{_LEAD}(?P<head>GRANT|REVOKE)\b", re.IGNORECASE)
_LAST = re.compile(rf"{_LEAD}(?P<head>EXCHANGE|RENAME)\b", re.IGNORECASE)
# Rows go to one replica and from there to the others.
_INSERT = re.compile(rf"{_LEAD}INSERT\b", re.IGNORECASE)
_ENGINE = re.compile(r"\bENGINE\s*=\s*(?!Replicated)(?P<kind>\w*MergeTree)\b", re.IGNORECASE)


def for_cluster(script: str, cluster: str) -> str:
    """Return the statements for a cluster of this name; without one, the script as it is.

    Raises ``Misconfigured`` for a kind of statement whose form on a cluster is not known here.
    """
    if not cluster:
        return script
    statements = Migrator.script_to_statements(script, multi_statement=True)
    return "\n\n".join(_for_cluster(statement, cluster) for statement in statements)


def _for_cluster(statement: str, cluster: str) -> str:
    on_cluster = f" ON CLUSTER `{cluster}`"
    for kind in (_NAMED, _GRANT):
        found = kind.match(statement)
        if found is not None:
            rest = _ENGINE.sub(r"ENGINE = Replicated\g<kind>", statement[found.end() :])
            return statement[: found.end()] + on_cluster + rest
    if _LAST.match(statement):
        return statement.rstrip().rstrip(";") + on_cluster + ";"
    if _INSERT.match(statement):
        return statement
    first = " ".join(re.sub(r"--[^\n]*\n", "", statement).split()[:3])
    raise Misconfigured(f"a migration has {first!r}, whose form on a cluster is not known")
