"""The page's JSON API: panels, one case, names, definitions, and the live stream.

Every answer says as of which instant it holds. All of it is read-only and free of personal data.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from dashboards.hub import Hub
from dashboards.names import Names
from dashboards.panels import EXPORTED_ROWS, PANELS, SHOWN_ROWS, Panel, completed
from dashboards.problems import Refused
from dashboards.queries import Questions, query, question_names
from dashboards.scope import Clock, Scope, instant_of, scope_of
from dashboards.spreadsheet import as_csv
from schemas.instants import render_instant

router = APIRouter(prefix="/api")

AsOf = Annotated[str | None, Query(max_length=40, description="RFC 3339 with offset")]
InScope = Annotated[Scope, Depends(scope_of)]


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes need; ``app.state.service``."""

    questions: Questions
    hub: Hub
    names: Names
    clock: Clock
    simulated: bool


def service_of(request: Request) -> Service:
    """Return the service of the app that a request came to."""
    service: Service = request.app.state.service
    return service


Serving = Annotated[Service, Depends(service_of)]


def _panel(name: str) -> Panel:
    if name not in PANELS:
        raise Refused(
            404, "unknown-panel", f"there is no panel {name[:40]!r}",
            f"可用的面板：{', '.join(PANELS)}。", f"The panels are: {', '.join(PANELS)}.",
        )  # fmt: skip
    return PANELS[name]


@router.get("/panels/{name}.csv")
async def panel_csv(name: str, scope: InScope, service: Serving, as_of: AsOf = None) -> Response:
    """Return a panel as CSV: all its rows, not only those that the page shows."""
    panel = _panel(name)
    as_of_ms = instant_of(as_of, service.clock)
    parameters = scope.checked(service.names).parameters(as_of_ms, EXPORTED_ROWS)
    rows = await service.questions.ask(panel.question(scope), parameters)
    rows = completed(panel, rows, scope, service.names)
    stamp = render_instant(as_of_ms)
    kept = [row | {"as_of": stamp, "simulated": service.simulated} for row in rows]
    file_name = f"jushou-{panel.name}-{stamp[:19].replace(':', '')}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    text = as_csv((*panel.columns, "as_of", "simulated"), kept)
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/panels/{name}")
async def panel_rows(
    name: str,
    scope: InScope,
    service: Serving,
    as_of: AsOf = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = SHOWN_ROWS,
) -> dict[str, Any]:
    """Return the rows of a panel; ``limit`` bounds the lists, never a table of counts."""
    panel = _panel(name)
    as_of_ms = instant_of(as_of, service.clock)
    parameters = scope.checked(service.names).parameters(as_of_ms, limit)
    rows = await service.questions.ask(panel.question(scope), parameters)
    rows = completed(panel, rows, scope, service.names)
    return {"panel": name, "as_of": render_instant(as_of_ms), "simulated": service.simulated,
            "rows": rows}  # fmt: skip


@router.get("/cases/{case_id:path}")
async def case(case_id: str, service: Serving, as_of: AsOf = None) -> dict[str, Any]:
    """Return one case: what it is, its clocks with their verdicts, its escalations."""
    as_of_ms = instant_of(as_of, service.clock)
    parameters = Scope().parameters(as_of_ms, SHOWN_ROWS) | {"case_id": case_id}
    found = await service.questions.ask("case", parameters)
    if not found:
        raise Refused(
            404, "unknown-case", "the warehouse has no case of this number",
            "请核对案件编号；刚举手的案件几秒后可见。",
            "Check the number; a case that was just raised is visible after some seconds.",
        )  # fmt: skip
    parts = {part: await service.questions.ask(f"case_{part}", parameters)
             for part in ("clocks", "escalations", "events")}  # fmt: skip
    return {"as_of": render_instant(as_of_ms), "simulated": service.simulated, "case": found[0],
            **parts}  # fmt: skip


@router.get("/names")
def names(service: Serving) -> dict[str, Any]:
    """Return the names of all codes in both languages."""
    return asdict(service.names)


@cache
def read_definitions() -> dict[str, Any]:
    """Return what each number of the page counts, in both languages, and by which question."""
    text = (Path(__file__).parent / "definitions.yaml").read_text("utf-8")
    definitions: dict[str, Any] = yaml.safe_load(text)
    return definitions


@router.get("/definitions")
def definitions() -> dict[str, Any]:
    """Return what each number of the page counts."""
    return read_definitions()


@router.get("/queries/{name}.sql")
def question(name: str) -> PlainTextResponse:
    """Return the SQL by which a number is counted."""
    if name not in question_names():
        raise Refused(404, "unknown-query", "there is no question of this name",
                      "请从“口径”窗口进入。", "Open it from a definition.")  # fmt: skip
    return PlainTextResponse(query(name))


def _room(scope: InScope, service: Serving) -> Scope:
    checked = scope.checked(service.names)
    service.hub.check_room(checked)
    return checked


@router.get("/live", response_class=EventSourceResponse)
async def live(
    scope: Annotated[Scope, Depends(_room)],
    service: Serving,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream all panels of a scope: a snapshot, then changes, with a tick every second."""
    async for event in service.hub.follow(scope, last_event_id):
        yield event
