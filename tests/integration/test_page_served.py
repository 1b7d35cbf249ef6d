"""How the page itself is served: small, kept by the browser, and nothing foreign or inline."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import dashboards.page_files
from dashboards.config import PageConfig
from dashboards.page_files import BUNDLE, FOLDER, files_version, modules, source
from jushou.runtime.ports import free_port
from tests.browser.page_support import served

MOST_BYTES = 250_000
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|javascript:|\bstyle=", re.IGNORECASE)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with (
        served(PageConfig(port=free_port())) as address,
        httpx.Client(base_url=address, timeout=30) as browser,
    ):
        yield browser


def loaded(client: httpx.Client) -> dict[str, httpx.Response]:
    """What a browser fetches before the page can be used, without the rows."""
    shell = client.get("/")
    found = {"/": shell}
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', shell.text):
        found[path] = client.get(path)
    for path in ("/api/session", "/api/names", "/api/definitions"):
        found[path] = client.get(path)
    return found


def test_all_that_is_needed_before_first_use_is_small(client: httpx.Client) -> None:
    answers = loaded(client)
    assert all(answer.status_code == 200 for answer in answers.values())
    sizes = {path: answer.num_bytes_downloaded for path, answer in answers.items()}
    assert sum(sizes.values()) < MOST_BYTES, sizes
    assert {f"/static/{files_version()}/{name}" for name in modules()} <= set(answers)


def imported(name: str) -> set[str]:
    return set(re.findall(r'from "\./([\w.-]+)"', source(name).read_text("utf-8")))


def test_all_modules_come_in_one_piece() -> None:
    """But the one that asks for what the page needs, which runs while that piece is read."""
    assert source("main.js") == BUNDLE, "make setup bundles the page"
    assert modules() == ["main.js", "early.js"]
    assert imported("main.js") == {"early.js"}


def test_every_module_that_one_imports_is_fetched_at_once_where_nobody_bundled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboards.page_files, "BUNDLE", tmp_path / "main.js")
    assert {name for each in modules() for name in imported(each)} <= set(modules())
    assert len(modules()) == len(set(modules())) > 20


def test_a_bundle_older_than_a_module_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "main.js"
    monkeypatch.setattr(dashboards.page_files, "BUNDLE", bundle)
    bundle.write_text("bundled")
    newest = max(path.stat().st_mtime_ns for path in FOLDER.glob("*.js"))
    os.utime(bundle, ns=(newest, newest))
    assert source("main.js") == bundle
    served = files_version()
    os.utime(bundle, ns=(newest - 1, newest - 1))
    assert source("main.js") == FOLDER / "main.js"
    assert files_version() != served


def test_nothing_of_the_page_is_inline_or_foreign(client: httpx.Client) -> None:
    for path in ("/", "/case/C-1", "/nowhere"):
        text = client.get(path, headers={"Accept": "text/html"}).text
        assert not INLINE.search(text), INLINE.search(text)
        assert not re.search(r'(?:src|href)="(?!#|/(?!/))', text)


def test_files_are_kept_for_good_under_their_version_alone(client: httpx.Client) -> None:
    version = files_version()
    kept = client.get(f"/static/{version}/main.js")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-encoding"] == "gzip"
    asked = client.get("/static/main.js")
    assert asked.headers["cache-control"] == "no-cache"
    etag = {"If-None-Match": asked.headers["etag"]}
    assert client.get("/static/main.js", headers=etag).status_code == 304
    assert client.get("/static/0123456789ab/main.js").status_code == 404
    assert client.get(f"/static/{version}/../page.py").status_code == 404
    assert client.get(f"/static/{version}/%2e%2e/page.py").status_code == 404


def test_a_changed_file_changes_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboards.page_files, "FOLDER", tmp_path)
    (tmp_path / "main.js").write_text("1")
    before = files_version()
    assert files_version() == before
    (tmp_path / "main.js").write_text("22")
    assert files_version() != before


def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(
    client: httpx.Client,
) -> None:
    page = client.get("/nowhere", headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "首页" in page.text
    for path, accept in (("/nowhere", "*/*"), ("/api/nowhere", "text/html")):
        answer = client.get(path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_a_problem(client: httpx.Client) -> None:
    answer = client.delete("/api/names")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
