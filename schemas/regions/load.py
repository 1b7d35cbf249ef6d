"""The prefectures and county-level units of Yunnan: codes, names, and places on the tile map.

Stands beside the path of an event: names for people, the prefecture a county belongs to (its
calendar, its escalations), and the layout of the map. Read from ``yunnan.csv``, which says where
its codes come from and of what date they are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from schemas.catalogue.model import Text
from schemas.errors import Misconfigured
from schemas.located_yaml import Faults

SHIPPED = Path(__file__).with_name("yunnan.csv")
_COLUMNS = ["code", "name_zh", "short_zh", "name_en", "tile_x", "tile_y"]


@dataclass(frozen=True, slots=True)
class Prefecture:
    """A prefecture; ``short_zh`` is its name without kind and nationalities."""

    code: str
    text: Text
    short_zh: str


@dataclass(frozen=True, slots=True)
class County:
    """A county-level unit and its tile: ``tile_x`` from the west, ``tile_y`` from the north."""

    code: str
    text: Text
    short_zh: str
    prefecture: str
    tile_x: int
    tile_y: int


@dataclass(frozen=True, slots=True)
class Regions:
    """All units by their GB/T 2260 code, in the order of codes; iterating gives the counties."""

    prefectures: Mapping[str, Prefecture]
    counties: Mapping[str, County]

    def __iter__(self) -> Iterator[County]:
        return iter(self.counties.values())

    def __len__(self) -> int:
        return len(self.counties)

    def __contains__(self, code: object) -> bool:
        return code in self.counties or code in self.prefectures

    def prefecture_of(self, code: str) -> str:
        """Return the code of a county's prefecture, or of the prefecture itself.

        Raises ``KeyError`` for a code that is neither.
        """
        return code if code in self.prefectures else self.counties[code].prefecture

    def counties_of(self, prefecture: str) -> tuple[County, ...]:
        """Return the counties of a prefecture; none for a code that is no prefecture."""
        return tuple(county for county in self if county.prefecture == prefecture)

    def name(self, code: str, lang: Literal["zh", "en"] = "zh") -> str:
        """Return the name of a county or prefecture; the code itself where it is unknown.

        A page must show a case of a county that was renumbered, so this never fails.
        """
        unit = self.counties.get(code) or self.prefectures.get(code)
        if unit is None:
            return code
        return unit.text.zh if lang == "zh" else unit.text.en


@cache
def regions() -> Regions:
    """Return the shipped table, read once per process."""
    return read_regions(SHIPPED)


def read_regions(path: Path) -> Regions:
    """Return the table of a file; ``Misconfigured`` with every fault as ``file:line: message``."""
    faults = Faults()
    prefectures: dict[str, Prefecture] = {}
    counties: dict[str, County] = {}
    tiles: dict[tuple[int, int], str] = {}
    for line, row in _rows(path):
        code, zh, short_zh, en, x, y = row if len(row) == len(_COLUMNS) else [""] * len(_COLUMNS)
        prefecture = code[:4] + "00"
        is_prefecture = code == prefecture
        if not (code.isdigit() and len(code) == 6 and code.startswith("53") and zh and en):
            faults.add(path, line, "expected code (53xxxx), both names and the tile")
        elif code in counties or code in prefectures:
            faults.add(path, line, f"{code} stands twice; leave one out")
        elif is_prefecture:
            prefectures[code] = Prefecture(code, Text(zh, en), short_zh)
        elif prefecture not in prefectures:
            faults.add(path, line, f"{code} comes before its prefecture {prefecture}; add that")
        elif not (x.isdigit() and y.isdigit()):
            faults.add(path, line, f"{code} has no place on the tile map")
        elif tiles.setdefault((int(x), int(y)), code) != code:
            faults.add(path, line, f"{code} has the tile of {tiles[int(x), int(y)]}; move it")
        else:
            counties[code] = County(code, Text(zh, en), short_zh, prefecture, int(x), int(y))
    faults.raise_if_any()
    return Regions(MappingProxyType(prefectures), MappingProxyType(counties))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of each row after the comments and the heading."""
    with path.open(encoding="utf-8", newline="") as file:
        numbered = ((number, line) for number, line in enumerate(file, 1) if line[:1] != "#")
        heading = next(numbered, (1, ""))
        if next(csv.reader([heading[1]]), []) != _COLUMNS:
            raise Misconfigured(f"{path}:{heading[0]}: the heading must be {','.join(_COLUMNS)}")
        for number, line in numbered:
            yield number, next(csv.reader([line]), [])
