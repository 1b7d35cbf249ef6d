"""The page itself: one HTML shell for all addresses, and the modules and styles that it loads."""

from __future__ import annotations

import gzip
import hashlib
import html
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from dashboards.access.guard import Public
from dashboards.config import PageConfig
from schemas.instants import render_instant

FOLDER = Path(__file__).parent / "static"
_IMPORTED = re.compile(r"""^(?:import|export)\b[^;]*?["']\./([\w.-]+\.js)["']""", re.MULTILINE)
_LOOK_EVERY_S = 1.0
router = APIRouter(include_in_schema=False)


class Kept(StaticFiles):
    """Files as a browser keeps them.

    Under ``/static/<version>/`` for good, since another version has another address; under plain
    ``/static/`` it asks each time whether they changed. The page is some sixty files: those of the
    version are answered from memory, compressed once.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or 304 where the browser has it; 404 for an old version."""
        version, _, rest = path.partition("/")
        if version == recent_version() and (kept := _kept(version, rest)) is not None:
            takes_gzip = "gzip" in Headers(scope=scope).get("accept-encoding", "")
            return kept.answer(takes_gzip)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


@dataclass(frozen=True, slots=True)
class _File:
    """A file of one version, as it is and compressed."""

    media_type: str
    plain: bytes
    packed: bytes

    def answer(self, takes_gzip: bool) -> Response:
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        headers["Vary"] = "Accept-Encoding"
        if takes_gzip:
            headers["Content-Encoding"] = "gzip"
        body = self.packed if takes_gzip else self.plain
        return Response(body, media_type=self.media_type, headers=headers)


@lru_cache(maxsize=1)
def _all_kept(version: str) -> dict[str, _File]:
    found = {}
    for path in FOLDER.rglob("*"):
        if path.is_file():
            plain = path.read_bytes()
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            name = path.relative_to(FOLDER).as_posix()
            found[name] = _File(media_type, plain, gzip.compress(plain, mtime=0))
    return found


def _kept(version: str, name: str) -> _File | None:
    return _all_kept(version).get(name)


def recent_version() -> str:
    """Return ``files_version`` as it was within the last second: to look at all files takes one
    millisecond, and a page asks for all of them at once."""
    return _version_of(int(monotonic() / _LOOK_EVERY_S))


@lru_cache(maxsize=1)
def _version_of(second: int) -> str:
    return files_version()


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
