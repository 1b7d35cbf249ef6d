"""The reference gives exactly what the published example logs say, for each of the four logs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reference import escalations, read_log, to_ms, verdicts, violations

EXAMPLES = Path(__file__).parent.parent / "examples"
LOGS = {
    "hand": "2026-10-12T00:00:00+08:00",
    "mixed": "2026-06-01T00:00:00+08:00",
    "edges": "2026-06-01T00:00:00+08:00",
    "yearend": "2026-12-20T00:00:00+08:00",
}
INSTANTS = {"started_at", "due_at", "stopped_at", "breached_at", "at"}


def row(judged: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What is compared: the fields of the contract, instants as instants."""
    return tuple(
        sorted(
            (name, to_ms(value) if name in INSTANTS and value is not None else value)
            for name, value in judged.items()
            if name != "provisional"
        )
    )


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("judge", [verdicts, escalations, violations], ids=lambda j: j.__name__)
def test_the_reference_gives_what_the_example_says(
    log: str, judge: Callable[..., list[dict[str, Any]]]
) -> None:
    records, bad = read_log((EXAMPLES / f"{log}.jsonl").read_bytes().splitlines())
    expected = (EXAMPLES / f"{log}.{judge.__name__}.jsonl").read_text("utf-8").splitlines()
    got = Counter(row(judged) for judged in judge(records, to_ms(LOGS[log])))
    want = Counter(row(json.loads(line)) for line in expected)
    assert bad == []
    assert got - want == Counter()
    assert want - got == Counter()
