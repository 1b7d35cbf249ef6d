"""What only shows when the files are read together: gaps, dead routes, circles.

Stands before the path of an event, after each section was read without a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.instants import day_of_date, start_of_day
from schemas.located_yaml import Faults, Value
from schemas.routing.duty import present
from schemas.routing.model import Route, Routing


def check(
    routing: Routing, named: Mapping[str, Mapping[str, Value]], routes: Value, faults: Faults
) -> None:
    """Report routes that are never reached, escalations that nobody gets, and circles."""
    places = routes.items()
    _check_reach(routing, places)
    _check_gaps(routing, routes)
    for name, group in routing.groups.items():
        seen, at = [name], group.fallback
        while at:
            if at in seen:
                circle = " → ".join([*seen, at])
                named["groups"][name].fault_of_name(
                    f"fallback goes in a circle: {circle}; break it"
                )
                break
            seen.append(at)
            at = routing.groups[at].fallback
    for name, person in routing.people.items():
        if any(away.substitute == name for away in person.away):
            named["people"][name].fault_of_name(f"{name!r} cannot stand in for itself")
        else:
            _check_substitutes(name, routing, named["people"][name])


def _check_substitutes(name: str, routing: Routing, place: Value) -> None:
    """Report the first day on which everybody who would stand in for somebody is away too."""
    # That begins on a day on which somebody leaves.
    leaving = {away.first_day for person in routing.people.values() for away in person.away}
    for day in sorted(leaving):
        person, absent = present(name, start_of_day(day_of_date(day)), routing)
        if person.name in absent:
            chain = " → ".join([*absent, absent[0]])
            place.fault_of_name(f"on {day} nobody stands in: {chain}; name somebody who is there")
            return


_FIELDS = ("to", "levels", "items", "departments", "regions")


def _check_reach(routing: Routing, places: list[Value]) -> None:
    for number, later in enumerate(routing.routes):
        for earlier in routing.routes[:number]:
            if not earlier.goes_on and _covers(earlier, later):
                places[number].fault(
                    f"route {later.name!r} is never reached: {earlier.name!r} before it takes "
                    "all of it; move it up or leave it out"
                )
                break


def _covers(earlier: Route, later: Route) -> bool:
    for field in _FIELDS:
        wide, narrow = getattr(earlier, field), getattr(later, field)
        if field == "regions" and wide and narrow:
            narrow = {code for code in narrow if code[:4] + "00" not in wide}
            if narrow <= wide:
                continue
            return False
        if wide and not (narrow and narrow <= wide):
            return False
    return True


def _check_gaps(routing: Routing, routes: Value) -> None:
    """A step of a ladder that no route takes, for a county that no route names, is a gap."""
    for item, department, level, to in _steps(routing):
        taken = any(
            (not each.to or to in each.to)
            and (not each.levels or level in each.levels)
            and (not each.items or item in each.items)
            and (not each.departments or department in each.departments)
            and not each.regions
            for each in routing.routes
        )
        if not taken:
            routes.fault(
                f"nobody gets level {level} (to {to}) of {item} everywhere; end with a route "
                "that has no regions"
            )


def _steps(routing: Routing) -> Iterator[tuple[str, str, str, str]]:
    """Yield item, department, level and addressee of every step; a case may change departments."""
    steps = {
        (code, step.level, step.to)
        for code, versions in routing.catalogue.versions.items()
        for version in versions
        for clock in version.clocks.values()
        for step in clock.ladder
    }
    for code, level, to in sorted(steps):
        for department in routing.catalogue.departments:
            yield code, department, level, to
