"""The page itself: one HTML shell for all addresses, and the modules and styles that it loads."""

from __future__ import annotations

import hashlib
import html
import re
from functools import lru_cache
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
_IMPORTED = re.compile(r"""^(?:import|export)\b[^;]*?["']\./([\w.-]+\.js)["']""", re.MULTILINE)
router = APIRouter(include_in_schema=False)


class Kept(StaticFiles):
    """Files as a browser keeps them.

    Under ``/static/<version>/`` for good, since another version has another address; under plain
    ``/static/`` it asks each time whether they changed.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or 304 where the browser has it; 404 for an old version."""
        version, _, rest = path.partition("/")
        is_kept = version == files_version()
        response = await super().get_response(rest if is_kept else path, scope)
        kept = "public, max-age=31536000, immutable" if is_kept else "no-cache"
        response.headers["Cache-Control"] = kept
        return response


def files_version() -> str:
    """Return what the files are now, in twelve hexadecimal digits; another once one changes."""
    marks = sorted(
        f"{path.relative_to(FOLDER)} {found.st_mtime_ns} {found.st_size}"
        for path in FOLDER.rglob("*")
        if path.is_file() and (found := path.stat())
    )
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:12]


@lru_cache(maxsize=1)
def _shell(version: str) -> Template:
    return Template((FOLDER / "shell.html").read_text("utf-8"))


def modules() -> list[str]:
    """Return the modules that ``main.js`` imports, each once, in the order in which it is met."""
    found = ["main.js"]
    for name in found:
        text = (FOLDER / name).read_text("utf-8")
        found += [each for each in dict.fromkeys(_IMPORTED.findall(text)) if each not in found]
    return found


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
    version = files_version()
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
