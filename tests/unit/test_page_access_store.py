"""Accounts, sessions and the audit log of the page, and the commands that keep them."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from typer.testing import CliRunner

from dashboards.access import passwords
from dashboards.access.audit import Act, Audit, open_audit
from dashboards.access.gate import AUDIT_FILE, USERS_FILE, is_loopback, may_be_open, open_gate
from dashboards.access.guard import seen
from dashboards.access.identity import Identity
from dashboards.access.limits import Limits
from dashboards.access.roles import RIGHTS, Reader, Role
from dashboards.access.sessions import Sessions
from dashboards.access.store import Store
from dashboards.access.users import TABLES, Users
from dashboards.config import PageConfig
from dashboards.problems import Refused
from jushou.cli.main import app
from schemas.errors import Misconfigured

PASSWORD = "correct horse battery staple"
COUNTY = Reader("wuhua", "五华区", Role.COUNTY, "530102")
MINUTE_MS = 60_000
DOCUMENT = Path(__file__).parents[2] / "docs" / "access.md"


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000_000

    def __call__(self) -> int:
        return self.now_ms

    def pass_minutes(self, minutes: float) -> None:
        self.now_ms += int(minutes * MINUTE_MS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Iterator[Callable[..., Sessions]]:
    store = Store(None, TABLES)
    yield lambda idle_s=600, longest_s=3600: Sessions(store, clock, idle_s, longest_s)
    store.close()


def test_a_session_ends_for_want_of_use(sessions: Callable[..., Sessions], clock: Clock) -> None:
    kept = sessions()
    token = kept.begin(Identity(COUNTY, "local"))
    for _ in range(3):
        clock.pass_minutes(9)
        assert kept.find(token) is not None
    clock.pass_minutes(10)
    assert kept.find(token) is None
    clock.pass_minutes(-5)
    assert kept.find(token) is None, "an ended session is gone for good"


def test_what_goes_on_by_itself_does_not_prolong_a_session(
    sessions: Callable[..., Sessions], clock: Clock
) -> None:
    kept = sessions()
    token = kept.begin(Identity(COUNTY, "local"))
    clock.pass_minutes(9)
    assert kept.find(token, is_use=False) is not None
    clock.pass_minutes(1)
    assert kept.find(token) is None


def test_nothing_prolongs_a_session_beyond_its_length(
    sessions: Callable[..., Sessions], clock: Clock
) -> None:
    kept = sessions(idle_s=0)
    token = kept.begin(Identity(COUNTY, "local"))
    clock.pass_minutes(59)
    assert kept.find(token) is not None
    clock.pass_minutes(1)
    assert kept.find(token) is None


def test_the_store_holds_no_token_and_no_password(tmp_path: Path) -> None:
    path = tmp_path / "a" / USERS_FILE
    store = Store(path, TABLES)
    Users(store).add(COUNTY, PASSWORD)
    token = Sessions(store, Clock(), 600, 3600).begin(Identity(COUNTY, "local"))
    store.close()
    raw = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert b"$argon2id$" in raw
    assert token.encode() not in raw
    assert PASSWORD.encode() not in raw
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("reader", "password", "fault"),
    [
        (Reader("Wu Hua", "x", Role.ADMIN), PASSWORD, "an account is 2 to 32"),
        (Reader("wuhua", "", Role.ADMIN), PASSWORD, "a name has 1 to 40"),
        (Reader("wuhua", "13812345678", Role.ADMIN), PASSWORD, "telephone"),
        (Reader("wuhua", "x", Role.COUNTY, "530199"), PASSWORD, "'530199' of a county"),
        (Reader("wuhua", "x", Role.COUNTY, "530100"), PASSWORD, "'530100' of a county"),
        (Reader("wuhua", "x", Role.PREFECTURE, "530102"), PASSWORD, "'530102' of a prefecture"),
        (Reader("wuhua", "x", Role.ANALYST, "530102"), PASSWORD, "not the code of 530000"),
        (COUNTY, "short", "15 to 256 characters"),
        (COUNTY, "a" * 20, "different characters"),
        (COUNTY, "the office of Wuhua county", "does not contain its account"),
    ],
)
def test_an_account_that_cannot_work_is_refused_with_the_reason(
    reader: Reader, password: str, fault: str
) -> None:
    store = Store(None, TABLES)
    with pytest.raises(Misconfigured, match=re.escape(fault)):
        Users(store).add(reader, password)
    assert Users(store).all() == []
    store.close()


def test_an_account_is_added_once() -> None:
    store = Store(None, TABLES)
    Users(store).add(COUNTY, PASSWORD)
    with pytest.raises(Misconfigured, match="already"):
        Users(store).add(COUNTY, PASSWORD)
    assert Users(store).identify("WUHUA", PASSWORD) == Identity(COUNTY, "local")
    assert Users(store).identify("wuhua", PASSWORD + " ") is None
    store.close()


def test_a_password_that_is_made_up_will_do() -> None:
    made = {passwords.generated() for _ in range(20)}
    assert len(made) == 20
    assert not any(passwords.faults_of(each, "wuhua") for each in made)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Audit]:
    opened = open_audit(tmp_path / AUDIT_FILE)
    for number in range(3):
        opened.write(number, Act.CASE_SEEN, COUNTY, "127.0.0.1", f"C-{number}")
    yield opened
    opened.close()


def test_the_audit_log_refuses_changes_and_removals(log: Audit, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / AUDIT_FILE)
    for sql in ("DELETE FROM audit", "UPDATE audit SET account = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(sql)
    other.close()
    assert [line.object for line in log.lines()] == ["C-2", "C-1", "C-0"]
    assert log.first_broken() is None


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE audit SET account = 'x' WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 1", 1),
    ],
)
def test_a_line_that_was_tampered_with_is_noticed(
    log: Audit, tmp_path: Path, sql: str, broken: int
) -> None:
    other = sqlite3.connect(tmp_path / AUDIT_FILE, isolation_level=None)
    for trigger in ("audit_keeps", "audit_stays"):
        other.execute(f"DROP TRIGGER {trigger}")
    other.execute(sql)
    other.close()
    assert log.first_broken() == broken


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True), ("127.0.0.1:8080", True), ("localhost:8080", True), ("::1", True),
        ("[::1]:8080", True), ("0.0.0.0", False), ("10.0.0.1:8080", False), ("", False),
        ("localhost.evil.example", False), ("127.0.0.1.evil.example:80", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_taken_for_this_machine(host: str, is_here: bool) -> None:
    assert is_loopback(host) is is_here
    assert may_be_open(True, host) is is_here
    assert may_be_open(False, host) is False


def test_a_page_that_nobody_could_sign_in_to_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="jushou users add"):
        open_gate(PageConfig(access_folder=tmp_path))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setenv("JUSHOU_FOLDER", str(tmp_path))
    monkeypatch.setenv("JUSHOU_SIMULATED", "false")
    monkeypatch.setenv("COLUMNS", "150")

    def command(*words: str, typed: str | None = None, fails: bool = False) -> str:
        result = CliRunner().invoke(app, list(words), input=typed)
        assert (result.exit_code != 0) is fails, result.output
        return result.output + str(result.exception or "")

    return command


def test_accounts_are_kept_by_commands_that_never_show_a_password(run: Callable[..., str]) -> None:
    assert "users add" in run("page", fails=True)
    shown = run("users", "add", "wuhua", "--role", "county", "--region", "530102",
                typed=PASSWORD + "\n")  # fmt: skip
    assert "added wuhua, county 530102" in shown
    made = run("users", "add", "duty", "--role", "province", "--generate")
    assert re.search(r"password: ([a-z2-9]{5}-){4}[a-z2-9]{5}", made)
    listed = run("users", "list")
    assert "wuhua" in listed
    assert "argon2" not in shown + listed
    assert PASSWORD not in shown + listed
    run("users", "password", "duty", typed=PASSWORD + "\n")
    run("users", "remove", "duty")
    assert "duty" not in run("users", "list")
    assert "no account" in run("users", "remove", "duty", fails=True)


def test_the_audit_log_is_read_and_verified_by_a_command(
    run: Callable[..., str], tmp_path: Path
) -> None:
    opened = open_audit(tmp_path / "access" / AUDIT_FILE)
    opened.write(1_780_000_000_000, Act.CASE_SEEN, COUNTY, "192.0.2.7", "C-1")
    opened.close()
    shown = run("audit", "--case", "C-1")
    assert all(text in shown for text in ("wuhua", "case-seen", "C-1", "192.0.2.7"))
    assert "C-1" not in run("audit", "--account", "somebody")
    assert '"act": "case-seen"' in run("audit", "--json")
    assert "no line was changed" in run("audit", "--verify")


def test_the_table_of_rights_is_the_documented_one() -> None:
    text = DOCUMENT.read_text("utf-8")
    for role, rights in RIGHTS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{role}` |"))
        assert set(re.findall(r"`(\w+)`", row)) - {str(role)} == {str(right) for right in rights}


def test_too_many_requests_of_one_session_are_told_when_to_come_back() -> None:
    limits = Limits()
    for _ in range(300):
        limits.check_request("one")
    with pytest.raises(Refused) as refused:
        limits.check_request("one")
    assert refused.value.status == 429
    assert 0 < int((refused.value.headers or {})["Retry-After"]) <= 30
    limits.check_request("another")
    limits.check_request(None)


def test_failures_are_counted_by_account_and_address_and_by_each_alone() -> None:
    limits = Limits()
    for _ in range(5):
        limits.check_sign_in("wuhua", "192.0.2.1")
        limits.sign_in_failed("WuHua", "192.0.2.1")
    with pytest.raises(Refused):
        limits.check_sign_in("wuhua", "192.0.2.1")
    limits.check_sign_in("wuhua", "192.0.2.2")
    for number in range(25):
        limits.sign_in_failed(f"guess{number}", "192.0.2.1")
    with pytest.raises(Refused):
        limits.check_sign_in("never-tried", "192.0.2.1")
    for number in range(45):
        limits.sign_in_failed("wuhua", f"198.51.100.{number}")
    with pytest.raises(Refused):
        limits.check_sign_in("wuhua", "203.0.113.7")


async def test_looks_at_the_same_thing_at_once_are_one_line() -> None:
    """The page asks for all parts of a case together."""
    page = FastAPI()
    page.state.gate = open_gate(PageConfig(is_open=True))
    try:
        request = Request({"type": "http", "app": page, "client": ("127.0.0.1", 1), "headers": []})
        parts = [seen(request, COUNTY, Act.CASE_SEEN, of) for of in ("C-1", "C-1", "C-2")]
        await asyncio.gather(*parts)
        lines = page.state.gate.audit.lines()
        assert sorted((line.act, line.object) for line in lines) == [
            ("case-seen", "C-1"), ("case-seen", "C-2"),
        ]  # fmt: skip
    finally:
        page.state.gate.close()
