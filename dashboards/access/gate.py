"""What a server keeps for deciding who may do what: sessions, accounts, limits, audit log."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dashboards.access.audit import Audit, open_audit
from dashboards.access.identity import Identity, IdentityProvider
from dashboards.access.limits import Limits
from dashboards.access.roles import OPEN_READER, Reader
from dashboards.access.sessions import Sessions
from dashboards.access.store import Store
from dashboards.access.users import TABLES, Users
from dashboards.config import PageConfig
from schemas.errors import Misconfigured

USERS_FILE, AUDIT_FILE = "users.sqlite", "audit.sqlite"
_NO_USERS = (
    "nobody could sign in: there is no account. Create one with `jushou users add NAME --role "
    "province`; for a demo without accounts set JUSHOU_SIMULATED=true and listen on 127.0.0.1"
)


@dataclass(frozen=True, slots=True)
class Gate:
    """``app.state.gate``. ``is_secure``: the cookie travels over TLS alone."""

    sessions: Sessions
    provider: IdentityProvider
    users: Users
    limits: Limits
    audit: Audit
    store: Store
    open_reader: Reader | None
    is_secure: bool
    metrics_token: str
    # A hash takes 64 MiB and a processor: more at once would starve the readers.
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    # What was looked at of late, by whom and from where → when that was noted.
    looks: dict[tuple[str, ...], int] = field(default_factory=dict)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def cookie(self) -> str:
        """The name of the cookie; the prefix makes a browser hold it to TLS and to this host."""
        return "__Host-jushou" if self.is_secure else "jushou"

    def close(self) -> None:
        """Close the files."""
        self.store.close()
        self.audit.close()


def open_gate(config: PageConfig) -> Gate:
    """Return the gate of a page; raises ``Misconfigured`` where nobody could come in."""
    folder = config.access_folder
    store = Store(folder and folder / USERS_FILE, TABLES)
    users = Users(store)
    if not config.is_open and not users.all():
        store.close()
        raise Misconfigured(_NO_USERS)
    return Gate(
        sessions=Sessions(store, now_ms, config.idle_s, config.session_s),
        provider=users,
        users=users,
        limits=Limits(),
        audit=open_audit(folder and folder / AUDIT_FILE),
        store=store,
        open_reader=OPEN_READER if config.is_open else None,
        is_secure=not is_loopback(config.listen_host),
        metrics_token=config.metrics_token,
    )


def users_of(folder: Path) -> tuple[Users, Store]:
    """Return the accounts of a folder, and the store to close."""
    store = Store(folder / USERS_FILE, TABLES)
    return Users(store), store


def begin_sessions(folder: Path, readers: Iterable[Reader], lasts_s: float) -> list[str]:
    """Begin a session of each reader in the store of a folder, without a sign-in; return their
    cookies' values. For who has the folder: so many sign-ins from one address would be refused."""
    store = Store(folder / USERS_FILE, TABLES)
    try:
        sessions = Sessions(store, now_ms, lasts_s, lasts_s)
        return [sessions.begin(Identity(reader, "local")) for reader in readers]
    finally:
        store.close()


def may_be_open(simulated: bool, host: str) -> bool:
    """Say whether a page may show itself without a sign-in: simulated cases, this machine only."""
    return simulated and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Say whether an address, or a name with or without a port, is of this machine alone."""
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 or "]:" in host else host
    name = name.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def now_ms() -> int:
    """Return now; sessions and the audit log never use the frozen now of a view."""
    return time.time_ns() // 1_000_000
