"""Names of codes in both languages, for the page: items, departments, levels, places.

Read once at start from the catalogue and the table of regions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache, cached_property
from typing import Any

import msgspec

from schemas.catalogue.load import load_catalogue
from schemas.catalogue.model import Catalogue, Text
from schemas.regions.load import regions

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Names:
    """Code → ``zh`` and ``en`` and what else the page shows of it."""

    items: Mapping[str, Entry]
    clocks: Mapping[str, Mapping[str, Entry]]
    departments: Mapping[str, Entry]
    levels: Mapping[str, Entry]
    recipients: Mapping[str, Entry]
    types: Mapping[str, Entry]
    prefectures: Mapping[str, Entry]
    counties: Mapping[str, Entry]
    # Outlines of the counties where the page was given some (``dashboards.geometry``).
    geometry: Entry | None = None

    @cached_property
    def as_json(self) -> bytes:
        """All of it, encoded once: each page asks for it before it can draw anything."""
        return msgspec.json.encode({each.name: getattr(self, each.name) for each in fields(self)})


@cache
def all_names() -> Names:
    """Return the names; raises ``Misconfigured`` where a file of them is wrong."""
    catalogue = load_catalogue()
    return Names(
        items={code: _item(catalogue, code) for code in catalogue.versions},
        clocks={code: _clocks(catalogue, code) for code in catalogue.versions},
        departments=_texts(catalogue.departments),
        levels=_texts(catalogue.levels),
        recipients=_texts(catalogue.recipients),
        types=_texts(catalogue.types),
        **_places(),
    )


def _text(text: Text) -> dict[str, Any]:
    return {"zh": text.zh, "en": text.en}


def _texts(texts: Mapping[str, Text]) -> dict[str, Entry]:
    return {code: _text(text) for code, text in texts.items()}


def _item(catalogue: Catalogue, code: str) -> Entry:
    item = catalogue.item(code)
    return _text(item.text) | {"department": item.department, "supervised": item.supervised}


def _clocks(catalogue: Catalogue, code: str) -> Mapping[str, Entry]:
    return {
        name: _text(clock.text)
        | {"limit": str(clock.limit), "certainty": str(clock.source.certainty),
           "source": asdict(clock.source.text)}
        for name, clock in catalogue.item(code).clocks.items()
    }  # fmt: skip


def _places() -> dict[str, Mapping[str, Entry]]:
    places = regions()
    return {
        "prefectures": {
            code: _text(place.text) | {"short": place.short_zh}
            for code, place in places.prefectures.items()
        },
        "counties": {
            county.code: _text(county.text)
            | {"short": county.short_zh, "prefecture": county.prefecture,
               "x": county.tile_x, "y": county.tile_y}
            for county in places
        },
    }  # fmt: skip
