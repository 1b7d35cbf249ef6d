"""The sender of each endpoint, with its secrets read from the environment.

Run once when the notifier starts; a variable that is missing stops it there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from schemas.errors import Misconfigured
from schemas.routing.fields import PLACEHOLDER
from schemas.routing.model import Address, Endpoint, Kind, Routing
from sinks.notify.senders import Sender
from sinks.notify.senders.local import Console, Lines
from sinks.notify.senders.mail import Mail
from sinks.notify.senders.others import Others
from sinks.notify.senders.robots import DingTalk, Feishu, WeCom
from sinks.notify.senders.webhook import ShortText, Webhook

_REMOTE: dict[Kind, Callable[[Endpoint, str, str], Sender]] = {
    Kind.WECOM: WeCom,
    Kind.DINGTALK: DingTalk,
    Kind.FEISHU: Feishu,
    Kind.WEBHOOK: Webhook,
    Kind.SMS: ShortText,
    Kind.MAIL: Mail,
}


def build_senders(
    routing: Routing, environment: Mapping[str, str], folder: Path
) -> dict[str, Sender]:
    """Return endpoint name → sender; files lie below ``folder``.

    Raises ``Misconfigured`` with every variable that an endpoint or an address needs and that is
    not set.
    """
    missing = sorted(_missing(routing, environment))
    if missing:
        raise Misconfigured(
            f"{name} is not set; {who} needs it: set it in the environment of `jushou notify`"
            for name, who in missing
        )
    return {
        name: _build(endpoint, environment, folder) for name, endpoint in routing.endpoints.items()
    }


def filled(text: str, environment: Mapping[str, str]) -> str:
    """Return a text with each ``${NAME}`` replaced by its variable."""
    return PLACEHOLDER.sub(lambda match: environment[match[1]], text)


def _missing(routing: Routing, environment: Mapping[str, str]) -> set[tuple[str, str]]:
    texts = [
        (endpoint.name, text)
        for endpoint in routing.endpoints.values()
        for text in (endpoint.url, endpoint.secret, endpoint.user)
    ]
    for person in routing.people.values():
        texts += [(person.name, address.address) for address in person.reached_by]
    for group in routing.groups.values():
        texts += [(group.name, address.address) for address in group.reached_by]
    return {
        (match[1], who)
        for who, text in texts
        for match in PLACEHOLDER.finditer(text)
        if not environment.get(match[1])
    }


def addresses(routing: Routing, environment: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return (group or person, endpoint) → address there, with its variables filled in.

    Addresses are looked up when a message leaves, so that none is written to the outbox.
    """
    found: dict[tuple[str, str], str] = {}

    def add(owner: str, reached_by: tuple[Address, ...]) -> None:
        for each in reached_by:
            found[owner, each.endpoint] = filled(each.address, environment)

    for person in routing.people.values():
        add(f"person/{person.name}", person.reached_by)
    for group in routing.groups.values():
        add(group.name, group.reached_by)
    return found


def _build(endpoint: Endpoint, environment: Mapping[str, str], folder: Path) -> Sender:
    if endpoint.kind is Kind.CONSOLE:
        return Console()
    if endpoint.kind is Kind.FILE:
        return Lines(folder / endpoint.path)
    url = filled(endpoint.url, environment)
    if endpoint.kind is Kind.APPRISE:
        return Others(endpoint, url)
    return _REMOTE[endpoint.kind](endpoint, url, filled(endpoint.secret, environment))
