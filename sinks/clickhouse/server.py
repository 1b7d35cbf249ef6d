"""Where the warehouse is, and what its errors mean for those who call it.

The class of an error decides what is done: an outage or too many parts is waited for, a wrong
password or a missing table stops the process with the remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError
from clickhouse_driver.errors import (
    ErrorCodes,
    ServerException,
    TooLargeStringSize,
    TypeMismatchError,
    UnknownTypeError,
)

from schemas.errors import Misconfigured, Unavailable

_CONNECT_S = 5
_ANSWER_S = 120  # one block takes well under a second; merges that lag behind can hold it up

# Codes after which the same call never succeeds by waiting.
_SCHEMA = frozenset(
    (
        ErrorCodes.NO_SUCH_COLUMN_IN_TABLE,
        ErrorCodes.UNKNOWN_TABLE,
        ErrorCodes.UNKNOWN_DATABASE,
        ErrorCodes.THERE_IS_NO_COLUMN,
        ErrorCodes.UNKNOWN_IDENTIFIER,
    )
)
_ACCESS = frozenset(
    (
        516,  # AUTHENTICATION_FAILED, which the driver does not name
        ErrorCodes.WRONG_PASSWORD,
        ErrorCodes.REQUIRED_PASSWORD,
        ErrorCodes.UNKNOWN_USER,
        497,  # ACCESS_DENIED, likewise
        ErrorCodes.READONLY,
    )
)
_WHO = "check JUSHOU_CLICKHOUSE_USER and JUSHOU_CLICKHOUSE_PASSWORD"
_REMEDY = {
    497: "grant it, or name another JUSHOU_CLICKHOUSE_USER; `jushou warehouse migrate` needs one "
    "that may make roles and users (access management)",
    ErrorCodes.READONLY: "this one may only read; name another JUSHOU_CLICKHOUSE_USER",
}


@dataclass(frozen=True, slots=True)
class Server:
    """Address, account and database of a ClickHouse; the password is not shown.

    ``cluster`` names the cluster whose replicas hold the warehouse, empty for a single server.
    """

    host: str
    port: int
    database: str
    user: str = "default"
    password: str = field(default="", repr=False)
    cluster: str = ""

    @property
    def on_cluster(self) -> str:
        """What a statement says that is for every replica; empty for a single server."""
        return f" ON CLUSTER `{self.cluster}`" if self.cluster else ""

    def client(self, kind: type[Client] = Client) -> Client:
        """Return a client, not yet connected; close it with ``disconnect``."""
        return kind(
            self.host,
            self.port,
            self.database,
            self.user,
            self.password,
            client_name="jushou",
            connect_timeout=_CONNECT_S,
            send_receive_timeout=_ANSWER_S,
            compression="lz4",
        )

    def __str__(self) -> str:
        return f"ClickHouse {self.host}:{self.port}/{self.database}"


@contextmanager
def classified(server: Server) -> Iterator[None]:
    """Turn the driver's errors into ``Unavailable`` or ``Misconfigured``.

    What the server says that is none of the known faults is ``Unavailable`` too: it may be too
    many parts (252), no memory (241), a disk that is full (243), a restart; a record of ours is
    never dropped because of it.
    """
    try:
        yield
    except ServerException as fault:
        said = fault.message.split("Stack trace", maxsplit=1)[0].strip()
        if fault.code in _SCHEMA:
            raise Misconfigured(
                f"{server}: {said} (code {fault.code}); run `jushou warehouse migrate`"
            ) from fault
        if fault.code in _ACCESS:
            raise Misconfigured(
                f"{server}: user {server.user} is refused: {said} (code {fault.code}); "
                f"{_REMEDY.get(fault.code, _WHO)}"
            ) from fault
        raise Unavailable(f"{server}: {said} (code {fault.code})") from fault
    except (TypeMismatchError, UnknownTypeError, TooLargeStringSize) as fault:
        raise Misconfigured(
            f"{server}: rows do not fit the table ({fault}); run the sink in the version of the "
            "migrations that are applied"
        ) from fault
    except (DriverError, EOFError, OSError) as fault:
        raise Unavailable(f"{server} does not answer: {fault}") from fault
