"""The page itself: one HTML shell for all addresses, and the modules and styles that it loads."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from string import Template
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

from dashboards.access.guard import Public
from dashboards.config import PageConfig
from schemas.instants import render_instant

FOLDER = Path(__file__).parent / "static"
router = APIRouter(include_in_schema=False)


class Revalidated(StaticFiles):
    """Files that a browser keeps but asks about each time, so that a new version shows at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or 304 where the browser has it."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


@cache
def _shell() -> Template:
    return Template((FOLDER / "shell.html").read_text("utf-8"))


def _render(config: PageConfig, lang: str, theme: str) -> str:
    frozen = "" if config.as_of_ms is None else render_instant(config.as_of_ms)
    values = {
        "lang": "en" if lang == "en" else "zh-CN",
        "theme": theme if theme in ("dark", "light") else "auto",
        "simulated": str(config.simulated).lower(),
        "frozen": frozen,
        "stale_after_s": f"{config.stale_after_s:g}",
    }
    return _shell().substitute({name: html.escape(value) for name, value in values.items()})


Short = Annotated[str, Query(max_length=16)]


_HARMLESS = Depends(Public("is the same for everybody; what it shows it must ask for"))


@router.get("/", dependencies=[_HARMLESS])
@router.get("/case/{case_id:path}", dependencies=[_HARMLESS])
async def shell(request: Request, lang: Short = "zh", theme: Short = "auto") -> HTMLResponse:
    """Return the shell; the modules read the rest of the address."""
    return HTMLResponse(_render(request.app.state.config, lang, theme))


def install_page(app: FastAPI) -> None:
    """Serve the shell and its files."""
    app.include_router(router)
    app.mount("/static", Revalidated(directory=FOLDER), name="static")
