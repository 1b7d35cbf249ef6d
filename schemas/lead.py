"""A lead: what the signals of one household within a window become, as a case event.

Between the household agent and ``jushou.case-events.v1``: a lead is a case of item
``monitoring.lead`` that the government raises. Its ids and its content depend on the signals of the
window and on nothing else, so that a replay, a crash or another order of arrival never makes two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast
from uuid import NAMESPACE_URL, uuid5

import msgspec

from schemas.case_event import CaseEvent, canonical_json
from schemas.household import LEAD_ITEM, KnownSignal
from schemas.instants import render_instant

_encode = msgspec.json.Encoder().encode


def lead_case_id(household: str, window_at: int, ordinal: int = 0) -> str:
    """Return the case of a household's lead in the window that begins at ``window_at`` (ms).

    ``ordinal`` is 0 but for a lead that followed after the one before it had ended.
    """
    place = f"{household}:{window_at}" + (f":{ordinal}" if ordinal else "")
    return str(uuid5(NAMESPACE_URL, f"urn:jushou:lead:{place}"))


def lead_event_id(case_id: str) -> str:
    """Return the id of the submission of a lead, whichever signals it was joined from."""
    return str(uuid5(NAMESPACE_URL, f"urn:jushou:lead-submitted:{case_id}"))


def lead_event(household: str, case_id: str, signals: Sequence[KnownSignal]) -> CaseEvent:
    """Return the submission of the lead that ``signals``, at least one, were joined into.

    It was found when the first of them was seen. Of several seen at that instant the one counts
    whose record is the smallest, which is also what a case does with differing records of one id.
    A signal that arrives late and was seen earlier gives another record of the same identity, and
    the case goes by the earlier one.
    """
    found_at = min(signal.at for signal in signals)
    candidates = [
        _submitted(household, case_id, signal) for signal in signals if signal.at == found_at
    ]
    return min(candidates, key=_canonical)


def _canonical(event: CaseEvent) -> str:
    return canonical_json(msgspec.json.decode(_encode(event)))


def _submitted(household: str, case_id: str, signal: KnownSignal) -> CaseEvent:
    township: Any = signal.township or None
    return CaseEvent(
        event_id=lead_event_id(case_id),
        case_id=case_id,
        type="submitted",
        occurred_at=render_instant(signal.at),
        schema_version="1",
        item=LEAD_ITEM,
        county=signal.county,
        township=township,
        raised_by="government",
        channel=cast(Literal["screening", "inspection"], signal.source),
        household=household,
    )


def encode(event: CaseEvent) -> bytes:
    """Return the record of a lead as it is sent."""
    return _encode(event)
