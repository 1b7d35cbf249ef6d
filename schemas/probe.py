"""The probe of the watchdog: a record on each partition of the case events that asks for an answer.

It goes the way of an event, from the log through the transport and the agent to a sweep that found
its partition at the end, and comes back as an answer on ``jushou.heartbeats.v1``. On the log it is
the closing bracket of a load that nobody opened: every reader of events passes over it, so that it
touches no case and no count.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from schemas import bulk_load
from schemas.bulk_load import LoadBracket
from schemas.instants import render_instant

_PREFIX = "probe:"
KEY = b"probe"


class ProbeAnswer(Struct, frozen=True):
    """A partition has read a probe, and fires what is due; ``sent_at_ms`` is the probe's."""

    partition: int
    sent_at_ms: int


_decode_answer = msgspec.json.Decoder(ProbeAnswer).decode
encode_answer = msgspec.json.Encoder().encode


def probe(now_ms: int) -> bytes:
    """Return the record of a probe that is sent at ``now_ms``."""
    return bulk_load.encode(
        LoadBracket(type="load-closed", load=f"{_PREFIX}{now_ms}", at=render_instant(now_ms))
    )


def sent_at_ms(load: str) -> int | None:
    """Return when the probe of this load id was sent, ``None`` for the id of a real load."""
    digits = load.removeprefix(_PREFIX)
    is_probe = load.startswith(_PREFIX) and digits.isascii() and digits.isdigit()
    return int(digits) if is_probe and len(digits) < 16 else None


def decode_answer(raw: bytes) -> ProbeAnswer | None:
    """Return the answer of a record, ``None`` for the heartbeat of a worker's clock."""
    if not raw:
        return None
    try:
        return _decode_answer(raw)
    except msgspec.DecodeError:
        return None
