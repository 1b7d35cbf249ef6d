"""A page with an account of each role, over rows of two counties; for tests of who may see what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from clickhouse_driver import Client

from dashboards.access.gate import users_of
from dashboards.access.roles import PROVINCE, Reader, Role
from dashboards.config import PageConfig
from dashboards.ports import Ports
from jushou.cli.page_ports import explaining
from jushou.runtime.clickhouse_server import ClickHouseServer
from schemas.action import Action, encode_action
from schemas.action_rules import action_rules, check_action
from schemas.errors import Unavailable
from schemas.routing.load import load_routing
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.server import Server
from tests.browser.page_support import AS_OF_MS, DEADLINE_S, Rows, at, served

RULES = action_rules(load_routing(None))
PASSWORD = "correct horse battery staple"
WUHUA, CHENGJIANG = "530102", "530481"  # of Kunming 530100, of Yuxi 530400
HERE, THERE = "C-here", "C-there"
FAMILY_HERE, FAMILY_THERE = "H-here", "H-there"
OVERALL = "22222222-2222-5222-8222-222222222222"
RED = "33333333-3333-5333-8333-333333333333"

READERS = (
    Reader("province", "省级值班", Role.PROVINCE),
    Reader("kunming", "昆明市", Role.PREFECTURE, "530100"),
    Reader("wuhua", "五华区", Role.COUNTY, WUHUA),
    Reader("analyst", "分析", Role.ANALYST),
    Reader("admin", "管理员", Role.ADMIN),
    Reader("yuxi", "玉溪市", Role.PREFECTURE, "530400"),
)
assert READERS[0].region == PROVINCE


class Broker:
    """Stands in for the sender of the notifier: checks as it does, and keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[Action] = []
        self.is_down = False

    def send(self, action: Action) -> None:
        if self.is_down:
            raise Unavailable("Kafka at nowhere:9092 did not take the action")
        check_action(RULES, action)
        encode_action(action)
        self.sent.append(action)


@dataclass(frozen=True)
class Place:
    """A page, where its accounts are, and a signed-in client of each."""

    address: str
    folder: Path
    rows: Rows
    clients: dict[str, httpx.Client]
    broker: Broker

    def new_client(self) -> httpx.Client:
        """A browser that nobody signed in with; the caller closes it."""
        return httpx.Client(base_url=self.address, timeout=DEADLINE_S)


def sign_in(client: httpx.Client, account: str, password: str = PASSWORD) -> httpx.Response:
    """Sign in, and let the client carry the token of its session from then on."""
    answer = client.post("/api/sign-in", json={"user": account, "password": password})
    if answer.status_code == httpx.codes.OK:
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return answer


@contextmanager
def migrated(server: ClickHouseServer, database: str) -> Iterator[str]:
    """A database with all tables, for the tests of a module: to make them takes seconds."""
    with Client(server.host, server.port) as client:
        client.execute(f"CREATE DATABASE {database}")
        try:
            migrate(Server(server.host, server.port, database))
            yield database
        finally:
            client.execute(f"DROP DATABASE {database} SYNC")


def emptied(client: Client) -> Rows:
    """Rows of a migrated database in which no case, event, escalation or count is left."""
    for table in ("aggregates", "cases", "case_events", "escalations"):
        client.execute(f"TRUNCATE TABLE {table}")
    return Rows(client)


@contextmanager
def page_with_accounts(server: ClickHouseServer, database: str, folder: Path) -> Iterator[Place]:
    """A page over a database of its own, with all accounts signed in."""
    with migrated(server, database):
        users, store = users_of(folder)
        for reader in READERS:
            users.add(reader, PASSWORD)
        store.close()
        config = PageConfig(port=server.port, database=database, as_of_ms=AS_OF_MS, poll_s=0.1,
                            access_folder=folder)  # fmt: skip
        with ExitStack() as open_, Client(server.host, server.port, database=database) as client:
            rows = Rows(client)
            fill(rows)
            broker = Broker()
            ports = Ports(
                explaining(Server(server.host, server.port, database)), broker.send, RULES
            )
            address = open_.enter_context(served(config, ports))
            clients = {}
            for reader in READERS:
                browser = open_.enter_context(httpx.Client(base_url=address, timeout=DEADLINE_S))
                assert sign_in(browser, reader.account).status_code == httpx.codes.OK
                clients[reader.account] = browser
            yield Place(address, folder, rows, clients, broker)


def fill(rows: Rows) -> None:
    """One supervised case in each of two counties, with its escalations and counts."""
    for case_id, county, number in ((HERE, WUHUA, 1), (THERE, CHENGJIANG, 2)):
        overall = {"clock": "overall", "due_at": at("06-01 10:00")}
        rows.case(case_id, "05-22 10:00", [overall], county=county)
        rows.event(case_id, "e1", "submitted", "05-22 10:00", county=county, item="water.drinking")
        rows.open(number, "06-01 10:00", county=county)
    for case_id, county in ((HERE, WUHUA), (THERE, CHENGJIANG)):
        mine = case_id == HERE
        supervised = {"clock": "overall", "level": "supervise", "to": "province", "term": "10d"}
        rows.escalation(
            case_id, "06-01 10:00", county=county, **supervised,
            **({"escalation_id": OVERALL} if mine else {}),
        )  # fmt: skip
        rows.escalation(
            case_id, "05-24 10:00", county=county, term="24h",
            **({"escalation_id": RED} if mine else {}),
        )  # fmt: skip
    for household, county in ((FAMILY_HERE, WUHUA), (FAMILY_THERE, CHENGJIANG)):
        nested = {
            "drivers": {"code": "medical-expense", "points": 40.0, "at": at("06-01 09:00"),
                        "half_life_d": 0.0, "until": None, "subject": ""},
            "trail": {"at": at("06-01 09:00"), "index": 40.0, "level": "high"},
            "levels": {"level": "high", "points_from": 30.0},
            "life": {"at": at("06-01 09:00"), "event": "found", "case_id": ""},
        }  # fmt: skip
        rows.insert(
            "households", household=household, version=1, county=county, status="found",
            **{f"{name}.{column}": [value] for name, columns in nested.items()
               for column, value in columns.items()},
        )  # fmt: skip
