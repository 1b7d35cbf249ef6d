"""The version of a catalogue: a digest of all in it that a verdict can depend on.

Stands before the path of an event. A state that was folded with another version is folded again,
so texts and sources, which change no verdict, are left out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from schemas.catalogue.model import Catalogue, Source, Text

_DIGITS = 12  # 48 bits: two of a thousand catalogues share them once in 500 million


def digest(catalogue: Catalogue) -> str:
    """Return the same digits for the same rules on every machine, and others for other rules."""
    written = json.dumps(_plain(catalogue.versions), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:_DIGITS]


def _plain(value: Any) -> Any:
    """Return what JSON can hold, with sets in order and without what is only shown to people."""
    if isinstance(value, Text | Source):
        return None
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value))
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(each) for each in value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)
