"""From an escalation in Kafka to its request at a webhook: a thousand a minute, none gathered."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

import msgspec
from confluent_kafka import Producer

from benchmarks.notify_endpoint import Requests, endpoint
from benchmarks.outcome import Mark, Outcome
from benchmarks.parts.latency import percentile
from benchmarks.processes import cpu_s
from benchmarks.sizes import Size
from benchmarks.station import Station
from schemas.escalation import Escalation
from schemas.instants import render_instant
from schemas.regions.load import regions
from schemas.routing.load import SHIPPED
from schemas.topics import ESCALATIONS
from sinks.notify.samples import sample

PER_MINUTE = 1_000
_BURST = 1_000
_SECONDS = {"full": 60, "small": 15}
_LIMIT_S = 60.0
# A desk for each county, one endpoint for all of them; no gathering and no limits.
_DESKS = """
allowed_hosts: [127.0.0.1]
endpoints: {{hook: {{kind: webhook, url: "{url}", secret: "${{HOOK}}"}}}}
groups: {{desk: {{name: {{zh: 值班, en: Desk}}, per: [county], reached_by: hook}}}}
routes: [{{send_to: desk}}]
"""


def notify(station: Station, size: Size) -> Outcome:
    """Send escalations at a steady rate, then many at once, to a notifier as it is started."""
    station.fresh_topics()
    seconds = _SECONDS[size.name]
    with endpoint() as requests:
        child = station.start(
            "notify",
            [sys.executable, "-m", "jushou.cli.main", "notify"],
            JUSHOU_BOOTSTRAP=station.bootstrap,
            JUSHOU_FOLDER=str(station.folder / "notify"),
            JUSHOU_ROUTING=_routing(station, requests.url),
            HOOK="of-the-benchmark",
        )
        _send(station, ["ready"], 0.0)
        _wait(requests, 1)
        began_cpu_s = cpu_s(child.pid or 0)
        steady = _run(station, requests, "S", PER_MINUTE * seconds // 60, 60 / PER_MINUTE)
        used_s = cpu_s(child.pid or 0) - began_cpu_s
        each = (requests.count - 1) / len(steady)
        burst = _run(station, requests, "B", _BURST, 0.0)
        child.stop()
    p99_ms, used_ms = percentile(steady, 99), round(1000 * used_s / len(steady), 1)
    return Outcome(
        "notify",
        "From an escalation in Kafka to its request at a webhook",
        ["what", "figure", "unit"],
        [
            [f"{PER_MINUTE:,} a minute for {seconds} s, median", percentile(steady, 50), "ms"],
            [f"{PER_MINUTE:,} a minute for {seconds} s, 99th percentile", p99_ms, "ms"],
            ["requests for each of these", each, ""],
            ["processor time of the notifier for each", used_ms, "ms"],
            [f"{_BURST:,} at one instant, the last", burst[-1], "ms"],
        ],
        notes=[
            "At the steady rate each escalation is a request of its own, to one endpoint, for one "
            "of 129 desks. Of those that come at one instant a desk's are one table. Each is on "
            "the disk of the outbox before it leaves and after. Measured from when it is given to "
            "the producer, so that Kafka's part is included.",
        ],
        marks=[
            Mark("p99 from an escalation to its request, ms", p99_ms, at_most=2_000),
            Mark("requests for each escalation, at least", each, at_least=1),
            Mark("requests for each escalation, at most", each, at_most=1),
        ],
    )


def _routing(station: Station, url: str) -> str:
    folder = station.folder / "routing"
    folder.mkdir(parents=True, exist_ok=True)
    rules = (SHIPPED / "rules.yaml").read_text("utf-8")
    rules = rules.replace("gather_s: 300", "gather_s: 0")
    rules = rules.replace("at_most_per_hour: 30", "at_most_per_hour: 1000000")
    (folder / "rules.yaml").write_text(rules, "utf-8")
    (folder / "desks.yaml").write_text(_DESKS.format(url=url), "utf-8")
    return str(folder)


def _run(station: Station, requests: Requests, name: str, count: int, every_s: float) -> list[int]:
    """Send so many, one every ``every_s``, and return how long each took (ms), sorted."""
    sent_ms = _send(station, [f"{name}{number}" for number in range(count)], every_s)
    _wait(requests, len(requests.first_ms.keys() | sent_ms.keys()))
    return sorted(round(requests.first_ms[case] - at_ms) for case, at_ms in sent_ms.items())


def _send(station: Station, cases: Iterable[str], every_s: float) -> dict[str, float]:
    producer = Producer({"bootstrap.servers": station.bootstrap, "linger.ms": 0})
    counties, sent_ms, began_s = sorted(regions().counties), {}, time.monotonic()
    for number, case in enumerate(cases):
        while time.monotonic() < began_s + number * every_s:
            producer.poll(0.001)
        raw = msgspec.json.encode(_fresh(case, counties[number % len(counties)]))
        sent_ms[case] = time.time() * 1000
        producer.produce(ESCALATIONS.name, raw, case.encode())
    if producer.flush(_LIMIT_S):
        raise TimeoutError("the broker did not take the escalations")
    return sent_ms


def _fresh(case: str, county: str) -> Escalation:
    """Return a red card of a clock of hours that was reached just now."""
    now = render_instant(int(time.time() * 1000))
    made = sample("red", "water.drinking", "accept", now, now, case)
    return msgspec.structs.replace(made, county=county)


def _wait(requests: Requests, cases: int) -> None:
    deadline_s = time.monotonic() + _LIMIT_S
    while len(requests.first_ms) < cases:
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"{len(requests.first_ms)} of {cases} cases at the endpoint")
        time.sleep(0.05)
