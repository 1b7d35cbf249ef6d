"""What a person did about an escalation or a supervision: who, when, what.

Sent to ``jushou.actions.v1`` by the command line, the page and the signed links in messages; read
by the notifier (an acknowledgement stops repeats) and by the list of supervisions. Deduplicated by
``action_id``. ``by`` is a role or an account, never a name, and ``note`` is refused if it looks
personal.
"""

from __future__ import annotations

import uuid
from enum import StrEnum

import msgspec
from msgspec import Struct

from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.instants import parse_instant
from schemas.personal import finds_personal_data

SCHEMA_VERSION = "1"


class ActionType(StrEnum):
    """What was done. The last three are of a supervision: fed back, closed, asked again."""

    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    NOTED = "noted"
    HANDED_OVER = "handed-over"
    ANSWERED = "answered"
    CLOSED = "closed"
    REPEATED = "repeated"


class Side(StrEnum):
    """Where the one who acts sits; what is provincial is acknowledged by the province alone."""

    OWNER = "owner"
    COUNTY = "county"
    PREFECTURE = "prefecture"
    PROVINCE = "province"


class Channel(StrEnum):
    """By what the action came."""

    COMMAND = "command"
    LINK = "link"
    PAGE = "page"
    HTTP = "http"


class Action(Struct, kw_only=True):
    """One action. ``escalation_id`` names the level; of a supervision it is that of the step.

    ``expires_at`` ends an acknowledgement by itself; ``to`` is the group that it is handed to.
    """

    action_id: str
    type: ActionType
    case_id: str
    escalation_id: str
    level: str
    at: str
    by: str
    side: Side
    channel: Channel
    expires_at: str | None = None
    note: str | None = None
    to: str | None = None
    schema_version: str = SCHEMA_VERSION


_DECODER = msgspec.json.Decoder(Action)


def new_action_id() -> str:
    """Return an id for an action that a person takes now."""
    return str(uuid.uuid4())


def decode_action(raw: bytes) -> Action:
    """Return the action of a record; ``InvalidRecord`` for anything that is none."""
    try:
        action = _DECODER.decode(raw)
        parse_instant(action.at)
        if action.expires_at is not None:
            parse_instant(action.expires_at)
    except msgspec.DecodeError as fault:
        raise InvalidRecord(DeadLetterReason.WRONG_TYPE, f"not an action: {fault}") from None
    except ValueError as fault:
        raise InvalidRecord(DeadLetterReason.WRONG_VALUE, f"not an action: {fault}") from None
    if finds_personal_data(raw):
        raise InvalidRecord(
            DeadLetterReason.PERSONAL_DATA, "an action must not hold a telephone or resident id"
        )
    return action


def encode_action(action: Action) -> bytes:
    """Return the record; ``InvalidRecord`` if it would hold personal data."""
    raw = msgspec.json.encode(action)
    decode_action(raw)
    return raw
