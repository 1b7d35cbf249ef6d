"""Settings that come with one query, in an engine that knows only settings of a session.

Before a query the session is given its settings; before the next one those that are no longer
wanted get back the values they had, whether from the engine or from the user's own SET.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

Rows = list[list[str]]


class SessionSettings:
    """Keeps one session's settings at what the current query wants.

    ``execute`` runs a statement in the session, ``rows`` gives the fields of an answer.
    """

    def __init__(self, execute: Callable[[str], object], rows: Callable[[str], Rows]) -> None:
        self._execute = execute
        self._rows = rows
        self._given: dict[str, str] = {}
        self._before: dict[str, str] = {}

    def apply(self, wanted: Mapping[str, str]) -> None:
        """Make ``wanted`` hold, and nothing of an earlier query; the engine's error if refused."""
        if wanted == self._given:
            return
        dropped = [name for name in self._given if name not in wanted]
        added = {name: value for name, value in wanted.items() if self._given.get(name) != value}
        self._remember(name for name in added if name not in self._before)
        assignments = [f"{name} = {self._before[name]}" for name in dropped]
        assignments += [f"{name} = {quoted(value)}" for name, value in added.items()]
        self._execute(f"SET {', '.join(assignments)}")
        self._given = dict(wanted)
        self._before = {name: before for name, before in self._before.items() if name in wanted}

    def _remember(self, names: Iterable[str]) -> None:
        listed = ", ".join(quoted(name) for name in names)
        if listed:
            for name, value, changed in self._rows(
                f"SELECT name, value, changed FROM system.settings WHERE name IN ({listed})"
            ):
                self._before[name] = quoted(value) if changed == "1" else "DEFAULT"


def quoted(text: str) -> str:
    """A string literal of ClickHouse's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
