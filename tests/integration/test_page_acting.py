"""What offices do about a case on the page, what they may not, and why a case is late in words."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from dashboards.access.audit import open_audit
from dashboards.access.gate import AUDIT_FILE
from dashboards.config import PageConfig
from dashboards.ports import Ports
from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas.action import ActionType
from schemas.errors import Unavailable
from tests.browser.page_support import AS_OF_MS, at, get, served
from tests.integration.page_accounts import (
    HERE,
    OVERALL,
    RED,
    THERE,
    Broker,
    Place,
)

SUPERVISED = {"level": "supervise"}


@pytest.fixture
def broker(place: Place) -> Broker:
    return place.broker


def act(place: Place, account: str, kind: str, case_id: str = HERE, **given: Any) -> httpx.Response:
    return place.clients[account].post(f"/api/cases/{case_id}/actions", json={"kind": kind} | given)


def acts_noted(place: Place) -> int:
    """How many actions the audit log says were done."""
    log = open_audit(place.folder / AUDIT_FILE)
    done = [line for line in log.lines(limit=10_000) if line.act in set(ActionType)]
    log.close()
    return len(done)


@pytest.mark.parametrize(
    ("account", "kind", "given", "sent"),
    [
        ("province", "ack", SUPERVISED, ("acknowledged", "province", OVERALL)),
        ("province", "unack", SUPERVISED, ("unacknowledged", "province", OVERALL)),
        ("province", "close", {"text": "已核实"}, ("closed", "province", OVERALL)),
        ("province", "ask-again", {}, ("repeated", "province", OVERALL)),
        ("wuhua", "feedback", {"text": "已入户"}, ("answered", "county", OVERALL)),
        ("wuhua", "ack", {"level": "red"}, ("acknowledged", "county", RED)),
        ("wuhua", "note", {"escalation_id": RED, "text": "x"}, ("noted", "county", RED)),
        ("kunming", "hand-over", {"level": "red", "to": "county-duty"},
         ("handed-over", "prefecture", RED)),
    ],
)  # fmt: skip
def test_an_action_leaves_with_the_side_of_its_reader(
    place: Place, broker: Broker, account: str, kind: str, given: dict[str, str], sent: Any
) -> None:
    answer = act(place, account, kind, **given)
    assert answer.status_code == 202, answer.text
    action = broker.sent[-1]
    assert (action.type.value, action.side.value, action.escalation_id) == sent
    assert (action.by, action.case_id, action.channel) == (account, HERE, "page")
    assert answer.json()["action_id"] == action.action_id
    log = open_audit(place.folder / AUDIT_FILE)
    newest = log.lines(account=account, limit=1)[0]
    log.close()
    assert (newest.act, newest.object) == (action.type.value, HERE)


@pytest.mark.parametrize(
    ("account", "kind", "given", "status"),
    [
        # The province is not silenced from below.
        ("wuhua", "ack", SUPERVISED, 403),
        ("kunming", "ack", {"escalation_id": OVERALL}, 403),
        ("wuhua", "unack", SUPERVISED, 403),
        ("wuhua", "close", {"text": "done"}, 403),
        ("kunming", "ask-again", {}, 403),
        ("analyst", "note", {"text": "x"}, 403),
        ("admin", "note", {"text": "x"}, 403),
        # What is not there.
        ("yuxi", "ack", {"level": "red"}, 404),
        ("wuhua", "ack", {"escalation_id": str(uuid.uuid4())}, 404),
        ("wuhua", "ack", {"level": "yellow"}, 409),
        # What is wrong.
        ("wuhua", "note", {}, 422),
        ("wuhua", "note", {"text": "电话 13812345678"}, 422),
        ("wuhua", "note", {"text": "x" * 501}, 422),
        ("wuhua", "hand-over", {"level": "red", "to": "nobody"}, 422),
        ("wuhua", "hand-over", {"level": "red"}, 422),
        ("wuhua", "ack", {"level": "red", "expires_at": "2020-01-01T00:00:00+08:00"}, 422),
        ("wuhua", "ack", {"level": "red", "expires_at": "tomorrow"}, 422),
        ("wuhua", "ack", {"level": "red", "side": "province"}, 422),
        ("wuhua", "shout", {}, 422),
    ],
)
def test_an_action_that_may_not_be_is_refused_and_not_sent(
    place: Place, broker: Broker, account: str, kind: str, given: dict[str, str], status: int
) -> None:
    before, noted = len(broker.sent), acts_noted(place)
    answer = act(place, account, kind, **given)
    assert answer.status_code == status, answer.text
    assert acts_noted(place) == noted, "what was not done is not noted as done"
    assert answer.json()["remedy"]["zh"]
    assert "13812345678" not in answer.text
    assert len(broker.sent) == before


def test_an_action_without_the_token_of_the_session_is_refused(
    place: Place, broker: Broker
) -> None:
    before = len(broker.sent)
    answer = place.clients["province"].post(
        f"/api/cases/{HERE}/actions", json={"kind": "ack"}, headers={"X-CSRF-Token": "guessed"}
    )
    assert answer.status_code == 403
    assert len(broker.sent) == before


def test_an_action_that_the_broker_did_not_take_is_said_not_to_be_done(
    place: Place, broker: Broker
) -> None:
    broker.is_down = True
    try:
        answer = act(place, "province", "ack", **SUPERVISED)
    finally:
        broker.is_down = False
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "9092" not in answer.text


def test_a_case_tells_what_was_done_and_sent_and_what_its_reader_may_do(place: Place) -> None:
    common = {"case_id": HERE, "escalation_id": RED, "level": "red"}
    place.rows.insert(
        "actions", action_id="a1", type="noted", at=at("06-02 10:00"), by="wuhua", side="county",
        channel="page", note="<script>alert(1)</script>", **common,
    )  # fmt: skip
    place.rows.insert(
        "actions", action_id="a2", type="noted", at=at("06-20 10:00"), by="wuhua", side="county",
        channel="page", note="later than now", **common,
    )  # fmt: skip
    place.rows.insert(
        "deliveries", delivery_id=uuid.uuid4(), revision=1, recipient="county-duty@console",
        endpoint="console", purpose="notice", attempt=1, outcome="delivered", why="sent",
        at=at("05-24 10:01"), **common,
    )  # fmt: skip
    client = place.clients["wuhua"]
    told = client.get(f"/api/cases/{HERE}/actions").json()
    assert [row["text"] for row in told["actions"]] == ["<script>alert(1)</script>"]
    assert "close" not in told["allowed"]["supervise"]
    assert {"feedback", "note", "hand-over"} <= set(told["allowed"]["supervise"])
    assert "ack" in told["allowed"]["red"]
    assert "county-duty" in told["groups"]
    sent = client.get(f"/api/cases/{HERE}/deliveries").json()["deliveries"]
    assert [(row["recipient"], row["outcome"]) for row in sent] == [
        ("county-duty@console", "delivered")
    ]


def test_the_account_of_a_case_is_that_of_explain_at_the_asked_instant(place: Place) -> None:
    client = place.clients["wuhua"]
    path = f"/api/cases/{HERE}/explanation"
    now = client.get(path).json()
    assert now["case_id"] == HERE
    overall = next(clock for clock in now["clocks"] if clock["clock"] == "overall")
    assert overall["breached_at"] == "2026-06-02T00:00:00+08:00"
    assert set(now["headline"]) == {"zh", "en"}
    assert "text" not in now
    earlier = client.get(path, params={"as_of": "2026-05-23T00:00:00+08:00", "lang": "zh"}).json()
    overall = next(clock for clock in earlier["clocks"] if clock["clock"] == "overall")
    assert overall["breached_at"] is None
    assert HERE in earlier["text"]
    assert "\x1b" not in earlier["text"]
    assert client.get(path, params={"lang": "fr"}).status_code == 422
    assert "h-secret" not in str(now)
    custody = client.get(f"/api/cases/{HERE}/custody").json()
    assert custody["custody"] == now["custody"]
    assert client.get(f"/api/cases/{THERE}/explanation").status_code == 404


def test_a_warehouse_that_fails_during_an_account_is_not_quoted(
    clickhouse_server: ClickHouseServer, place: Place
) -> None:
    def failing(*_: object) -> None:
        raise Unavailable("SELECT household FROM cases: refused")

    database = place.rows.client.connection.database
    config = PageConfig(port=clickhouse_server.port, database=database, as_of_ms=AS_OF_MS)
    with served(config, Ports(failing)) as address:
        answer = get(address, f"/api/cases/{HERE}/explanation")
        assert get(address, f"/api/cases/{HERE}").status_code == 200
    assert answer.status_code == 503
    assert "household" not in answer.text
