"""The units of Yunnan below the counties: codes of nine digits with their names.

Stands beside the path of an event: names for people, and a dimension of the warehouse. Read from
``townships.csv``, which says where it comes from and how the English names were made. A case may
name a unit that is not in it (renamed since, or a department's own); nothing refuses that.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from schemas.catalogue.model import Text
from schemas.errors import Misconfigured
from schemas.located_yaml import Faults
from schemas.regions.load import Regions, regions

SHIPPED = Path(__file__).with_name("townships.csv")
_COLUMNS = ["code", "name_zh", "name_en"]
_DIGITS = 9


@cache
def townships() -> Mapping[str, Text]:
    """Return the names of the shipped units by code, in the order of codes."""
    return read_townships(SHIPPED, regions())


def read_townships(path: Path, of: Regions) -> Mapping[str, Text]:
    """Return the names of a file; ``Misconfigured`` with every fault as ``file:line: message``.

    A unit belongs to the county of its first six digits, which must be one ``of`` these.
    """
    faults, found = Faults(), dict[str, Text]()
    with path.open(encoding="utf-8", newline="") as file:
        numbered = [(number, line) for number, line in enumerate(file, 1) if line[:1] != "#"]
    rows = csv.reader(line for _, line in numbered)
    if next(rows, []) != _COLUMNS:
        raise Misconfigured(f"{path}: the heading must be {','.join(_COLUMNS)}")
    for (number, _), row in zip(numbered[1:], rows, strict=True):
        code, zh, en = row if len(row) == len(_COLUMNS) else ("", "", "")
        if not (code.isdigit() and len(code) == _DIGITS and zh and en):
            faults.add(path, number, "expected a code of 9 digits and both names")
        elif code[:6] not in of.counties:
            faults.add(path, number, f"{code} is of no county that is known; check its first six")
        elif code in found:
            faults.add(path, number, f"{code} stands twice; leave one out")
        else:
            found[code] = Text(zh, en)
    faults.raise_if_any()
    return MappingProxyType(found)
