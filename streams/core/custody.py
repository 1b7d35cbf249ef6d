"""Who had a case when, as of an instant: time and bounces per department and level.

Part of the core, beside the clocks; ``schemas.custody`` has the walk and its readings, which the
warehouse shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from schemas import custody as shared
from schemas.case_event import StoredEvent
from schemas.custody import (
    ACCEPTED,
    DISPATCHED,
    Bounce,
    Custody,
    Held,
    Holder,
    HolderTotal,
    Level,
)
from streams.core.rules import ItemRules

__all__ = [
    "ACCEPTED",
    "DISPATCHED",
    "Bounce",
    "Custody",
    "Held",
    "Holder",
    "HolderTotal",
    "Level",
    "custody",
]


def custody(events: Sequence[StoredEvent], rules: ItemRules, as_of: int) -> Custody:
    """Return who had a case, from its events up to ``as_of`` in their order.

    Intervals lie end to end while the case is open; the last one is open, and counts up to
    ``as_of`` in the totals.
    """
    passed = takewhile(lambda event: event.at <= as_of, events)
    found = shared.custody(passed, rules.department)
    found.totals = shared.totals(found, as_of)
    return found
