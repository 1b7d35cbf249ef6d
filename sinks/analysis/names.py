"""Names beside codes, for files that people read: places, items and departments in zh or en.

From the data of this build, as the tables ``regions``, ``items`` and ``departments`` are; in SQL
join those. A code that is not known (renumbered, or no longer in the catalogue) has itself as name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from schemas.catalogue.load import load_catalogue
from schemas.regions.load import regions
from sinks.analysis.small_cells import Published

Language = Literal["zh", "en"]


def named(published: Published, language: Language) -> Published:
    """Return the rows with a column ``…_name`` after each code that has a name."""
    answer = published.answer
    naming = _naming(language)
    places = [(at, name) for at, name in enumerate(answer.names) if name in naming]
    names, types = list(answer.names), list(answer.types)
    rows = [list(row) for row in published.rows]
    for at, name in reversed(places):
        names.insert(at + 1, f"{name}_name")
        types.insert(at + 1, "String")
        for row in rows:
            row.insert(at + 1, naming[name](str(row[at])))
    return replace(
        published, answer=replace(answer, names=tuple(names), types=tuple(types)), rows=rows
    )


def _naming(language: Language) -> dict[str, Callable[[str], str]]:
    catalogue = load_catalogue()

    def place(code: str) -> str:
        return regions().name(code, language)

    def item(code: str) -> str:
        known = code in catalogue.versions
        return getattr(catalogue.item(code).text, language) if known else code

    def department(code: str) -> str:
        text = catalogue.departments.get(code)
        return code if text is None else getattr(text, language)

    return {"county": place, "prefecture": place, "item": item, "department": department}
