"""The page's JSON API: panels, names, definitions, and the live stream.

Every answer says as of which instant it holds, stays within the region of its reader, and is free
of personal data. Single cases are in ``dashboards.cases``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from dashboards.access.audit import Act
from dashboards.access.guard import Needs, audited, seen, session_of
from dashboards.access.reach import lists_cases, may_see, narrowed
from dashboards.access.roles import Reader, Right
from dashboards.board import Board
from dashboards.hub import Hub, View
from dashboards.names import Names
from dashboards.panels import EXPORTED_ROWS, LISTED_ROWS, PANELS, SHOWN_ROWS, Panel, completed
from dashboards.problems import Problem, Refused
from dashboards.queries import Questions, query, question_names
from dashboards.scope import Clock, Scope, instant_of, scope_of
from dashboards.spreadsheet import Spreadsheet, download
from schemas.instants import render_instant

router = APIRouter(prefix="/api")

AsOf = Annotated[str | None, Query(max_length=40, description="RFC 3339 with offset")]


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes need; ``app.state.service``."""

    questions: Questions
    board: Board
    hub: Hub
    names: Names
    clock: Clock
    simulated: bool


def service_of(request: Request) -> Service:
    """Return the service of the app that a request came to."""
    service: Service = request.app.state.service
    return service


Serving = Annotated[Service, Depends(service_of)]
Reading = Annotated[Reader, Depends(Needs(Right.COUNTS))]


def permitted_scope(
    asked: Annotated[Scope, Depends(scope_of)], reader: Reading, service: Serving
) -> Scope:
    """Return the asked scope within the reader's region; refuses one outside it."""
    return narrowed(asked.checked(service.names), reader, service.names)


InScope = Annotated[Scope, Depends(permitted_scope)]


def _panel(name: str, reader: Reader) -> Panel:
    if name in PANELS and not may_see(reader, PANELS[name]):
        raise Refused(
            403, "not-your-role", f"the role {reader.role} sees no single cases or townships",
            "本角色只能查看县级及以上的汇总数。",
            "This role sees counts of counties and above.",
        )  # fmt: skip
    if name not in PANELS:
        raise Refused(
            404, "unknown-panel", f"there is no panel {name[:40]!r}",
            f"可用的面板：{', '.join(PANELS)}。", f"The panels are: {', '.join(PANELS)}.",
        )  # fmt: skip
    return PANELS[name]


@router.get("/panels/{name}.csv", response_class=Spreadsheet)
async def panel_csv(
    request: Request,
    name: str,
    scope: InScope,
    reader: Reading,
    service: Serving,
    as_of: AsOf = None,
) -> Response:
    """Return a panel as CSV: all its rows, not only those that the page shows."""
    panel = _panel(name, reader)
    scope = panel.within(scope)
    as_of_ms = instant_of(as_of, service.clock)
    parameters = scope.parameters(as_of_ms, EXPORTED_ROWS)
    rows = await service.questions.ask(panel.question(scope), parameters)
    rows = completed(panel, rows, scope, service.names)
    if lists_cases(panel):
        await audited(request, reader, Act.LIST_EXPORTED, panel.name)
    stamp = render_instant(as_of_ms)
    kept = [row | {"as_of": stamp, "simulated": service.simulated} for row in rows]
    return download(panel.name, as_of_ms, (*panel.columns, "as_of", "simulated"), kept)


@router.get("/panels/{name}")
async def panel_rows(
    request: Request,
    name: str,
    scope: InScope,
    reader: Reading,
    service: Serving,
    as_of: AsOf = None,
    limit: Annotated[int, Query(ge=1, le=LISTED_ROWS)] = SHOWN_ROWS,
) -> dict[str, Any]:
    """Return the rows of a panel; ``limit`` bounds the lists, never a table of counts."""
    panel = _panel(name, reader)
    if lists_cases(panel):
        await seen(request, reader, Act.LIST_SEEN, panel.name)
    scope = panel.within(scope)
    is_shared = not as_of and panel.question(scope) == "counts"
    look = await service.board.recent() if is_shared else None
    if look is not None and look.counts is not None:
        as_of_ms, rows = look.as_of_ms, look.counts.within(scope)
    else:
        as_of_ms = instant_of(as_of, service.clock)
        parameters = scope.parameters(as_of_ms, limit)
        rows = await service.questions.ask(panel.question(scope), parameters)
    rows = completed(panel, rows, scope, service.names)
    return {"panel": name, "as_of": render_instant(as_of_ms), "simulated": service.simulated,
            "rows": rows}  # fmt: skip


@router.get("/names", response_model=dict[str, Any], dependencies=[Depends(Needs(Right.COUNTS))])
async def names(service: Serving) -> Response:
    """Return the names of all codes in both languages."""
    return Response(service.names.as_json, media_type="application/json")


@cache
def read_definitions() -> dict[str, Any]:
    """Return what each number of the page counts, in both languages, and by which question."""
    text = (Path(__file__).parent / "definitions.yaml").read_text("utf-8")
    definitions: dict[str, Any] = yaml.safe_load(text)
    return definitions


@router.get("/definitions", dependencies=[Depends(Needs(Right.COUNTS))])
def definitions() -> dict[str, Any]:
    """Return what each number of the page counts."""
    return read_definitions()


@router.get(
    "/queries/{name}.sql",
    response_class=PlainTextResponse,
    dependencies=[Depends(Needs(Right.COUNTS))],
)
def question(name: str) -> PlainTextResponse:
    """Return the SQL by which a number is counted."""
    if name not in question_names():
        raise Refused(404, "unknown-query", "there is no question of this name",
                      "请从“口径”窗口进入。", "Open it from a definition.")  # fmt: skip
    return PlainTextResponse(query(name))


@router.get("/openapi.json", include_in_schema=False, dependencies=[Depends(Needs(Right.COUNTS))])
def schema(request: Request) -> dict[str, Any]:
    """Return the OpenAPI description of all routes."""
    return described(request.app)


def described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description of an app, with the shape of its refusals."""
    described: dict[str, Any] = app.openapi()
    shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schemas |= shape.pop("$defs") | {"Problem": shape}
    return described


async def _room(request: Request, scope: InScope, reader: Reading, service: Serving) -> View:
    view = View(scope, frozenset(each.name for each in PANELS.values() if may_see(reader, each)))
    begun = session_of(request)
    service.hub.check_room(view, begun.key if begun else None)
    if any(lists_cases(PANELS[name]) for name in view.panels):
        await seen(request, reader, Act.LIST_SEEN, "overview")
    return view


@router.get("/live", response_class=EventSourceResponse)
async def live(
    request: Request,
    view: Annotated[View, Depends(_room)],
    service: Serving,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream all panels of a scope: a snapshot, then changes, with a tick every second.

    Ends with ``signed-out`` once the session has ended.
    """
    begun = session_of(request)
    async for event in service.hub.follow(view, last_event_id, begun.key if begun else None):
        if begun is not None and session_of(request) is None:
            yield ServerSentEvent(event="signed-out", data={})
            return
        yield event
