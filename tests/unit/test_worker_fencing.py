"""A worker does nothing for partitions that may be another's: by its session, by its keepers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from faust.types import TP

from schemas.topics import CASE_EVENTS
from streams.agents.keeper import CaseKeeper, Effects
from streams.agents.outlet import Outlet
from streams.state.partition import PartitionState
from streams.transport import EndOffsets, Session, SessionExpired
from streams.worker import CaseWorker, WorkerConfig
from tests.builders import at, engine

PARTITION = TP(CASE_EVENTS.name, 0)


def test_a_session_expires_when_the_group_has_not_confirmed_it_for_its_timeout() -> None:
    moment = [100.0]
    session = Session(6.0, lambda: moment[0])
    session.check()
    moment[0] = 106.0
    session.check()
    moment[0] = 106.1
    with pytest.raises(SessionExpired, match=r"6\.1 s ago.*start it again"):
        session.check()
    session.confirm(asked_s=101.0)
    session.check()
    moment[0] = 107.1
    with pytest.raises(SessionExpired):
        session.check()


class Taker:
    """Stands for a producer, and takes whatever it is given."""

    def __init__(self, handed: list[object]) -> None:
        self.handed = handed

    def produce(self, *arguments: object, **named: object) -> None:
        self.handed.append((arguments, named))


async def test_nothing_is_handed_to_kafka_once_the_partitions_may_be_another_s() -> None:
    def refuse() -> None:
        raise SessionExpired("given away")

    outlet = Outlet("127.0.0.1:1", 6.0, refuse)
    handed: list[object] = []
    outlet._escalator = Taker(handed)  # type: ignore[assignment]
    outlet._producers = [outlet._escalator] * 2
    state = PartitionState(0, engine().rules)
    with pytest.raises(SessionExpired):
        outlet.state_writer(0)(("A", b"state"))
    with pytest.raises(SessionExpired):
        await outlet.write(Effects(states=[("A", b"state")]), state, 0)
    with pytest.raises(SessionExpired):
        outlet.checkpoint(state)
    assert handed == []


class Ends:
    """Answers 0, after something has happened while it was asked."""

    def __init__(self, meanwhile: object) -> None:
        self.meanwhile = meanwhile

    async def ask(self, partitions: Iterable[TP]) -> EndOffsets:
        asked = list(partitions)
        await self.meanwhile()  # type: ignore[operator]
        return EndOffsets(0.0, 0.0, dict.fromkeys(asked, 0))


@pytest.fixture
def worker(tmp_path: Path) -> CaseWorker:
    config = WorkerConfig("127.0.0.1:1", "group", tmp_path, as_of=at("2026-03-02 09:00"))
    return CaseWorker(config, engine())


def keeper() -> CaseKeeper:
    return CaseKeeper(engine(), PartitionState(0, engine().rules), partitions=1)


async def test_an_answer_about_a_partition_that_was_given_away_meanwhile_is_forgotten(
    worker: CaseWorker,
) -> None:
    async def revoke() -> None:
        await worker._revoked(frozenset({PARTITION}))

    worker.keepers[0] = keeper()
    assert not await worker._tick(Ends(revoke))  # type: ignore[arg-type]
    assert worker._asked == {}


async def test_a_partition_that_came_back_meanwhile_is_not_judged_by_the_answer_of_before(
    worker: CaseWorker,
) -> None:
    came_back = keeper()

    async def revoke_and_assign() -> None:
        await worker._revoked(frozenset({PARTITION}))
        worker.keepers[0] = came_back

    worker.keepers[0] = keeper()
    assert not await worker._tick(Ends(revoke_and_assign))  # type: ignore[arg-type]
    assert worker._asked == {}
    assert came_back.state.now == 0
