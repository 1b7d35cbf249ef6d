"""What the page is lent by other stages, which it does not know: accounts of cases, and actions.

The command line fills these in (``jushou.cli.page_ports``). All of them block: the routes call
them on threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from fastapi import Request

from dashboards.problems import Refused
from schemas.action import Action
from schemas.action_rules import ActionRules

Explain = Callable[[str, int, str | None], dict[str, Any] | None]
"""Returns the account of a case as of milliseconds, with ``text`` in a language if one is given."""
Send = Callable[[Action], None]
"""Returns when an action is kept; ``NotAllowed``, ``InvalidRecord`` or ``Unavailable`` if not."""


def _not_lent(*_: object) -> NoReturn:
    raise Refused(
        501, "not-here", "this page was started without that part",
        "请用 jushou page 启动。", "Start it with `jushou page`.",
    )  # fmt: skip


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Ports:
    """``app.state.ports``; ``close`` is called once, when the page stops."""

    explain: Explain = _not_lent
    send: Send = _not_lent
    rules: ActionRules = ActionRules(frozenset(), frozenset(), frozenset())
    close: Callable[[], None] = _nothing


NO_PORTS = Ports()


def ports_of(request: Request) -> Ports:
    """Return the ports of the app that a request came to."""
    ports: Ports = request.app.state.ports
    return ports
