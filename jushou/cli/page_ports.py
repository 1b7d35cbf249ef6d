"""Lends the page what other stages know: why a case is late, and how an action is sent."""

from __future__ import annotations

import io
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from dashboards.ports import Explain, Ports
    from jushou.settings import Settings
    from sinks.clickhouse.server import Server
    from streams.core.explanation_account import Explanation

# Columns of the account in words; the page shows it as it is printed.
_WIDTH = 110


def page_ports(settings: Settings) -> Ports:
    """Return the ports; nothing is connected before it is asked. Raises ``Misconfigured``."""
    from dashboards.ports import Ports
    from schemas.action_rules import action_rules
    from schemas.routing.load import load_routing
    from sinks.clickhouse.server import Server
    from sinks.notify.action_sender import ActionSender

    server = Server(
        settings.clickhouse_host,
        settings.clickhouse_port,
        settings.clickhouse_database,
        settings.clickhouse_user,
        settings.clickhouse_password,
    )
    rules = action_rules(load_routing(settings.routing))
    sender = ActionSender(settings.bootstrap, rules)
    return Ports(explaining(server), sender.send, rules, sender.close)


def explaining(server: Server) -> Explain:
    """Return what gives the account of a case from the warehouse, as ``jushou explain --json``."""
    import msgspec

    from jushou.cli.case_warehouse import read_case
    from streams.core.explanation import explain
    from streams.core.replay import default_engine

    engine = default_engine()
    # An account is a few milliseconds of one processor, and the engine keeps caches.
    folding = Lock()

    def account(case_id: str, as_of_ms: int, lang: str | None) -> dict[str, Any] | None:
        assert engine.catalogue is not None
        known = read_case(server, case_id, engine.catalogue)
        if not known.events:
            return None
        with folding:
            found = explain(
                engine, case_id, known.events, as_of_ms, known.fired, known.reservations
            )
        told: dict[str, Any] = msgspec.to_builtins(found)
        return told | ({"text": in_words(found, lang)} if lang else {})

    return account


def in_words(account: Explanation, lang: str) -> str:
    """Return the account as ``jushou explain`` prints it, without colours."""
    from rich.console import Console

    from jushou.cli.explain_screen import show

    paper = io.StringIO()
    console = Console(file=paper, width=_WIDTH, highlight=False, color_system=None)
    show(account, console, cast(Literal["zh", "en"], lang), None, False)
    return paper.getvalue()
