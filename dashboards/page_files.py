"""The files of the page: modules and styles, by version, from memory, the modules in one piece.

``make setup`` bundles ``static/main.js`` and all that it imports into ``build/main.js`` (esbuild,
``package.json``): fifty modules asked for one by one are a third of the time until the page can be
used. Where nobody bundled, or a module has changed since, the modules themselves are served, and
the page is the same.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import monotonic

from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
BUNDLE = Path(__file__).parent / "build" / "main.js"
_IMPORTED = re.compile(r"""^(?:import|export)\b[^;]*?["']\./([\w.-]+\.js)["']""", re.MULTILINE)
_LOOK_EVERY_S = 1.0


class Kept(StaticFiles):
    """Files as a browser keeps them.

    Under ``/static/<version>/`` for good, since another version has another address, answered from
    memory, compressed once; under plain ``/static/``, as they are on disk, it asks each time
    whether they changed.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or 304 where the browser has it; 404 for an old version."""
        version, _, rest = path.partition("/")
        if version == recent_version() and (kept := _all_kept(version).get(rest)) is not None:
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
    for path in _files():
        name = path.relative_to(FOLDER).as_posix()
        plain = source(name).read_bytes()
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        found[name] = _File(media_type, plain, gzip.compress(plain, mtime=0))
    return found


def _files() -> Iterator[Path]:
    return (path for path in FOLDER.rglob("*") if path.is_file())


def recent_version() -> str:
    """Return ``files_version`` as it was within the last second: to look at all files takes one
    millisecond, and a page asks for all of them at once."""
    return _version_of(int(monotonic() / _LOOK_EVERY_S))


@lru_cache(maxsize=1)
def _version_of(second: int) -> str:
    return files_version()


def files_version() -> str:
    """Return what the files are now, in twelve hexadecimal digits; another once one changes."""
    found = [(path, path.stat()) for path in [*_files(), source("main.js")]]
    marks = sorted(f"{path} {stat.st_mtime_ns} {stat.st_size}" for path, stat in found)
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:12]


def source(name: str) -> Path:
    """Return the file that is served as ``name``: of ``main.js`` the bundle, unless a module is
    newer."""
    if name == "main.js" and BUNDLE.is_file():
        newest = max(path.stat().st_mtime_ns for path in FOLDER.glob("*.js"))
        if BUNDLE.stat().st_mtime_ns >= newest:
            return BUNDLE
    return FOLDER / name


def modules() -> list[str]:
    """Return ``main.js`` and the modules that it imports, each once, in the order in which it is
    met."""
    found = ["main.js"]
    for name in found:
        text = source(name).read_text("utf-8")
        found += [each for each in dict.fromkeys(_IMPORTED.findall(text)) if each not in found]
    return found
