"""Keeps the households of one partition: applies signals, and what cases say of households.

Between the Faust agents of ``streams.household_worker`` and the core. Synchronous and without I/O:
each call returns the ``HouseholdEffects`` that the caller must have written before it goes on.
Households are kept as packed bytes and unpacked when touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from prometheus_client import Counter

from schemas import bulk_load, household
from schemas.bulk_load import LOAD_HEADER, LOAD_OPENED
from schemas.errors import DeadLetterReason, InvalidRecord
from schemas.household import HouseholdState
from schemas.monitoring.model import Monitoring
from schemas.partitioning import partition_of
from schemas.signal import check_time, decode
from streams.agents.keeper import DeadLetter, Record
from streams.core.household import Lead, Taken, add_case, add_signal, folded_by, settle
from streams.state.loads import OpenLoads

SIGNALS_READ = Counter("jushou_signals_total", "signals read, by what became of them", ["outcome"])
FACTS_READ = Counter(
    "jushou_household_events_total", "facts of cases read, by what became of them", ["outcome"]
)
LEADS = Counter("jushou_leads_total", "leads published, repeated ones included")
# Unpacked households kept between batches.
_HOT = 10_000


@dataclass(slots=True)
class HouseholdEffects:
    """What a batch leads to: to be written in this order, then committed.

    ``of_loads`` are leads whose signals came by a bulk load, by the load: they are published as a
    load of their own, so that what is past due with them is known late and not news.
    """

    dead_letters: list[DeadLetter] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    of_loads: dict[str, list[Lead]] = field(default_factory=dict)
    states: list[tuple[str, bytes]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.dead_letters or self.leads or self.of_loads or self.states)


class HouseholdKeeper:
    """The households of one partition, of ``partitions`` in all; ``positions`` by topic."""

    def __init__(
        self, monitoring: Monitoring, partition: int, partitions: int, generation: int = 1
    ) -> None:
        self.monitoring = monitoring
        self.partition = partition
        self.partitions = partitions
        self.generation = generation
        self.positions: dict[str, int] = {}
        self.loads = OpenLoads()
        self._packed: dict[str, bytes] = {}
        self._hot: dict[str, HouseholdState] = {}
        self._touched: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._packed)

    def restore(self, packed: Iterable[tuple[str, bytes]], seen_s: float) -> HouseholdEffects:
        """Take the states of the changelog; those of another fold are folded again."""
        effects = HouseholdEffects()
        for key, value in packed:
            self._packed[key] = value
            state = household.decode(value)
            for load in state.loads:
                self.loads.touch(load, key, seen_s)
            if state.folded_by != folded_by(self.monitoring):
                self._hot[key] = state
                self._touched[key] = None
        self._settle(effects)
        return effects

    def peek(self, key: str) -> HouseholdState | None:
        """Return a household to read it, ``None`` if there is no such one."""
        packed = self._packed.get(key)
        return self._hot.get(key) or (household.decode(packed) if packed is not None else None)

    def households(self) -> Iterator[HouseholdState]:
        """Yield every household, to read it."""
        yield from (household.decode(packed) for packed in self._packed.values())

    def apply_signals(self, records: Iterable[Record], seen_s: float) -> HouseholdEffects:
        """Apply signals in their order; bad ones become dead letters, their neighbours go on."""
        effects = HouseholdEffects()
        outcomes: dict[str, int] = {}
        for record in records:
            try:
                outcome = self._apply_signal(record, seen_s, effects)
            except InvalidRecord as fault:
                outcome = "dead-letter"
                letter = DeadLetter(record.key, record.value, record.offset, fault)
                letter.headers = list(record.headers)
                effects.dead_letters.append(letter)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        for outcome, count in outcomes.items():
            SIGNALS_READ.labels(outcome).inc(count)
        self._settle(effects)
        return effects

    def _apply_signal(self, record: Record, seen_s: float, effects: HouseholdEffects) -> str:
        raw = record.value or b""
        try:
            read = decode(raw)
        except InvalidRecord:
            if not self._is_bracket(raw, seen_s, effects):
                raise
            return "bracket"
        self._check_place(record.key, read.household)
        # By the broker's time and not by now, so that a replay sets the same records aside.
        check_time(read.signal, record.timestamp)
        state = self._find(read.household)
        held = self._hold(state, record, seen_s)
        taken = add_signal(state, read.signal)
        if taken is not Taken.DUPLICATE or held:
            self._touched[read.household] = None
        return taken

    def apply_events(self, records: Iterable[Record]) -> HouseholdEffects:
        """Apply what cases say of households; the records are our own, so a bad one is a fault."""
        effects = HouseholdEffects()
        outcomes: dict[str, int] = {}
        for record in records:
            if record.value is None:
                continue
            event = household.decode_event(record.value)
            taken = add_case(self._find(event.household), event)
            if taken is Taken.ADDED:
                self._touched[event.household] = None
            outcomes[taken] = outcomes.get(taken, 0) + 1
        for outcome, count in outcomes.items():
            FACTS_READ.labels(outcome).inc(count)
        self._settle(effects)
        return effects

    def close_load(self, load: str, effects: HouseholdEffects) -> None:
        """Let go the leads that a load of signals held back."""
        # What it held is settled first: of a household in two loads the leads wait for the other.
        self._settle(effects)
        leads = effects.of_loads.setdefault(load, [])
        for key in sorted(self.loads.close(load)):
            state = self._find(key)
            if load in state.loads:
                state.loads.remove(load)
            if not state.loads:
                leads += settle(state, self.monitoring)
            self._touched[key] = None
        if not leads:
            del effects.of_loads[load]
        self._settle(effects)

    def close_silent_loads(self, since_s: float) -> HouseholdEffects:
        """Close the loads of which nothing was read since a monotonic instant."""
        effects = HouseholdEffects()
        for load in self.loads.silent_since(since_s):
            self.close_load(load, effects)
        return effects

    def _is_bracket(self, raw: bytes, seen_s: float, effects: HouseholdEffects) -> bool:
        try:
            bracket = bulk_load.decode(raw)
        except Exception:  # noqa: BLE001 - any other record is judged by the signal's own fault
            return False
        if bracket.type == LOAD_OPENED:
            self.loads.open(bracket.load, seen_s)
        else:
            self.close_load(bracket.load, effects)
        return True

    def _check_place(self, key: bytes | None, name: str) -> None:
        if key != name.encode():
            raise InvalidRecord(
                DeadLetterReason.WRONG_KEY, "the record's key must be its household in UTF-8"
            )
        belongs = partition_of(key, self.partitions)
        if belongs != self.partition:
            raise InvalidRecord(
                DeadLetterReason.WRONG_PARTITION,
                f"read from partition {self.partition}, belongs to {belongs}; "
                "set partitioner=murmur2_random in the producer",
            )

    def _hold(self, state: HouseholdState, record: Record, seen_s: float) -> bool:
        """Let the load of a record hold the household back; say whether that is new."""
        new = False
        for name, value in record.headers:
            if name == LOAD_HEADER:
                load = value.decode("utf-8", "replace")
                held = self.loads.touch(load, state.household, seen_s)
                if held and load not in state.loads:
                    state.loads.append(load)
                    new = True
        return new

    def _find(self, key: str) -> HouseholdState:
        state = self._hot.get(key)
        if state is None:
            packed = self._packed.get(key)
            state = household.decode(packed) if packed is not None else HouseholdState(key)
            self._hot[key] = state
        return state

    def _settle(self, effects: HouseholdEffects) -> None:
        """Fold what was touched, and note its states and leads; held leads wait."""
        for key in self._touched:
            state = self._hot[key]
            before = list(state.published)
            leads = settle(state, self.monitoring)
            if state.loads:
                state.published = before
            else:
                effects.leads += leads
            if state.generation < self.generation:
                state.generation, state.change = self.generation, 0
            state.change += 1
            packed = household.encode(state)
            self._packed[key] = packed
            effects.states.append((key, packed))
        self._touched = {}
        if len(self._hot) > _HOT:
            self._hot = {}
