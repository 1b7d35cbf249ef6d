"""`jushou explain` on a file: what an official reads, and what the page gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from jushou.cli.explain import explain

EVENTS = Path(__file__).parent.parent / "examples"
AS_OF = ["--as-of", "2026-10-12T00:00:00+08:00"]


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(explain)
    return app


def hand(*more: str) -> list[str]:
    return ["W1", "--events", str(EVENTS / "hand.jsonl"), *AS_OF, *more]


def test_an_official_reads_the_case_in_chinese(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, hand())
    assert shown.exit_code == 0
    for text in (
        "农村饮水安全", "昆明市五华区", "自己举手", "2026年9月18日17:00", "已超期，仍未办结",
        "9/22 起算日", "9/23 暂停", "10/8 4", "国庆节 10/1–10/7", "2026年10月9日24:00",
        "已于2026年10月9日24:00触发", "2021-11-09起施行", "五华区水利部门", "本项目假设",
    ):  # fmt: skip
        assert text in shown.stdout


def test_the_same_in_english(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, hand("--lang", "en", "--clock", "resolve"))
    assert shown.exit_code == 0
    assert "9/23 paused" in shown.stdout
    assert "Was due 2026-10-09 24:00" in shown.stdout
    assert not any("\u4e00" <= character <= "\u9fff" for character in shown.stdout)


def test_the_page_gets_json_with_both_languages(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, hand("--json"))
    account = json.loads(shown.stdout)
    resolve = next(clock for clock in account["clocks"] if clock["clock"] == "resolve")
    assert resolve["due_at"] == "2026-10-10T00:00:00+08:00"
    assert [day["date"] for day in resolve["days"] if day["counted"]] == [
        "2026-09-28", "2026-09-29", "2026-09-30", "2026-10-08", "2026-10-09",
    ]  # fmt: skip
    assert resolve["rule"]["certainty"] == "S"
    assert set(resolve["summary"]) == {"zh", "en"}


def test_it_says_what_it_would_have_said_at_an_earlier_instant(app: typer.Typer) -> None:
    earlier = [*hand("--json")[:3], "--as-of", "2026-09-24T00:00:00+08:00", "--json"]
    account = json.loads(CliRunner().invoke(app, earlier).stdout)
    resolve = next(clock for clock in account["clocks"] if clock["clock"] == "resolve")
    assert (resolve["status"], resolve["due_at"]) == ("paused", None)
    assert [event["event_id"] for event in account["pending"]] == ["a6"]


def test_an_unknown_case_is_said_plainly(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, ["NONE", *hand()[1:]])
    assert shown.exit_code == 1
    assert "case NONE is unknown" in shown.stderr


def test_a_broker_that_is_down_is_said_with_the_remedy(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jushou.cli.case_store.ANSWER_S", 0.5)
    shown = CliRunner().invoke(app, ["W1", "--bootstrap", "127.0.0.1:1"])
    assert shown.exit_code == 2
    assert "no Kafka broker answers at 127.0.0.1:1" in shown.stderr
    assert "--events" in shown.stderr


def test_a_clock_that_the_case_does_not_have_is_an_error_that_names_those_it_has(
    app: typer.Typer,
) -> None:
    shown = CliRunner().invoke(app, hand("--clock", "deliver"))
    assert shown.exit_code == 2
    assert "accept, dispatch" in shown.output


def test_a_case_is_found_however_its_id_is_written(app: typer.Typer, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text((EVENTS / "hand.jsonl").read_text("utf-8").replace('"W1"', '"W\\/1"'), "utf-8")
    shown = CliRunner().invoke(app, ["W/1", "--events", str(log), *AS_OF])
    assert shown.exit_code == 0
    assert "W/1" in shown.stdout


def test_at_the_very_instant_that_is_due_no_time_is_left_and_nothing_is_late(
    app: typer.Typer,
) -> None:
    due = ["--as-of", "2026-10-10T00:00:00+08:00", "--lang", "en", "--clock", "resolve"]
    shown = CliRunner().invoke(app, [*hand()[:3], *due])
    assert "due 2026-10-09 24:00, this very moment." in " ".join(shown.stdout.split())
