"""How far the states of a partition are written: what a restore checks the changelog against."""

from __future__ import annotations

import msgspec
from msgspec import Struct

KEY = b"checkpoint"


class Checkpoint(Struct):
    """Written after the states that it speaks of were acknowledged.

    ``next_offset`` is the first offset of the case events that is not applied; ``cases`` the
    number of cases in the changelog by then; ``generation`` counts the rebuilds. ``now`` is the
    latest instant judged by (milliseconds). Escalations before ``escalations_next`` are noted in
    the states; those from there on may not be, after a crash.
    """

    generation: int
    next_offset: int
    cases: int
    now: int = 0
    escalations_next: int = 0


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Checkpoint).decode
