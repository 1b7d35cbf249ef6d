"""The words of a household's codes, in both languages: what drives its risk, what was seen of it.

Read from the monitoring data, as the account of ``jushou household`` has them; a code that is not
in it is left without words, and the page shows the code.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.warehouse import Row
from schemas.catalogue.model import Text
from schemas.monitoring.load import load_monitoring
from schemas.regions.townships import townships

Words = Mapping[str, str]
NOTHING: Words = {"zh": "", "en": ""}


def driver_words(code: str) -> Words:
    """Return what adds to the index, such as ``signal:dropout``, in words."""
    rules = load_monitoring()
    group, _, name = code.partition(":")
    match group:
        case "life" if (rule := rules.risk[-1].rules.get(code)) is not None:
            return _words(rule.text)
        case "kind" if (category := rules.categories[-1].kinds.get(name)) is not None:
            return _words(category.text, "监测对象：", "Monitored as: ")
        case "signal" if (seen := rules.indicators.get(name)) is not None:
            return _words(seen.text, "政府发现：", "Found by the government: ")
        case "request" if (seen := rules.indicators.get(name)) is not None:
            return _words(seen.text, "自己求助：", "Asked for help: ")
        case _:
            return NOTHING


def signal_words(row: Row) -> dict[str, Words]:
    """Return the names of a signal's indicator and of the unit of its value."""
    seen = load_monitoring().indicators.get(row["indicator"])
    if seen is None:
        return {"text": NOTHING, "unit_text": NOTHING}
    return {"text": _words(seen.text), "unit_text": _words(seen.unit)}


def household_words(row: Row) -> dict[str, Words]:
    """Return the names of a household's level of risk and of its township."""
    level = load_monitoring().risk[-1].names.get(row["level"])
    town = townships().get(row["township"] or "")
    return {
        "level_text": NOTHING if level is None else _words(level),
        "township_text": NOTHING if town is None else _words(town),
    }


def _words(text: Text, zh: str = "", en: str = "") -> Words:
    return {"zh": zh + text.zh, "en": en + text.en}
