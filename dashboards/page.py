"""The page itself: one HTML shell for all addresses."""

from __future__ import annotations

import html
from functools import lru_cache
from string import Template
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse

from dashboards.access.guard import Public
from dashboards.config import PageConfig
from dashboards.page_files import FOLDER, Kept, modules, recent_version
from schemas.instants import render_instant

router = APIRouter(include_in_schema=False)


@lru_cache(maxsize=1)
def _shell(version: str) -> Template:
    return Template((FOLDER / "shell.html").read_text("utf-8"))


@lru_cache(maxsize=1)
def _preloads(version: str) -> str:
    """Return what makes a browser fetch all modules at once, not one level after the other."""
    links = (f'<link rel="modulepreload" href="/static/{name}">' for name in modules())
    return "\n".join(links) + "\n"


def _render(config: PageConfig, lang: str, theme: str) -> str:
    frozen = "" if config.as_of_ms is None else render_instant(config.as_of_ms)
    values = {
        "lang": "en" if lang == "en" else "zh-CN",
        "theme": theme if theme in ("dark", "light") else "auto",
        "simulated": str(config.simulated).lower(),
        "frozen": frozen,
        "stale_after_s": f"{config.stale_after_s:g}",
    }
    version = recent_version()
    page = _shell(version).substitute({name: html.escape(value) for name, value in values.items()})
    page = page.replace("</head>", f"{_preloads(version)}</head>", 1)
    # Modules import each other by relative addresses, so all of them follow.
    return page.replace('"/static/', f'"/static/{version}/')


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
    app.mount("/static", Kept(directory=FOLDER), name="static")
