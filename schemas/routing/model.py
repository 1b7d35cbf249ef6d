"""The frozen types of the routing: endpoints, people, rosters, groups, routes, rules and words.

Files are parsed into these once, at start (``schemas.routing.load``). Times of day are minutes
after 00:00 in Asia/Shanghai. Addresses and secrets may be ``${NAME}``: they are read from the
environment when an endpoint is built, never when the files are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.action import Side
from schemas.calendars.model import CalendarData
from schemas.catalogue.model import Catalogue, Text
from schemas.regions.load import Regions

TIMEOUT_S = 10  # of an endpoint that names none


class Kind(StrEnum):
    """The kinds of endpoints that a message can go to."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    WEBHOOK = "webhook"
    SMS = "sms"
    MAIL = "mail"
    APPRISE = "apprise"
    CONSOLE = "console"
    FILE = "file"


class Days(StrEnum):
    """The days that a shift is on: working days, the others, or all."""

    WORKDAYS = "workdays"
    RESTDAYS = "restdays"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where messages are sent. ``idempotent``: it knows a key, and takes the same one once.

    ``at_most_per_minute`` is what the service allows, 0 for no limit. A message that was not
    delivered within ``give_up_after_s`` of being due is exhausted: the next level hears of it.
    """

    name: str
    kind: Kind
    url: str = ""
    secret: str = ""
    path: str = ""
    sender: str = ""
    user: str = ""
    starttls: bool = False
    idempotent: bool = False
    timeout_s: int = TIMEOUT_S
    give_up_after_s: int = 1_800
    at_most_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach somebody: an endpoint, and the address there where it needs one."""

    endpoint: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """From one minute of the day until another, exclusive; one that wraps ends the next day."""

    from_min: int
    until_min: int

    def holds(self, minute: int) -> bool:
        """Say whether a minute of the day lies within."""
        if self.from_min <= self.until_min:
            return self.from_min <= minute < self.until_min
        return minute >= self.from_min or minute < self.until_min


@dataclass(frozen=True, slots=True)
class Absence:
    """Days, both inclusive, on which ``substitute`` stands in."""

    first_day: dt.date
    last_day: dt.date
    substitute: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on duty, by a title, never by a name that leaves the files."""

    name: str
    text: Text
    reached_by: tuple[Address, ...]
    language: str | None = None
    quiet: TimeOfDay | None = None
    away: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on duty on some days from one time until another."""

    days: Days
    time: TimeOfDay
    on_duty: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """The first shift that holds is on duty; ``otherwise`` where none does."""

    name: str
    shifts: tuple[Shift, ...]
    otherwise: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """People and rooms on duty. ``per`` makes one of it for each county, department and so on.

    ``fallback`` hears what could not be delivered to it. ``side`` is where it sits: what is
    provincial is acknowledged by the province alone.
    """

    name: str
    text: Text
    per: tuple[str, ...] = ()
    reached_by: tuple[Address, ...] = ()
    members: tuple[str, ...] = ()
    roster: str | None = None
    fallback: str | None = None
    quiet: TimeOfDay | None = None
    side: Side = Side.OWNER


@dataclass(frozen=True, slots=True)
class Route:
    """Sends what matches every given field to its groups; ``goes_on``: later routes count too."""

    name: str
    send_to: tuple[str, ...]
    to: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What keeps a storm from the readers; see the comments of ``rules.yaml`` for each number."""

    language: str
    horizon_h: int
    gather_s: int
    at_most_per_hour: int
    rows_in_a_table: int
    acknowledged_for_h: int
    repeat_after_h: Mapping[str, int]
    repeat_times: int
    working_time: TimeOfDay
    never_silenced: frozenset[str]
    provincial: frozenset[str]
    watchdog: str | None
    alarm: str | None
    watchdog_every_s: int


Words = Mapping[str, Mapping[str, str]]
"""Language → name of a text → template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """All of it, checked as a whole, with the names and days that it is read against."""

    endpoints: Mapping[str, Endpoint]
    allowed_hosts: frozenset[str]
    people: Mapping[str, Person]
    rosters: Mapping[str, Roster]
    groups: Mapping[str, Group]
    routes: tuple[Route, ...]
    rules: Rules
    words: Words
    catalogue: Catalogue
    regions: Regions
    calendar: CalendarData
