"""The slow, literal reference of the clock specification: the oracle of the engine's tests.

It is written from the two specification texts alone (the event contract, and what a clock is),
one plain loop per sentence, and imports nothing from the product: `catalogue` is the table of
the specification typed once more, `reading` settles which lines are records, `order` which are
events, `life` and `due` walk them, `oracle` says what follows. Nothing here is fast, incremental
or clever, and nothing here should become so. `readings` lists the sentences that can be read in
two ways and the reading chosen.

    records, bad = read_log(path.read_bytes().splitlines())
    verdicts(records, as_of_ms), escalations(records, as_of_ms), violations(records, as_of_ms)
"""

from tests.reference.instants import iso, to_ms
from tests.reference.oracle import escalations, verdicts, violations
from tests.reference.order import conflicts
from tests.reference.reading import read_log

__all__ = ["conflicts", "escalations", "iso", "read_log", "to_ms", "verdicts", "violations"]
