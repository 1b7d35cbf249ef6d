"""The brackets of a bulk load: two records that go to every partition of the case events.

Records between them carry the header ``load``. Cases that an open load touches are held and
judged once, when it closes.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

LOAD_HEADER = "load"
LOAD_OPENED = "load-opened"
LOAD_CLOSED = "load-closed"


class LoadBracket(Struct, kw_only=True):
    """Opens or closes the load ``load`` on one partition; ``at`` is RFC 3339, for people."""

    type: Literal["load-opened", "load-closed"]
    load: str
    at: str
    schema_version: Literal["1"] = "1"


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(LoadBracket).decode
