"""Endpoints as the files give them: of a known kind, to an allowed host, without a secret in them.

Stands before the path of an event. No secret is in a file: only the name of the variable that
holds it, and no request leaves for a host that is not listed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePath
from typing import Any
from urllib.parse import SplitResult, urlsplit

from schemas.located_yaml import Fields, Value
from schemas.routing.fields import MAILBOX, PLACEHOLDER, one
from schemas.routing.model import TIMEOUT_S, Endpoint, Kind

_NUMBERS = ("timeout_s", "give_up_after_s", "at_most_per_minute")
_TEXTS = ("url", "secret", "path", "sender", "user")
_FLAGS = ("starttls", "idempotent")
_NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.CONSOLE: (),
    Kind.FILE: ("path",),
    Kind.MAIL: ("url", "sender"),
    Kind.WEBHOOK: ("url", "secret"),
}
_SCHEMES = {Kind.MAIL: ("smtp", "smtps")}
# What the vendors document for one robot: WeCom and DingTalk 20 a minute, Feishu 100.
_A_MINUTE = {Kind.WECOM: 20, Kind.DINGTALK: 20, Kind.FEISHU: 100}
# Where the key of a robot stands in its address.
_KEYS = {
    Kind.WECOM: re.compile(r"[?&]key=([^&]*)"),
    Kind.DINGTALK: re.compile(r"[?&]access_token=([^&]*)"),
    Kind.FEISHU: re.compile(r"/hook/([^?&]*)"),
}
# The robots' hosts are their vendors'; the services of apprise name theirs in many ways.
_WITHOUT_HOST = (Kind.CONSOLE, Kind.FILE, Kind.APPRISE)


def read_endpoint(name: str, value: Value, allowed_hosts: Collection[str]) -> Endpoint | None:
    """Return one endpoint, or report what is wrong with it."""
    fields = value.fields("kind", *_TEXTS, *_NUMBERS, *_FLAGS)
    kind_given = one(fields.need("kind"), [kind.value for kind in Kind], "kind of endpoint")
    if kind_given is None:
        return None
    kind = Kind(kind_given)
    read = _read_plain(fields, kind)
    _check_secret(fields.get("secret"))
    if kind not in _WITHOUT_HOST:
        _check_host(fields, kind, allowed_hosts)
    elif kind is Kind.APPRISE and (url := fields.get("url")):
        _check_secret(url)
    if read.get("user") and not (read.get("starttls") or read.get("url", "").startswith("smtps:")):
        fields.key("user").fault("a password goes over TLS alone; write smtps:// or starttls: true")
    if fields.get("timeout_s") and not 1 <= read["timeout_s"] <= 120:
        fields.key("timeout_s").fault("expected 1 to 120 seconds")
    longest_s = read.get("timeout_s", TIMEOUT_S)
    if fields.get("give_up_after_s") and read["give_up_after_s"] < longest_s:
        fields.key("give_up_after_s").fault(f"expected at least timeout_s, {longest_s} s")
    if kind is Kind.MAIL and read.get("sender") and not MAILBOX.fullmatch(read["sender"]):
        fields.key("sender").fault("expected one address such as jushou@office.example")
    if kind is Kind.FILE and ({"..", "/"} & set(PurePath(read.get("path", "")).parts)):
        fields.key("path").fault("expected a path below the folder of the notifier")
    read.setdefault("at_most_per_minute", _A_MINUTE.get(kind, 0))
    read.setdefault("idempotent", kind in (Kind.WEBHOOK, Kind.FILE))
    return Endpoint(name=name, kind=kind, **read)


def _read_plain(fields: Fields, kind: Kind) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for field in _TEXTS:
        given = (fields.need if field in _NEEDED.get(kind, ("url",)) else fields.get)(field)
        if given:
            read[field] = given.text() or ""
    for field in _NUMBERS:
        if given := fields.get(field):
            read[field] = given.whole() or 0
    for field in _FLAGS:
        if given := fields.get(field):
            read[field] = bool(given.flag())
    return read


def _check_secret(value: Value | None) -> None:
    written = value.text() if value else None
    if value and written and not PLACEHOLDER.fullmatch(written):
        # The value itself is not quoted: it may be the secret.
        value.fault("a secret stands in no file; write ${NAME} and set that variable")


def _check_host(fields: Fields, kind: Kind, allowed_hosts: Collection[str]) -> None:
    value = fields.get("url")
    written = value.text() if value else None
    if value is None or written is None:
        return
    parts = urlsplit(written)
    schemes = _SCHEMES.get(kind, ("https", "http"))
    if kind in _KEYS and any(not PLACEHOLDER.search(each) for each in _KEYS[kind].findall(written)):
        value.fault("a robot's key stands in no file; write ${NAME} and set that variable")
    if parts.scheme not in schemes or not parts.hostname:
        value.fault(f"expected an address that begins with {' or '.join(schemes)}:// and a host")
    elif parts.username or parts.password:
        value.fault("a secret stands in no file; give user and secret as fields of their own")
    elif parts.hostname not in {host.lower() for host in allowed_hosts}:
        value.fault(f"host {parts.hostname} is not in allowed_hosts; add it there if it is meant")
    elif not _has_port(parts):
        value.fault("expected a port from 1 to 65535")


def _has_port(parts: SplitResult) -> bool:
    """Say whether the port, where one is given, is one."""
    try:
        return parts.port != 0
    except ValueError:
        return False
