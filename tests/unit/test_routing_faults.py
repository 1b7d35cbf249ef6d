"""Every mistake in the files of a routing is named with its file and line, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import Misconfigured
from schemas.routing.load import SHIPPED
from tests.notify_builders import routing_of

LAST = "  - {send_to: owner-duty}\n"
MISTAKES = {
    "unknown-section": ("root: 1\n", 1, "unknown field 'root'"),
    "unknown-kind": ("endpoints:\n  a: {kind: pigeon}\n", 2, "unknown kind of endpoint 'pigeon'"),
    "secret-in-file": (
        "endpoints:\n  a: {kind: webhook, url: 'http://h/x', secret: hunter2}\nallowed_hosts: [h]",
        2, "a secret stands in no file",
    ),
    "host-not-allowed": (
        "endpoints:\n  a: {kind: wecom, url: 'https://evil.example/x'}\n",
        2, "host evil.example is not in allowed_hosts",
    ),
    "host-hidden-behind-a-user": (
        "allowed_hosts: [h]\nendpoints:\n  a: {kind: wecom, url: 'https://h@evil.example/x'}\n",
        3, "a secret stands in no file",
    ),
    "scheme": (
        "allowed_hosts: [h]\nendpoints:\n  a: {kind: wecom, url: 'file://h/etc/passwd'}\n",
        3, "begins with https or http",
    ),
    "group-without-anybody": (
        "groups:\n  g:\n    name: {zh: 组, en: g}\n", 2, "'g' reaches nobody",
    ),
    "unknown-endpoint": (
        "groups:\n  g: {name: {zh: 组, en: g}, reached_by: nowhere}\n", 2, "unknown endpoint",
    ),
    "mail-without-address": (
        "allowed_hosts: [h]\nendpoints:\n  m: {kind: mail, url: 'smtp://h', sender: a@h}\n"
        "groups:\n  g: {name: {zh: 组, en: g}, reached_by: m}\n", 5, "m needs an address",
    ),
    "password-in-clear": (
        "allowed_hosts: [h]\nendpoints:\n"
        "  m: {kind: mail, url: 'smtp://h', sender: a@h, user: a, secret: '${P}'}\n",
        3, "a password goes over TLS alone",
    ),
    "circle": (
        "groups:\n  last-resort:\n    name: {zh: 组, en: g}\n    reached_by: console\n"
        "    fallback: province-duty\n", 2, "fallback goes in a circle",
    ),
    "gap": ("routes:\n  - {to: owner, send_to: owner-duty}\n", 2, "nobody gets level"),
    "never-reached": (
        "routes:\n  - {name: all, send_to: owner-duty}\n  - {to: owner, send_to: owner-duty}\n",
        3, "is never reached: 'all' before it takes all of it",
    ),
    "unknown-county": (
        f"routes:\n  - {{regions: ['539999'], send_to: owner-duty}}\n{LAST}",
        2, "unknown county or prefecture '539999'",
    ),
    "unknown-item": (
        f"routes:\n  - {{items: water.drinkin, send_to: owner-duty}}\n{LAST}", 2, "unknown item",
    ),
    "time-without-quotes": (
        "groups:\n  g: {name: {zh: 组, en: g}, reached_by: console,\n"
        "    quiet: {from: 22:00, until: '07:00'}}\n", 3, "expected a text",
    ),
    "time-that-is-none": (
        "groups:\n  g: {name: {zh: 组, en: g}, reached_by: console,\n"
        "    quiet: {from: '25:00', until: '07:00'}}\n", 3, "expected a time of day",
    ),
    "stands-in-for-itself": (
        "people:\n  p:\n    name: {zh: 人, en: p}\n    reached_by: console\n"
        "    away: [{from: 2026-01-01, until: 2026-01-02, substitute: p}]\n",
        2, "'p' cannot stand in for itself",
    ),
    "substitutes-away-too": (
        "people:\n  a:\n    name: {zh: 甲, en: a}\n    reached_by: console\n"
        "    away: [{from: 2026-10-01, until: 2026-10-08, substitute: b}]\n  b:\n"
        "    name: {zh: 乙, en: b}\n    reached_by: console\n"
        "    away: [{from: 2026-10-08, until: 2026-10-09, substitute: a}]\n",
        2, "on 2026-10-08 nobody stands in: a → b → a",
    ),
    "sent-to-nobody": ("routes:\n  - {send_to: []}\n", 2, "an empty list; name a group"),
    "two-sides": (
        "groups:\n  g: {name: {zh: 组, en: g}, reached_by: console,\n    side: [owner, county]}\n",
        3, "expected a text, not a list",
    ),
    "key-of-a-robot-in-file": (
        "allowed_hosts: [h]\nendpoints:\n  a: {kind: wecom, url: 'https://h/send?key=hunter2'}\n",
        3, "a robot's key stands in no file",
    ),
    "telephone-in-file": (
        "allowed_hosts: [h]\nendpoints:\n  s: {kind: sms, url: 'https://h/x'}\npeople:\n"
        "  p: {name: {zh: 人, en: p}, reached_by: [{endpoint: s, address: '13812345678'}]}\n",
        5, "a telephone stands in no file",
    ),
    "address-that-is-none": (
        "allowed_hosts: [h]\nendpoints:\n  m: {kind: mail, url: 'smtp://h', sender: a@h}\n"
        "groups:\n  g: {name: {zh: 组, en: g}, reached_by: [{endpoint: m, address: desk}]}\n",
        5, "expected one address",
    ),
    "sender-that-is-none": (
        "allowed_hosts: [h]\nendpoints:\n  m: {kind: mail, url: 'smtp://h', sender: office}\n",
        3, "expected one address",
    ),
    "port-that-is-none": (
        "allowed_hosts: [h]\nendpoints:\n  m: {kind: wecom, url: 'https://h:99999/x'}\n",
        3, "expected a port",
    ),
    "file-elsewhere": ("endpoints:\n  f: {kind: file, path: ../x}\n", 2, "expected a path below"),
    "given-up-before-it-was-tried": (
        "allowed_hosts: [h]\nendpoints:\n"
        "  a: {kind: wecom, url: 'https://h/x', give_up_after_s: 0}\n",
        3, "at least timeout_s, 10 s",
    ),
    "words-of-a-new-language": ("words:\n  ii: {title: x}\n", 2, "'sms' is missing"),
    "words-blank": ("words:\n  zh: {title: ''}\n", 2, "expected a text, this is blank"),
    "words-unknown-fact": (
        "words:\n  zh: {title: '{{ household }}'}\n", 2, "title knows no 'household'",
    ),
    "words-of-another-text": (
        "words:\n  zh: {title: '{{ number }}'}\n", 2, "title knows no 'number'",
    ),
    "words-that-fail-with-every-message": (
        "words:\n  zh: {title: '{{ item + 1 }}'}\n", 2, "cannot be filled in",
    ),
    "words-unknown-filter": (
        "words:\n  zh: {title: '{{ item | nofilter }}'}\n", 2, "is not a template",
    ),
    "words-no-template": ("words:\n  zh: {title: '{{ case'}\n", 2, "is not a template"),
}  # fmt: skip


RULES = (SHIPPED / "rules.yaml").read_text("utf-8")
RULES_THAT_SILENCE = {
    "nothing-an-hour": ("at_most_per_hour: 30", "at_most_per_hour: 0", "an integer from 1"),
    "no-row": ("rows_in_a_table: 50", "rows_in_a_table: 0", "an integer from 1"),
    "probes-without-a-pause": ("watchdog_every_s: 60", "watchdog_every_s: 0", "an integer from 1"),
    "all-is-history": ("horizon_h: 24", "horizon_h: 0", "an integer from 1"),
    "working-at-night": ("08:30", "18:30", "working_time is of one day"),
    "quiet-supervision": (
        "never_silenced: [supervise, supervise-again]", "never_silenced: [supervise]",
        "never_silenced holds what goes to the province; add supervise-again",
    ),
    "silenced-from-below": (
        "provincial: [supervise, supervise-again]", "provincial: [supervise-again]",
        "provincial holds what goes to the province; add supervise",
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES_THAT_SILENCE)
def test_no_rule_may_keep_everything_or_the_province_silent(rule: str, tmp_path: Path) -> None:
    shipped, written, message = RULES_THAT_SILENCE[rule]
    assert RULES.count(shipped) == 1
    line = RULES[: RULES.index(shipped)].count("\n") + 1
    with pytest.raises(Misconfigured) as raised:
        routing_of(tmp_path, rules=RULES.replace(shipped, written))
    assert any(
        f"rules.yaml:{line}: " in fault and message in fault for fault in raised.value.faults
    )


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_file_and_line(mistake: str, tmp_path: Path) -> None:
    text, line, message = MISTAKES[mistake]
    with pytest.raises(Misconfigured) as raised:
        routing_of(tmp_path, own=text)
    assert any(f"own.yaml:{line}: " in fault and message in fault for fault in raised.value.faults)
    assert "hunter2" not in str(raised.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as raised:
        routing_of(
            tmp_path,
            one="endpoints:\n  a: {kind: pigeon}\n",
            two="groups:\n  g: {name: {zh: 组, en: g}, reached_by: nowhere}\n  h: {}\n",
        )
    found = "\n".join(raised.value.faults)
    assert "one.yaml:2" in found
    assert "two.yaml:2" in found
    assert "two.yaml:3" in found
