"""What a reader gets: words, times, the clause, links; in each format, and nothing personal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import ric

from schemas.action import Side
from schemas.action_link import check
from schemas.errors import InvalidRecord
from schemas.routing.load import shipped_routing
from sinks.notify.document import Document, Letter, Links, MessageKind, compose
from sinks.notify.facts import Speaker
from sinks.notify.formats import (
    MOST_RECORDS,
    WECOM_BYTES,
    feishu_card,
    html,
    markdown,
    payload,
    plain_text,
)
from sinks.notify.samples import page
from tests.notify_builders import escalation, ms, routing_of

LINKS = Links("https://page.example", "a secret", "https://page.example/ack")
NOON = "2026-03-02 12:00"


def letter(*of: Any, **changes: Any) -> Letter:
    fields: dict[str, Any] = {
        "message_id": "m1", "kind": MessageKind.SINGLE, "recipient": "duty", "language": "zh",
        "side": Side.COUNTY, "escalations": of or (escalation(),),
    }  # fmt: skip
    return Letter(**(fields | changes))


def written(at: str = NOON, **changes: Any) -> Document:
    of = changes.pop("of", ())
    return compose(letter(*of, **changes), shipped_routing(), LINKS, ms(at))


@pytest.mark.parametrize(
    ("due", "now", "zh", "en"),
    [
        ("2026-03-02 14:00", "2026-03-02 10:00", "还剩 4 小时", "4 h left"),
        ("2026-03-02 14:00", "2026-03-02 10:20", "还剩 3 小时 40 分钟", "3 h 40 min left"),
        ("2026-03-02 14:00", "2026-03-02 13:59", "还剩 1 分钟", "1 min left"),
        ("2026-03-02 14:00", "2026-03-02 14:00", "已到期", "due now"),
        ("2026-03-02 14:00", "2026-03-02 14:01", "已超时 1 分钟", "1 min late"),
        ("2026-03-04 10:00", "2026-03-02 10:00", "还剩 2 天", "2 days left"),
        ("2026-03-02 10:00", "2026-03-12 09:00", "已超期 9 天", "9 days late"),
    ],
)
def test_the_time_left_is_said_in_words(due: str, now: str, zh: str, en: str) -> None:
    for language, expected in (("zh", zh), ("en", en)):
        assert Speaker(shipped_routing(), language).left(ms(due), ms(now)) == expected


def test_midnight_is_the_end_of_the_day_before() -> None:
    assert (
        Speaker(shipped_routing(), "zh")
        .instant(ms("2026-03-04 00:00"))
        .startswith("2026年3月3日（周二）24:00")
    )


def test_an_office_replaces_one_text_and_keeps_the_others(tmp_path: Path) -> None:
    text = "words:\n  zh: {signature: 云南省乡村振兴局}\n"
    document = compose(letter(), routing_of(tmp_path, own=text), LINKS, ms(NOON))
    assert document.signature == "云南省乡村振兴局"
    assert document.title == written().title


@pytest.mark.parametrize(
    ("item", "clock", "zh", "en"),
    [
        ("water.drinking", "accept", "（报道载明）", "(stated in the report)"),
        ("civil.temporary-aid", "accept", "待云南确认", "to be confirmed for Yunnan"),
        ("education.dropout", "accept", "本项目假设，非正式规定", "our assumption, no"),
    ],
)  # fmt: skip
def test_the_clause_says_how_certain_it_is(item: str, clock: str, zh: str, en: str) -> None:
    of = (escalation(item=item, clock=clock),)
    assert zh in plain_text(written(of=of))
    assert en in plain_text(written(of=of, language="en"))


def test_a_message_names_case_item_place_step_and_what_to_do() -> None:
    text = plain_text(written())
    for part in ("C1", "农村饮水安全", "昆明市东川区", "水利部门", "受理", "督促承办单位立即办理",
                 "https://page.example/case/C1"):  # fmt: skip
        assert part in text


def test_the_link_to_acknowledge_is_signed_for_this_recipient_and_ends() -> None:
    url = dict(written().links)["确认收到"]
    token = url.partition("token=")[2]
    claims = check(token, "a secret", ms(NOON))
    assert (claims.by, claims.side, claims.level) == ("duty", Side.COUNTY, "red")
    for forged, secret, at in (
        (token, "another", NOON), (token, "a secret", "2026-03-06 12:00"),
        ("x" + token, "a secret", NOON), ("", "a secret", NOON), ("é.é", "a secret", NOON),
        (token, "", NOON),
    ):  # fmt: skip
        with pytest.raises(InvalidRecord):
            check(forged, secret, ms(at))


def test_a_county_that_is_told_of_a_supervision_answers_it_and_cannot_silence_it() -> None:
    of = (escalation(level="supervise"),)
    province, county = (
        written(of=of, side=side) for side in (Side.PROVINCE, Side.COUNTY)
    )  # fmt: skip
    assert list(dict(province.links)) == ["查看案件", "确认收到"]
    assert list(dict(county.links)) == ["查看案件", "反馈办理情况"]
    assert list(dict(written(of=of, side=Side.OWNER).links)) == ["查看案件"]
    assert "要求县级反馈" in plain_text(province)
    assert "向省级反馈办理情况和预计办结时间" in plain_text(county)
    assert "要求县级反馈" not in plain_text(county)
    table = plain_text(written(of=of * 2, kind=MessageKind.DIGEST, side=Side.COUNTY))
    assert "向省级反馈" in table


@pytest.mark.parametrize(
    ("at", "expected"),
    [("2026-03-02 13:59", "在到期前办理"), ("2026-03-02 14:00", "立即办理本环节")],
)
def test_a_warning_that_leaves_after_it_was_due_does_not_ask_for_what_is_past(
    at: str, expected: str
) -> None:
    warning = escalation(level="yellow", due_at="2026-03-02T14:00:00+08:00")
    assert expected in plain_text(written(at, of=(warning,)))


def test_a_request_about_a_whole_history_stays_small_and_says_how_many_there_are() -> None:
    many = tuple(escalation(f"C{number}") for number in range(1_200))
    daily = letter(*many, kind=MessageKind.DAILY)
    body = payload(compose(daily, shipped_routing(), LINKS, ms(NOON)), daily, ms(NOON))
    assert (body["count"], len(body["escalations"])) == (1_200, MOST_RECORDS)


def test_a_case_number_that_looks_like_a_telephone_or_an_identity_number_is_withheld() -> None:
    identity = "53010219900307293"
    for number in ("13812345678", identity + ric.calc_check_digit(identity + "0")):
        document = written(of=(escalation(case=number),))
        everywhere = plain_text(document) + document.sms + html(document) + markdown(document)
        assert number not in everywhere
        assert "编号略" in everywhere


def test_no_format_lets_a_value_become_markup() -> None:
    document = written(of=(escalation(case="<img src=x>[a](http://evil)*@all*"),))
    assert "<img" not in html(document)
    assert "&lt;img" in html(document)
    body = markdown(document)
    assert "[a](" not in body
    assert "<" not in body
    assert "@all" not in body


def test_a_supervision_blames_nobody_whose_stages_kept_their_limits() -> None:
    asked, red = escalation("C1", "supervise"), escalation("C1")

    def ground(language: str, *late: Any) -> str | None:
        document = written(of=(asked,), language=language, late={"C1": late})
        return dict(document.lines).get(Speaker(shipped_routing(), language).say("label_ground"))

    assert ground("zh") == "截至发出时各环节均在规定时限内，不作逾期认定"
    assert ground("zh", red) == "环节逾期（受理）"
    assert ground("en", red) == "a stage is late (Accept)"
    table = written(of=(asked, escalation("C2", "supervise")), kind=MessageKind.DIGEST,
                    late={"C1": (red,), "C2": ()})  # fmt: skip
    assert [row[-1] for row in table.rows] == ["情形", "环节逾期（受理）", "各环节均在时限内"]
    assert "情形" not in dict(written(of=(red,)).lines)

    def asks(*late: Any) -> str:
        of = (escalation("C1", "supervise-again"),)
        document = written(of=of, side=Side.PROVINCE, late={"C1": late})
        return dict(document.lines)["请您"]

    assert "不作逾期处理" in asks()
    assert "约谈" in asks(red)


def test_two_steps_of_a_case_that_fall_due_together_are_one_row_of_a_table() -> None:
    steps = [escalation(case, clock=clock) for case in ("C1", "C2")
             for clock in ("accept", "dispatch")]  # fmt: skip
    document = written(of=(*steps, escalation("C2", clock="verify", at="2026-03-04 00:00")),
                       kind=MessageKind.DIGEST)  # fmt: skip
    assert "2 件" in document.title
    assert [row[:2] for row in document.rows[1:]] == [
        ("C1", "受理、派单"), ("C2", "受理、派单"), ("C2", "现场核实")
    ]  # fmt: skip


def test_a_table_holds_every_case_and_says_how_many_it_leaves_out() -> None:
    many = tuple(escalation(f"C{number}") for number in range(400))
    document = written(kind=MessageKind.DIGEST, of=many)
    assert len(document.rows) == 1 + shipped_routing().rules.rows_in_a_table
    assert "400 件" in document.title
    assert "另有 350 件" in plain_text(document)
    assert len(markdown(document, WECOM_BYTES).encode()) <= WECOM_BYTES
    assert "400 件" in markdown(document, WECOM_BYTES)


def test_marks_say_that_a_message_is_sent_again_or_comes_instead() -> None:
    assert written(repeated=True).title.startswith("【重发】【红牌】")
    assert written(reminder=True).title.startswith("【再次提醒】【红牌】")
    assert "原收件方（东川值班）未能送达" in plain_text(written(instead_of="东川值班"))


def test_a_card_has_its_title_once() -> None:
    card = feishu_card(written())
    assert card["header"]["title"]["content"] == "【红牌】昆明市东川区 农村饮水安全"
    assert "【红牌】" not in card["elements"][0]["content"]
    assert "案件：C1" in card["elements"][0]["content"]


def test_a_machine_gets_the_records_too() -> None:
    body = payload(written(), letter(), ms(NOON))
    assert body["escalations"][0]["escalation_id"] == escalation().escalation_id
    assert body["message_id"] == "m1"


def test_the_page_of_samples_is_current() -> None:
    path = Path(__file__).parents[2] / "docs" / "messages.md"
    assert path.read_text("utf-8") == page(), "run `python -m sinks.notify.samples`"
