"""Absolute counts: what is to be published after cases have moved, and after a restore."""

from __future__ import annotations

import random

from streams.core.groups import GroupKey
from streams.state.counts import Counts


def group(name: str) -> GroupKey:
    return ("open", None, None, name, None, None, None, None, None, None, None)


A, B, C = group("a"), group("b"), group("c")


def test_a_group_that_came_to_none_before_it_was_ever_published_is_not_published() -> None:
    counts = Counts()
    counts.move((), (A,))
    counts.move((A,), (B,))
    assert counts.take_changed() == [(B, 1)]
    assert not counts.changed


def test_a_published_group_that_came_to_none_is_published_once_as_none() -> None:
    counts = Counts()
    counts.move((), (A,))
    counts.take_changed()
    counts.move((A,), ())
    assert counts.take_changed() == [(A, 0)]
    counts.move((), (A,))
    counts.move((A,), ())
    assert counts.take_changed() == []


def test_only_so_many_are_taken_and_the_rest_stays() -> None:
    counts = Counts()
    counts.move((), (A, B, C))
    first = counts.take_changed(at_most=2)
    assert (len(first), len(counts.changed)) == (2, 1)
    assert sorted(first + counts.take_changed(at_most=2)) == [(A, 1), (B, 1), (C, 1)]


def test_after_a_restore_only_what_differs_from_what_was_published_is_to_be_published() -> None:
    counts = Counts()
    counts.move((), (A, B))
    counts.settle({A: 1, B: 3, C: 2})
    assert sorted(counts.take_changed()) == [(B, 1), (C, 0)]


def test_what_was_published_adds_up_whatever_moves_and_whenever_it_is_taken() -> None:
    rng = random.Random(7)
    counts, published = Counts(), dict[GroupKey, int]()
    cases: list[tuple[GroupKey, ...]] = [()] * 40
    for _ in range(2_000):
        number = rng.randrange(len(cases))
        after = tuple(rng.sample((A, B, C, group("d")), rng.randrange(3)))
        counts.move(cases[number], after)
        cases[number] = after
        if rng.random() < 0.1:
            published |= dict(counts.take_changed(rng.choice((1, 2, None))))
    published |= dict(counts.take_changed())
    held = [each for case in cases for each in case]
    assert {key: count for key, count in published.items() if count} == {
        key: held.count(key) for key in set(held)
    }
