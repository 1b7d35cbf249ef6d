"""The one tree of errors; the class of an error decides how it is handled.

    JushouError
    ├── InvalidRecord      the record goes to the dead letters, its neighbours go on
    ├── NotAllowed         somebody asked for what is not theirs to do: tell them, do nothing
    ├── Unavailable        a server does not answer: retry, after ``retry_after_s`` if it is known
    └── Misconfigured      stop at start; carries every fault that was found, not only the first

Messages name the value and the remedy. They never quote free text or an identifier of a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class JushouError(Exception):
    """Root of all errors that jushou raises itself."""


class DeadLetterReason(StrEnum):
    """Why a record was set aside: the ``reason`` header of a dead letter and a metric label."""

    NOT_JSON = "not-json"
    NOT_AN_OBJECT = "not-an-object"
    MISSING_FIELD = "missing-field"
    WRONG_TYPE = "wrong-type"
    WRONG_VALUE = "wrong-value"
    UNKNOWN_SCHEMA_VERSION = "unknown-schema-version"
    UNKNOWN_ITEM = "unknown-item"
    UNKNOWN_TYPE = "unknown-type"
    PERSONAL_DATA = "personal-data"
    TOO_FAR_AHEAD = "too-far-ahead"
    WRONG_PARTITION = "wrong-partition"
    WRONG_KEY = "wrong-key"


class InvalidRecord(JushouError):
    """A record that breaks the contract; it is dead-lettered with ``reason`` and ``detail``.

    ``detail`` names the field and what is expected of it. It quotes a value only where the value
    cannot be personal (a code, a number's unit), never free text.
    """

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class NotAllowed(JushouError):
    """What was asked for is not for the one who asked; the message says who may."""


class Unavailable(JushouError):
    """A server that is needed does not answer; the same call may succeed later."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Misconfigured(JushouError):
    """Configuration or a data file that cannot work; all its faults are reported together."""

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))
