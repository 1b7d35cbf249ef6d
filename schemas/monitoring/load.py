"""From the monitoring files to their frozen types, or to all their faults at once.

Stands before the path of a signal: household worker, sink and simulator load them at start and
stop if they cannot work.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from schemas.catalogue.load import load_catalogue
from schemas.errors import Misconfigured
from schemas.located_yaml import Faults, Value, read_yaml
from schemas.monitoring.dated import Words
from schemas.monitoring.model import Monitoring
from schemas.monitoring.risk_rules import read_risk
from schemas.monitoring.tables import (
    read_categories,
    read_indicators,
    read_thresholds,
    read_windows,
)
from schemas.signal import Indicator as IndicatorCode

SHIPPED = Path(__file__).parent
FILES = ("indicators.yaml", "categories.yaml", "thresholds.yaml", "leads.yaml", "risk.yaml")


def load_monitoring(folder: Path | None = None) -> Monitoring:
    """Return the monitoring data of ``folder``, or the shipped one (read once per process).

    A file that a folder does not have is the shipped one, so that a province may replace only its
    thresholds. Raises ``Misconfigured`` with every fault of every file as ``file:line: message``.
    """
    return _shipped() if folder is None else _load(folder)


@cache
def _shipped() -> Monitoring:
    return _load(SHIPPED)


def _load(folder: Path) -> Monitoring:
    faults = Faults()
    if not folder.is_dir():
        raise Misconfigured(f"{folder} is not a folder with monitoring files")
    for path in sorted(folder.glob("*.y*ml")):
        if path.name not in FILES:
            faults.add(path, 1, f"is none of the monitoring files: {', '.join(FILES)}")
    trees: dict[str, Value] = {}
    for name in FILES:
        path = folder / name
        tree = read_yaml(path if path.exists() else SHIPPED / name, faults)
        if tree is not None:
            trees[name] = tree
    if len(trees) < len(FILES):
        faults.raise_if_any()
    words = Words(indicators=get_args(IndicatorCode), items=frozenset(load_catalogue().versions))
    indicators = read_indicators(trees["indicators.yaml"], words)
    categories = read_categories(trees["categories.yaml"])
    thresholds = read_thresholds(trees["thresholds.yaml"], words)
    windows = read_windows(trees["leads.yaml"])
    risk = read_risk(trees["risk.yaml"], words)
    faults.raise_if_any()
    return Monitoring(
        MappingProxyType(indicators),
        categories,
        thresholds,
        windows,
        risk,
        MappingProxyType(
            {item: code for code, each in indicators.items() for item in each.asked_by}
        ),
    )
