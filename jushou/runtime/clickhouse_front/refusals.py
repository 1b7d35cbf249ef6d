"""Errors that a client gets, with ClickHouse's own codes so that its driver understands them."""

from __future__ import annotations

import re

UNEXPECTED_PACKET = 101
BAD_COLUMN = 16
NOT_IMPLEMENTED = 48
UNKNOWN_TYPE = 50
SYNTAX_ERROR = 62
UNKNOWN_SETTING = 115
READONLY = 164
NOT_ENOUGH_SPACE = 243
QUERY_WAS_CANCELLED = 394
ACCESS_DENIED = 497
AUTHENTICATION_FAILED = 516
STD_EXCEPTION = 1001

_ENGINE_ERROR = re.compile(r"Code: (\d+)\. (DB::Exception: .*)", re.DOTALL)


class ClickHouseError(Exception):
    """What the client's driver raises as ``ServerException`` with ``code``."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ClientGone(Exception):
    """The client closed its connection; nobody waits for an answer any more."""


def from_engine(error: Exception) -> ClickHouseError:
    """The engine's own code and message, out of the text in which chdb wraps them."""
    found = _ENGINE_ERROR.search(str(error))
    if found is None:
        return ClickHouseError(STD_EXCEPTION, f"DB::Exception: {error}")
    return ClickHouseError(int(found[1]), found[2])


def refusal(code: int, message: str) -> ClickHouseError:
    """An error of the front itself, worded like the engine's."""
    return ClickHouseError(code, f"DB::Exception: {message}")
