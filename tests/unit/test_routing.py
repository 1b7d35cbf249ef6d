"""Who gets an escalation, by which endpoint, when and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.catalogue.load import load_catalogue
from schemas.routing.decide import Held, Recipient, Via, route
from schemas.routing.load import load_routing, shipped_routing
from tests.notify_builders import DALI, FIXTURES, escalation, folder_of, ms

MONDAY = "2026-03-02"


def names(found: list[Recipient]) -> list[str]:
    return [recipient.name for recipient in found]


def office(at: str, county: str = "530113", **changes: object) -> list[Recipient]:
    at_ms = ms(at)
    return route(
        escalation(at=at, county=county, **changes), load_routing(FIXTURES / "office"), at_ms
    )


def test_without_anybody_configured_every_step_of_every_item_reaches_a_console_and_a_file() -> None:
    routing = shipped_routing()
    for code, versions in load_catalogue().versions.items():
        for clock in versions[-1].clocks.values():
            for step in clock.ladder:
                fired = escalation(level=step.level, item=code, clock=clock.name, to=step.to)
                found = route(fired, routing, ms(f"{MONDAY} 10:00"))
                assert {each.address.endpoint for each in found} == {"console", "file"}


def test_a_desk_is_one_for_each_county_and_department() -> None:
    at = ms(f"{MONDAY} 10:00")
    red = route(escalation(), shipped_routing(), at)
    assert names(red) == ["county-duty/530113/water@console", "county-duty/530113/water@file"]
    raised = route(escalation(level="prefecture"), shipped_routing(), at)
    assert names(raised)[0] == "prefecture-duty/530100/water@console"
    supervised = route(escalation(level="supervise"), shipped_routing(), at)
    assert names(supervised)[0] == "province-duty@console"


def test_a_route_of_a_prefecture_takes_its_counties_and_goes_on_to_the_next() -> None:
    assert names(office(f"{MONDAY} 10:00"))[:2] == ["kunming-water@water-room", "person/first@post"]
    assert "county-duty/530113/water@console" in names(office(f"{MONDAY} 10:00"))
    assert names(office(f"{MONDAY} 10:00", county=DALI))[0] == "county-duty/532901/water@console"


@pytest.mark.parametrize(
    ("at", "person", "via"),
    [
        ("2026-03-02 08:29", "second", Via.OTHERWISE),  # Monday: the shift of Sunday is no workday
        ("2026-03-02 08:30", "first", Via.ON_DUTY),
        ("2026-03-02 17:30", "second", Via.ON_DUTY),
        ("2026-03-03 08:29", "second", Via.ON_DUTY),  # the shift that began on Monday
        ("2026-03-03 10:00", "second", Via.SUBSTITUTE),
        ("2026-03-05 10:00", "first", Via.ON_DUTY),
        ("2026-03-07 10:00", "second", Via.OTHERWISE),  # Saturday
        ("2026-02-28 10:00", "first", Via.ON_DUTY),  # Saturday that makes up for a holiday
        ("2026-10-01 10:00", "second", Via.OTHERWISE),  # National Day
    ],
)
def test_a_roster_knows_hours_working_days_and_substitutes(at: str, person: str, via: Via) -> None:
    found = [each for each in office(at) if each.name.startswith("person/")]
    assert [(each.name, each.why.via) for each in found] == [(f"person/{person}@post", via)]


def test_a_substitute_is_told_for_whom() -> None:
    found = office("2026-03-03 10:00")[1]
    assert found.why.stands_in_for == ("first",)
    assert "substitute for first" in str(found.why)


def test_quiet_hours_hold_a_red_card_and_never_a_supervision() -> None:
    red = office(f"{MONDAY} 23:00")[1]
    assert (red.not_before_ms, red.why.held) == (ms("2026-03-03 07:00"), Held.QUIET_HOURS)
    supervised = office(f"{MONDAY} 23:00", level="supervise")[1]
    assert (supervised.not_before_ms, supervised.why.held) == (ms(f"{MONDAY} 23:00"), Held.NO)


@pytest.mark.parametrize(
    ("at", "sent"),
    [
        ("2026-03-03 00:00", "2026-03-03 08:30"),
        ("2026-03-07 00:00", "2026-03-09 08:30"),  # Saturday
        ("2026-02-28 00:00", "2026-02-28 08:30"),  # Saturday that is worked
        ("2026-10-01 00:00", "2026-10-08 08:30"),  # National Day
        ("2026-12-31 18:00", "2027-01-01 08:30"),  # unpublished year: Monday to Friday
    ],
)
def test_what_fell_due_at_midnight_comes_on_the_next_working_morning(at: str, sent: str) -> None:
    fired = escalation(level="red", clock="verify", at=at)
    found = route(fired, shipped_routing(), ms(at))[0]
    assert (found.not_before_ms, found.why.held) == (ms(sent), Held.WORKING_MORNING)
    supervised = route(escalation(level="supervise", at=at), shipped_routing(), ms(at))[0]
    assert supervised.not_before_ms == ms(at)


def test_a_day_based_message_that_is_handled_in_working_hours_goes_at_once() -> None:
    fired = escalation(level="red", clock="verify", at="2026-03-03 00:00")
    assert route(fired, shipped_routing(), ms("2026-03-03 10:15"))[0].why.held is Held.NO


def test_the_example_of_the_document_is_a_routing_that_works(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "notify.md").read_text("utf-8")
    example = document.partition("```yaml\n")[2].partition("```")[0]
    routing = load_routing(folder_of(tmp_path, own=example))
    found = route(escalation(), routing, ms(f"{MONDAY} 10:00"))
    assert names(found) == ["kunming-water@water-room", "person/first@post"]


def test_a_county_that_was_renumbered_still_finds_its_prefecture() -> None:
    found = office(f"{MONDAY} 10:00", county="530199")
    assert found[0].name == "kunming-water@water-room"
