"""Who gets an escalation, by which endpoint, not before when, and why. Pure: given the instant.

Stands between an escalation and the outbox; ``jushou route`` prints the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from schemas.action import Side
from schemas.catalogue.model import Text
from schemas.escalation import Escalation
from schemas.instants import parse_instant
from schemas.routing.duty import end_of_quiet, next_working_time, on_duty, present
from schemas.routing.model import Address, Group, Person, Route, Routing, TimeOfDay


class Via(StrEnum):
    """How a recipient came to be one."""

    GROUP = "group"
    MEMBER = "member"
    ON_DUTY = "on-duty"
    OTHERWISE = "otherwise"
    SUBSTITUTE = "substitute"


class Held(StrEnum):
    """Why a message waits until ``not_before_ms``."""

    NO = "at-once"
    WORKING_MORNING = "working-morning"
    QUIET_HOURS = "quiet-hours"


@dataclass(frozen=True, slots=True)
class Why:
    """The chain from escalation to recipient: route, group, how, and for whom they stand in."""

    route: str
    group: str
    via: Via
    held: Held = Held.NO
    stands_in_for: tuple[str, ...] = ()

    def __str__(self) -> str:
        chain = f"route {self.route!r} → group {self.group} → {self.via}"
        if self.stands_in_for:
            chain += f" for {', '.join(self.stands_in_for)}"
        return chain + ("" if self.held is Held.NO else f"; held: {self.held}")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One endpoint of one group or person; ``name`` identifies it in the outbox.

    ``group`` is the instance of the group (``county-duty/530102/water``), ``fallback`` the name
    of the group that hears what could not be delivered here.
    """

    name: str
    text: Text
    group: str
    address: Address
    language: str
    not_before_ms: int
    fallback: str | None
    side: Side
    why: Why

    @property
    def owner(self) -> str:
        """The group's instance or ``person/<name>``, without the endpoint."""
        return self.name.rpartition("@")[0]


def route(escalation: Escalation, routing: Routing, at: int) -> list[Recipient]:
    """Return who would get ``escalation`` if it were handled at ``at`` (milliseconds).

    Each endpoint of each recipient once, by the first route that names it. Never empty for an
    escalation of the catalogue: the files are checked for that.
    """
    found: dict[str, Recipient] = {}
    for matched in matching(escalation, routing):
        for name in matched.send_to:
            for recipient in of_group(escalation, routing, name, matched.name, at):
                found.setdefault(recipient.name, recipient)
    return list(found.values())


def matching(escalation: Escalation, routing: Routing) -> Iterator[Route]:
    """Yield the routes that an escalation takes, in order."""
    for each in routing.routes:
        if matches(each, escalation, routing):
            yield each
            if not each.goes_on:
                return


def matches(each: Route, escalation: Escalation, routing: Routing) -> bool:
    """Say whether every field that the route gives holds; a region is a county or its prefecture.

    A county that is not in the table (renumbered) is found by the digits of its prefecture.
    """
    county = escalation.county
    return (
        (not each.to or escalation.to in each.to)
        and (not each.levels or escalation.level in each.levels)
        and (not each.items or escalation.item in each.items)
        and (not each.departments or escalation.department in each.departments)
        and (not each.regions or not each.regions.isdisjoint({county, county[:4] + "00"}))
    )


def of_group(
    escalation: Escalation, routing: Routing, name: str, by_route: str, at: int
) -> list[Recipient]:
    """Return the recipients of one group for an escalation handled at ``at``."""
    group = routing.groups[name]
    instance = instance_of(group, escalation)
    why = Why(by_route, instance, Via.GROUP)
    found = [
        _recipient(escalation, routing, group, instance, None, address, at, why)
        for address in group.reached_by
    ]
    # Who is on duty when it goes out, not when it fell due: that is at midnight.
    leaves_ms, _ = _not_before(escalation, routing, group.quiet, at)
    for person_name, via in _people(group, escalation, routing, leaves_ms):
        person, absent = present(person_name, leaves_ms, routing)
        how = replace(why, via=Via.SUBSTITUTE if absent else via, stands_in_for=tuple(absent))
        found += [
            _recipient(escalation, routing, group, instance, person, address, at, how)
            for address in person.reached_by
        ]
    return found


def of_alarm(routing: Routing, at: int) -> list[Recipient]:
    """Return who hears at ``at`` that the system itself is in trouble; quiet hours do not hold."""
    group = routing.groups.get(routing.rules.alarm or "")
    if group is None:
        return []
    people: list[Person | None] = [present(name, at, routing)[0] for name in group.members]
    if group.roster:
        names, _ = on_duty(routing.rosters[group.roster], at, routing.calendar, None)
        people += [present(name, at, routing)[0] for name in names]
    found: dict[str, Recipient] = {}
    for person in (None, *people):
        owner = f"person/{person.name}" if person else group.name
        for address in (person or group).reached_by:
            name = f"{owner}@{address.endpoint}"
            found[name] = Recipient(
                name=name,
                text=(person or group).text,
                group=group.name,
                address=address,
                language=routing.rules.language,
                not_before_ms=at,
                fallback=None,
                side=group.side,
                why=Why("alarm", group.name, Via.MEMBER if person else Via.GROUP),
            )
    return list(found.values())


def instance_of(group: Group, escalation: Escalation) -> str:
    """Return the group's own name, followed by the place and office that it is for."""
    values = {
        "county": escalation.county or "-",
        "prefecture": (escalation.county[:4] + "00") if escalation.county else "-",
        "department": escalation.department,
    }
    return "/".join([group.name, *(values[part] for part in group.per)])


def _people(
    group: Group, escalation: Escalation, routing: Routing, at: int
) -> Iterator[tuple[str, Via]]:
    for member in group.members:
        yield member, Via.MEMBER
    if group.roster:
        prefecture = escalation.county[:4] + "00"
        names, shift = on_duty(routing.rosters[group.roster], at, routing.calendar, prefecture)
        for name in names:
            yield name, Via.OTHERWISE if shift is None else Via.ON_DUTY


def _recipient(
    escalation: Escalation,
    routing: Routing,
    group: Group,
    instance: str,
    person: Person | None,
    address: Address,
    at: int,
    why: Why,
) -> Recipient:
    quiet = person.quiet if person and person.quiet else group.quiet
    not_before, held = _not_before(escalation, routing, quiet, at)
    owner = f"person/{person.name}" if person else instance
    language = (person.language if person else None) or routing.rules.language
    return Recipient(
        name=f"{owner}@{address.endpoint}",
        text=person.text if person else group.text,
        group=instance,
        address=address,
        language=language,
        not_before_ms=not_before,
        fallback=group.fallback,
        side=group.side,
        why=replace(why, held=held),
    )


def _not_before(
    escalation: Escalation, routing: Routing, quiet: TimeOfDay | None, at: int
) -> tuple[int, Held]:
    """Day-based clocks fall due at midnight: their messages come in the next working time."""
    if escalation.level in routing.rules.never_silenced:
        return at, Held.NO
    earliest, held = at, Held.NO
    if escalation.limit.endswith("d"):
        after = max(at, parse_instant(escalation.at))
        prefecture = escalation.county[:4] + "00"
        working = routing.rules.working_time
        earliest = next_working_time(after, working, routing.calendar, prefecture)
        held = Held.WORKING_MORNING if earliest > at else Held.NO
    awake = end_of_quiet(earliest, quiet)
    return (awake, Held.QUIET_HOURS) if awake > earliest else (earliest, held)
