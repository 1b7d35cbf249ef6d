"""``jushou catalogue`` and ``jushou calendar`` as an official reads them."""

from __future__ import annotations

import typer
from typer.testing import CliRunner

from jushou.cli.calendar import calendar
from jushou.cli.catalogue import catalogue

app = typer.Typer()
app.command()(catalogue)
app.command()(calendar)
WIDE = {"COLUMNS": "240"}


def printed(*arguments: str, fails: bool = False) -> str:
    result = CliRunner().invoke(app, list(arguments), env=WIDE)
    assert (result.exit_code != 0) is fails, result.output
    return result.output


def line_of(output: str, beginning: str) -> str:
    return next(line for line in output.splitlines() if beginning in line)


def test_an_item_is_shown_with_limit_certainty_and_source() -> None:
    resolve = line_of(printed("catalogue", "water.drinking", "--lang", "en"), "resolve Resolve")
    for part in ("verified {confirmed = true} → measures_proposed / resolved", "5wd", " S ", "The"):
        assert part in resolve


def test_an_item_is_shown_in_chinese_without_being_asked() -> None:
    output = printed("catalogue", "civil.minimum-living")
    assert "低保" in output
    assert "30wd (+15wd)" in line_of(output, "decide 审核确认")


def test_all_sixteen_items_are_shown_when_none_is_named() -> None:
    output = printed("catalogue")
    assert output.count("2021-11 (2021-11-09)") == 16


def test_a_count_rule_shows_its_limit_and_when_it_is_relaxed() -> None:
    rounds = line_of(printed("catalogue", "employment.training"), "rounds 培训轮次")
    assert "≤ 2 (≤ 3: zero_employment = true)" in rounds


def test_an_item_that_does_not_exist_is_named_with_those_that_do() -> None:
    output = printed("catalogue", "water.drink1ng", fails=True)
    assert "water.drink1ng" in output
    assert "monitoring.lead" in output


def test_a_year_shows_holidays_make_up_workdays_and_prefecture_days() -> None:
    output = printed("calendar", "2025", "--region", "532801")
    assert "景洪市 Jinghong City" in output
    assert "2025-10-11 Sat + 国庆节 National Day" in output
    assert "2025-05-01 Thu * 劳动节 Labour Day" in output
    assert "2025-04-14 Mon o 西双版纳州" in output
    assert "provisional" not in output


def test_a_month_shows_how_many_days_the_clocks_count() -> None:
    assert "workdays 18" in printed("calendar", "2025")  # October: 23 - 6 + 1


def test_another_prefecture_does_not_show_those_days() -> None:
    assert "西双版纳" not in printed("calendar", "2025", "--region", "530102")


def test_a_year_that_is_not_published_is_shown_as_provisional() -> None:
    assert "暂定 provisional" in printed("calendar", "2099")


def test_a_region_that_does_not_exist_is_refused() -> None:
    assert "539999" in printed("calendar", "2026", "--region", "539999", fails=True)
