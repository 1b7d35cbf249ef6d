"""Who may see what on the page: every route, by nobody, by the wrong role and region."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from dashboards.access.audit import Act, open_audit
from dashboards.access.gate import AUDIT_FILE, now_ms, users_of
from dashboards.access.guard import Needs, Public, check_guards, guard_of, routes_of
from dashboards.access.roles import RIGHTS, Right, Role
from dashboards.app import create_app
from dashboards.config import PageConfig
from dashboards.panels import PANELS
from jushou.runtime.clickhouse_server import ClickHouseServer
from jushou.runtime.ports import free_port
from tests.browser.page_support import DEADLINE_S, get, served
from tests.integration.page_accounts import (
    CHENGJIANG,
    FAMILY_HERE,
    FAMILY_THERE,
    HERE,
    PASSWORD,
    READERS,
    THERE,
    WUHUA,
    Place,
    sign_in,
)

LISTS = ("escalations", "late", "open_cases", "supervised", "leads", "household_list")
# One address for each route. A route that is not here fails the test below.
ADDRESSES = {
    "/": "/",
    "/case/{case_id:path}": f"/case/{HERE}",
    "/livez": "/livez",
    "/readyz": "/readyz",
    "/metrics": "/metrics",
    "/api/session": "/api/session",
    "/api/sign-in": "/api/sign-in",
    "/api/sign-out": "/api/sign-out",
    "/api/names": "/api/names",
    "/api/audit": "/api/audit",
    "/api/audit.csv": "/api/audit.csv",
    "/api/definitions": "/api/definitions",
    "/api/queries/{name}.sql": "/api/queries/counts.sql",
    "/api/openapi.json": "/api/openapi.json",
    "/api/panels/{name}": "/api/panels/numbers",
    "/api/panels/{name}.csv": "/api/panels/numbers.csv",
    "/api/live": "/api/live",
    "/api/cases/{case_id:path}": f"/api/cases/{HERE}",
    "/api/cases/{case_id:path}/explanation": f"/api/cases/{HERE}/explanation",
    "/api/cases/{case_id:path}/custody": f"/api/cases/{HERE}/custody",
    "/api/cases/{case_id:path}/deliveries": f"/api/cases/{HERE}/deliveries",
    "/api/cases/{case_id:path}/actions": f"/api/cases/{HERE}/actions",
    "/api/households/{pseudonym}": f"/api/households/{FAMILY_HERE}",
}
# Those whose answer is of a place: the same, asked of another county.
ELSEWHERE = {
    "/api/panels/{name}": f"/api/panels/numbers?county={CHENGJIANG}",
    "/api/panels/{name}.csv": f"/api/panels/supervised.csv?county={CHENGJIANG}",
    "/api/live": f"/api/live?county={CHENGJIANG}",
    "/api/cases/{case_id:path}": f"/api/cases/{THERE}",
    "/api/cases/{case_id:path}/explanation": f"/api/cases/{THERE}/explanation",
    "/api/cases/{case_id:path}/custody": f"/api/cases/{THERE}/custody",
    "/api/cases/{case_id:path}/deliveries": f"/api/cases/{THERE}/deliveries",
    "/api/cases/{case_id:path}/actions": f"/api/cases/{THERE}/actions",
    "/api/households/{pseudonym}": f"/api/households/{FAMILY_THERE}",
}
# Those whose answer is the same for everybody who may ask.
OF_NO_PLACE = {"/api/names", "/api/audit", "/api/audit.csv", "/api/definitions",
               "/api/queries/{name}.sql", "/api/openapi.json", "/api/sign-out"}  # fmt: skip


def app() -> FastAPI:
    return create_app(PageConfig(port=free_port(), is_open=True))


def guarded() -> list[tuple[str, str, Right]]:
    """Method, route and right of every route that is not public."""
    return [
        (method, route.path, guard.right)
        for route in routes_of(app())
        if isinstance(guard := guard_of(route), Needs)
        for method in sorted(route.methods)
    ]


def ask(client: httpx.Client, method: str, address: str) -> int:
    """The status of an answer; a stream is left once it has begun."""
    with client.stream(method, address) as answer:
        return answer.status_code


def test_every_route_is_one_that_these_tests_try() -> None:
    routes = [(route.path, guard_of(route)) for route in routes_of(app())]
    assert {path for path, _ in routes} == set(ADDRESSES)
    needing = {path for path, guard in routes if isinstance(guard, Needs)}
    assert needing == set(ELSEWHERE) | OF_NO_PLACE
    assert all(guard.why for _, guard in routes if isinstance(guard, Public))


def test_a_page_with_a_route_that_nothing_guards_does_not_start() -> None:
    page = app()

    @page.get("/api/forgotten")
    def forgotten() -> str:
        return "everything"

    with pytest.raises(AssertionError, match="/api/forgotten"):
        check_guards(page)


@pytest.mark.parametrize(("method", "route", "right"), guarded())
def test_nobody_is_answered_without_a_session(
    place: Place, method: str, route: str, right: Right
) -> None:
    with place.new_client() as client:
        assert ask(client, method, ADDRESSES[route]) == 401
        client.cookies.set("jushou", "x" * 43)
        answer = client.request(method, ADDRESSES[route])
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:jushou:problem:sign-in-needed"


@pytest.mark.parametrize(("method", "route", "right"), guarded())
def test_a_role_without_the_right_is_refused(
    place: Place, method: str, route: str, right: Right
) -> None:
    for reader in READERS:
        if right not in RIGHTS[reader.role]:
            assert ask(place.clients[reader.account], method, ADDRESSES[route]) == 403
        elif method == "GET":
            assert ask(place.clients[reader.account], method, ADDRESSES[route]) in (200, 404)


@pytest.mark.parametrize("route", ELSEWHERE)
def test_a_region_that_is_not_the_readers_is_refused(place: Place, route: str) -> None:
    for account in ("wuhua", "kunming"):
        refused = 404 if "cases" in route or "households" in route else 403
        assert ask(place.clients[account], "GET", ELSEWHERE[route]) == refused
        assert ask(place.clients[account], "GET", ADDRESSES[route]) == 200
    for account in ("province", "yuxi"):
        assert ask(place.clients[account], "GET", ELSEWHERE[route]) == 200


@pytest.mark.parametrize(
    ("account", "scope", "status"),
    [
        ("wuhua", {"prefecture": "530100"}, 200),
        ("wuhua", {"prefecture": "530400"}, 403),
        ("wuhua", {"county": "530103"}, 403),
        ("kunming", {"county": WUHUA}, 200),
        ("kunming", {"prefecture": "530400"}, 403),
        ("kunming", {"prefecture": "530100", "county": CHENGJIANG}, 403),
        ("analyst", {"county": WUHUA}, 200),
        ("analyst", {"county": WUHUA, "township": "530102001"}, 403),
    ],
)
def test_a_place_is_compared_by_its_whole_code(
    place: Place, account: str, scope: dict[str, str], status: int
) -> None:
    answer = place.clients[account].get("/api/panels/numbers", params=scope)
    assert answer.status_code == status


def test_a_reader_who_names_no_place_sees_their_own(place: Place) -> None:
    def open_cases(account: str) -> int:
        answer = place.clients[account].get("/api/panels/numbers").json()
        return int(answer["rows"][0]["open"])

    assert {account: open_cases(account) for account in place.clients} == {
        "province": 3, "kunming": 1, "wuhua": 1, "analyst": 3, "admin": 3, "yuxi": 2,
    }  # fmt: skip
    for panel in ("escalations", "supervised"):
        listed = place.clients["wuhua"].get(f"/api/panels/{panel}").json()["rows"]
        assert {row["case_id"] for row in listed} == {HERE}


@pytest.mark.parametrize("account", ["analyst", "admin"])
@pytest.mark.parametrize("panel", PANELS)
def test_whoever_sees_no_cases_gets_no_case_number(place: Place, account: str, panel: str) -> None:
    for suffix in ("", ".csv"):
        answer = place.clients[account].get(f"/api/panels/{panel}{suffix}")
        assert answer.status_code == 403 or not {HERE, THERE} & set(answer.text.split('"'))
        if panel in LISTS:
            assert answer.status_code == 403


class Heard:
    """Reads a live stream until a name has come, and keeps what was said."""

    def __init__(self, answer: httpx.Response) -> None:
        self.lines = answer.iter_lines()
        self.text = ""

    def until(self, *names: str) -> str:
        for line in self.lines:
            self.text += line + "\n"
            if line.startswith("event: ") and line[7:] in names:
                return line[7:]
        return "the end"


@pytest.mark.parametrize(
    ("account", "seen", "unseen"),
    [("wuhua", HERE, THERE), ("yuxi", THERE, HERE), ("analyst", "numbers", "C-")],
)
def test_a_live_stream_has_only_what_its_reader_may_see(
    place: Place, account: str, seen: str, unseen: str
) -> None:
    with place.clients[account].stream("GET", "/api/live") as answer:
        heard = Heard(answer)
        # A second each; on a busy machine the lists come later than the counts.
        for _ in range(30):
            heard.until("tick")
            if seen in heard.text:
                break
        heard.until("tick")
    assert seen in heard.text
    assert unseen not in heard.text


def test_a_live_stream_ends_when_its_reader_signs_out(place: Place) -> None:
    with place.new_client() as client, place.new_client() as same:
        sign_in(client, "wuhua")
        same.cookies.update(client.cookies)
        with same.stream("GET", "/api/live") as answer:
            heard = Heard(answer)
            assert heard.until("tick") == "tick"
            assert client.post("/api/sign-out").status_code == 200
            assert heard.until("signed-out") == "signed-out"
            assert heard.until("nothing more") == "the end"


def test_signing_out_ends_the_session_on_the_server(place: Place) -> None:
    with place.new_client() as client:
        sign_in(client, "wuhua")
        cookie = client.cookies["jushou"]
        assert client.get("/api/session").status_code == 200
        assert client.post("/api/sign-out").json() == {"signed_out": True}
        assert "jushou" not in client.cookies
        client.cookies.set("jushou", cookie)
        assert client.get("/api/session").status_code == 401


def test_signing_in_gives_a_new_session_and_ends_the_one_before(place: Place) -> None:
    with place.new_client() as client:
        client.cookies.set("jushou", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
        first = sign_in(client, "wuhua")
        assert "chosen-by-somebody-else" not in first.headers["set-cookie"]
        before = client.cookies["jushou"]
        sign_in(client, "wuhua")
        assert client.cookies["jushou"] != before
        client.cookies.set("jushou", before, domain="127.0.0.1", path="/")
        assert client.get("/api/session").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(place: Place) -> None:
    with place.new_client() as client:
        cookie = sign_in(client, "wuhua").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie
    assert "secure" not in cookie


async def test_beyond_this_machine_the_cookie_travels_over_tls_alone(tmp_path: Path) -> None:
    users, store = users_of(tmp_path)
    users.add(READERS[0], PASSWORD)
    store.close()
    page = create_app(PageConfig(access_folder=tmp_path, listen_host="0.0.0.0"))
    given = {"user": "province", "password": PASSWORD}
    over = httpx.ASGITransport(app=page)
    async with httpx.AsyncClient(transport=over, base_url="https://page.example") as client:
        cookie = (await client.post("/api/sign-in", json=given)).headers["set-cookie"]
        assert cookie.startswith("__Host-jushou=")
        assert "Secure" in cookie
        told = await client.get("/api/session")
        assert told.json()["user"] == "province"
        assert "max-age" in told.headers["strict-transport-security"]
    async with httpx.AsyncClient(transport=over, base_url="http://page.example") as client:
        answer = await client.post("/api/sign-in", json=given)
        assert answer.json()["type"] == "urn:jushou:problem:insecure-connection"
    page.state.gate.close()


def test_the_session_says_who_reads_and_what_they_may(place: Place) -> None:
    told = place.clients["wuhua"].get("/api/session").json()
    assert {name: told[name] for name in ("user", "name", "role", "region", "open")} == {
        "user": "wuhua", "name": "五华区", "role": "county", "region": WUHUA, "open": False,
    }  # fmt: skip
    assert told["rights"] == ["act", "cases", "counts", "households"]
    assert told["csrf"] == place.clients["wuhua"].headers["X-CSRF-Token"]


def test_a_change_needs_the_token_of_its_session_and_comes_from_this_site(place: Place) -> None:
    with place.new_client() as client:
        sign_in(client, "wuhua")
        token = client.headers["X-CSRF-Token"]
        for headers in (
            {"X-CSRF-Token": ""},
            {"X-CSRF-Token": place.clients["province"].headers["X-CSRF-Token"]},
            {"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"},
            {"X-CSRF-Token": token, "Origin": "https://elsewhere.example"},
        ):
            answer = client.post("/api/sign-out", headers=headers)
            assert answer.status_code == 403, headers
            assert answer.json()["type"] == "urn:jushou:problem:forged-request"
        given = {"user": "wuhua", "password": PASSWORD}
        foreign = {"Origin": "https://elsewhere.example"}
        assert client.post("/api/sign-in", json=given, headers=foreign).status_code == 403


def test_a_wrong_password_and_an_unknown_account_are_told_alike(
    clickhouse_server: ClickHouseServer, tmp_path: Path
) -> None:
    users, store = users_of(tmp_path)
    users.add(READERS[0], PASSWORD)
    store.close()
    with (
        served(PageConfig(port=free_port(), access_folder=tmp_path)) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        wrong = sign_in(client, "province", "x" * 20)
        unknown = sign_in(client, "nobody", "x" * 20)
        assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
        assert wrong.status_code == 401
        assert not client.cookies
        for _ in range(4):
            sign_in(client, "province", "x" * 20)
        # Even the right one, or the next guess would tell.
        locked = sign_in(client, "province")
        assert locked.status_code == 429
        assert 0 < int(locked.headers["retry-after"]) <= 300
        assert sign_in(client, "kunming", "x" * 20).status_code == 401
    log = open_audit(tmp_path / AUDIT_FILE)
    failed = log.lines(act=Act.SIGN_IN_FAILED)
    assert {line.account for line in failed} == {"province", "?"}
    log.close()


def test_a_view_of_a_case_is_noted_and_what_was_typed_is_not(place: Place) -> None:
    log = open_audit(place.folder / AUDIT_FILE)
    try:
        begun_ms = now_ms()
        for part in ("", "/deliveries", "/actions", "/custody"):
            place.clients["kunming"].get(f"/api/cases/{HERE}{part}")
        looks = [line for line in log.lines(account="kunming", of=HERE) if line.act == "case-seen"]
        # One of another test may be less than a minute old; then these are part of it.
        assert sum(look.at_ms >= begun_ms for look in looks) <= 1, "its parts are one look"
        newest = looks[0]
        assert (newest.act, newest.object, newest.role, newest.region, newest.address) == (
            "case-seen", HERE, "prefecture", "530100", "127.0.0.1",
        )  # fmt: skip
        place.clients["kunming"].get(f"/api/cases/{THERE}")
        refused = log.lines(account="kunming", limit=1)[0]
        assert (refused.act, refused.object) == ("refused", THERE)
        place.clients["kunming"].get("/api/cases/13812345678")
        assert log.lines(account="kunming", limit=1) == [refused]
        place.clients["kunming"].get(f"/api/households/{FAMILY_HERE}")
        looked, *_ = log.lines(account="kunming", of=FAMILY_HERE)
        assert looked.act == "household-seen"
        for path, of in (("/api/panels/late", "late"), ("/api/live", "overview")):
            for _ in range(2):
                with place.clients["kunming"].stream("GET", path):
                    pass
            [listed] = log.lines(account="kunming", act=Act.LIST_SEEN, of=of)
            assert listed.region == "530100"
        assert log.lines(account="analyst", act=Act.LIST_SEEN) == [], "it is shown no list of cases"
        place.clients["kunming"].get("/api/panels/supervised.csv")
        exported = log.lines(account="kunming", limit=1)[0]
        assert (exported.act, exported.object) == ("list-exported", "supervised")
        read = place.clients["admin"].get("/api/audit", params={"account": "kunming"}).json()
        assert read["lines"][0]["act"] == "list-exported"
        of_then = {"account": "kunming", "until": "2020-01-01"}
        assert place.clients["admin"].get("/api/audit", params=of_then).json()["lines"] == []
        looked_at = {"act": "household-seen", "of": FAMILY_HERE}
        of_now = looked_at | {"account": "kunming", "since": "2020-01-01"}
        table = place.clients["admin"].get("/api/audit.csv", params=of_now).text
        assert table.splitlines()[1].split(",")[2:7] == [
            "kunming", "prefecture", "530100", "household-seen", FAMILY_HERE,
        ]  # fmt: skip
        assert place.clients["admin"].get("/api/audit?since=2026-02-30").status_code == 422
        assert log.lines(limit=1)[0].act == "audit-read"
    finally:
        log.close()


def test_a_household_tells_its_risk_and_life_and_nobodys_name(place: Place) -> None:
    told = place.clients["wuhua"].get(f"/api/households/{FAMILY_HERE}").json()
    assert (told["household"]["county"], told["household"]["status"]) == (WUHUA, "found")
    assert told["household"]["risk_index"] == 40
    assert [(each["code"], each["adds"]) for each in told["drivers"]] == [("medical-expense", 40)]
    assert [each["event"] for each in told["life"]] == ["found"]
    assert told["trail"][0]["risk_index"] == 40
    assert told["signals"] == []


def test_a_session_ends_when_its_account_changes(place: Place) -> None:
    users, store = users_of(place.folder)
    account = READERS[2]
    newcomer = type(account)("guandu", "官渡区", Role.COUNTY, "530111")
    try:
        users.add(newcomer, PASSWORD)
        with place.new_client() as client:
            sign_in(client, "guandu")
            users.set_password("guandu", PASSWORD + "!")
            assert client.get("/api/session").status_code == 401
            assert sign_in(client, "guandu").status_code == 401
            sign_in(client, "guandu", PASSWORD + "!")
            users.remove("guandu")
            assert client.get("/api/names").status_code == 401
    finally:
        store.close()


def test_an_open_demo_shows_the_province_but_acts_for_nobody() -> None:
    with served(PageConfig(port=free_port())) as address:
        told = get(address, "/api/session").json()
        assert (told["role"], told["open"], told["csrf"]) == ("province", True, "")
        assert "act" not in told["rights"]
        assert get(address, "/api/names").status_code == 200
        elsewhere = httpx.get(
            f"{address}/api/names", headers={"Host": "evil.example"}, timeout=DEADLINE_S
        )
        assert elsewhere.status_code == 401


def test_the_metrics_are_for_this_machine_or_for_the_token() -> None:
    with served(PageConfig(port=free_port(), metrics_token="t0ken")) as address:
        passed_on = {"X-Forwarded-For": "203.0.113.9"}
        with_token = passed_on | {"Authorization": "Bearer t0ken"}
        for headers, status in (({}, 200), (passed_on, 401), (with_token, 200)):
            answer = httpx.get(f"{address}/metrics", headers=headers, timeout=DEADLINE_S)
            assert answer.status_code == status


def test_no_refusal_holds_a_query_or_what_is_in_a_row(place: Place) -> None:
    texts: list[dict[str, Any]] = []
    for path in ("/api/cases/x' OR 1=1", "/api/panels/numbers?county=x", "/api/none", "/none"):
        texts.append(place.clients["wuhua"].get(path).json())
    said = json.dumps(texts).lower()
    assert not any(word in said for word in ("select", "from cases", "traceback", "h-secret"))
