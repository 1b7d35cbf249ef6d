"""`jushou topics` and `jushou produce` on a broker of their own, and what a crash leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from typer.testing import CliRunner

from jushou.cli.main import app
from jushou.runtime.kafka_broker import KafkaBroker
from jushou.runtime.topics_admin import (
    configuration_of,
    create_topics,
    existing_topics,
    partitions_of,
)
from jushou.settings import Settings
from producers.publish import BulkLoad, Publisher
from schemas.errors import Misconfigured, Unavailable
from schemas.topics import CASE_EVENTS, CASE_STATES, DEAD_LETTERS, SIGNALS, TOPICS
from tests.household_builders import encoded, signal_record
from tests.integration.test_produce_load import bracket_of, read_all

GOOD = (
    '{{"event_id":"e{n}","case_id":"C{n}","type":"submitted","occurred_at":"2026-03-02T09:00:00Z",'
    '"schema_version":"1","item":"water.drinking","county":"530112","raised_by":"self",'
    '"channel":"wechat"}}'
)
SETTINGS = Settings(partitions=3)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as own:
        create_topics(own.bootstrap, SETTINGS)
        yield own


@pytest.fixture
def run(broker: KafkaBroker, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("JUSHOU_BOOTSTRAP", broker.bootstrap)
    monkeypatch.setenv("JUSHOU_PARTITIONS", "3")
    return CliRunner()


def set_cleanup(broker: KafkaBroker, policy: str) -> None:
    entry = ConfigEntry("cleanup.policy", policy, incremental_operation=AlterConfigOpType.SET)
    altered = ConfigResource(ResourceType.TOPIC, CASE_STATES.name, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.incremental_alter_configs([altered])[altered].result(30.0)
    # Acknowledged by the controller; the broker that is asked learns of it a moment later.
    deadline = time.monotonic() + 30.0
    while existing_topics(broker.bootstrap)[CASE_STATES.name].cleanup != policy:
        assert time.monotonic() < deadline


def loads_closed(broker: KafkaBroker) -> set[str]:
    found = read_all(broker.bootstrap, CASE_EVENTS.name)
    last = [bracket_of(messages[-1]) for messages in found.values()]
    assert all(type_ == "load-closed" for type_, _ in last)
    return {load for _, load in last}


def test_every_topic_of_the_table_is_there_with_its_partitions_and_configuration(
    broker: KafkaBroker,
) -> None:
    existing = existing_topics(broker.bootstrap)
    assert set(existing) == {topic.name for topic in TOPICS}
    assert existing[CASE_EVENTS.name].partitions == 3
    assert existing[DEAD_LETTERS.name].partitions == 1
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in TOPICS]
    answers = admin.describe_configs(resources)
    for topic, resource in zip(TOPICS, resources, strict=True):
        configured = answers[resource].result(30.0)
        wanted = configuration_of(topic)
        assert {name: configured[name].value for name in wanted} == wanted
    assert configuration_of(CASE_STATES)["cleanup.policy"] == "compact"


def test_creating_them_again_creates_nothing(broker: KafkaBroker) -> None:
    assert create_topics(broker.bootstrap, SETTINGS) == []


def test_topics_that_differ_are_all_told_and_nothing_is_created(broker: KafkaBroker) -> None:
    with pytest.raises(Misconfigured) as raised:
        create_topics(broker.bootstrap, Settings(partitions=6))
    assert len(raised.value.faults) == sum(partitions_of(each, SETTINGS) == 3 for each in TOPICS)
    assert f"topic {CASE_EVENTS.name} has 3 partitions, not 6" in raised.value.faults[0]


def test_a_topic_with_another_cleanup_is_told(broker: KafkaBroker) -> None:
    set_cleanup(broker, "delete")
    try:
        with pytest.raises(Misconfigured, match=r"cleanup\.policy=delete, not compact"):
            create_topics(broker.bootstrap, SETTINGS)
    finally:
        set_cleanup(broker, "compact")


def test_the_command_checks_and_lists_them(run: CliRunner) -> None:
    checked = run.invoke(app, ["topics", "--check", "--list"])
    assert checked.exit_code == 0, checked.output
    assert f"{len(TOPICS)} topics are as declared" in checked.output
    assert all(topic.name in checked.output for topic in TOPICS)


def test_the_command_fails_where_they_differ(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUSHOU_PARTITIONS", "2")
    checked = run.invoke(app, ["topics", "--check"])
    assert checked.exit_code == 1
    assert "has 3 partitions, not 2" in checked.stderr


def test_a_file_is_sent_as_a_closed_load(
    run: CliRunner, broker: KafkaBroker, tmp_path: Path
) -> None:
    log = tmp_path / "events.jsonl"
    log.write_text("".join(GOOD.format(n=n) + "\n" for n in range(20)))
    sent = run.invoke(app, ["produce", str(log), "--load", "daily-1"])
    assert (sent.exit_code, sent.output) == (0, "sent 20 events as load daily-1\n")
    assert loads_closed(broker) == {"daily-1"}


def test_bad_lines_are_told_the_good_ones_sent_and_the_status_is_1(
    run: CliRunner, broker: KafkaBroker
) -> None:
    lines = [GOOD.format(n=100), "no json", GOOD.format(n=101)]
    sent = run.invoke(app, ["produce", "-", "--load", "daily-2"], input="\n".join(lines))
    assert sent.exit_code == 1
    assert sent.stdout == "sent 2 events as load daily-2, 1 bad lines\n"
    assert sent.stderr.startswith("line 2: not-json")
    found = read_all(broker.bootstrap, CASE_EVENTS.name)
    values = {message.value().decode() for messages in found.values() for message in messages}
    assert {lines[0], lines[2]} <= values
    assert "no json" not in values
    assert loads_closed(broker) == {"daily-2"}


def test_a_file_that_is_not_there_is_a_usage_error(run: CliRunner) -> None:
    assert run.invoke(app, ["produce", "no-such-file.jsonl"]).exit_code == 2


def test_a_broker_that_dies_in_a_load_leaves_it_open_and_the_sender_told(
    broker: KafkaBroker,
) -> None:
    """Last: the broker is killed and started again."""
    publisher = Publisher(broker.bootstrap, timeout_s=10.0)

    def load_through_a_crash() -> None:
        with BulkLoad(publisher, "daily-3") as load:
            broker.kill()
            load.send("C1", GOOD.format(n=1).encode())

    with pytest.raises(Unavailable, match="did not take a record") as raised:
        load_through_a_crash()
    assert "load daily-3 stays open" in raised.value.__notes__[0]
    broker.start()
    found = read_all(broker.bootstrap, CASE_EVENTS.name)
    assert all(bracket_of(messages[-1])[0] == "load-opened" for messages in found.values())


def test_a_file_of_signals_is_sent_by_household_and_its_bad_lines_are_told(
    run: CliRunner, broker: KafkaBroker, tmp_path: Path
) -> None:
    good = [signal_record(f"s{number}", f"H{number}", "2026-03-02 09:00") for number in range(5)]
    bad = signal_record("s9", "H9", "2026-03-02 09:00", county="110101")
    file = tmp_path / "signals.jsonl"
    file.write_bytes(b"\n".join(encoded(record) for record in [*good, bad]))
    result = run.invoke(app, ["produce", str(file), "--signals", "--load", "screening"])
    assert result.exit_code == 1
    assert "sent 5 signals as load screening, 1 bad lines" in result.output
    assert "line 6" in result.output
    found = [each for some in read_all(broker.bootstrap, SIGNALS.name).values() for each in some]
    keys = sorted(each.key() or b"" for each in found if b"signal_id" in (each.value() or b""))
    assert keys == [f"H{number}".encode() for number in range(5)]
