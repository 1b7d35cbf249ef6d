"""The words of an explanation's screen in one language; nothing here knows of layout."""

from __future__ import annotations

import re
from typing import Literal

from rich.text import Text as Styled

from schemas.catalogue.model import Text
from schemas.dates import parse_rendered
from streams.core.explanation_account import ClockAccount, EventRef
from streams.core.explanation_words import deadline, moment, span

Lang = Literal["zh", "en"]
_SPACES = re.compile(r"(?<=[\u3000-\u9fff]) | (?=[\u3000-\u9fff])")
_LABELS = {
    "accepted": Text("受理", "accepted"),
    "account": Text("说明", "account"),
    "as-of": Text("截至", "as of"),
    "bounces": Text("退单", "bounces"),
    "calendar": Text("日历", "calendar"),
    "case": Text("案件", "case"),
    "certainty": Text("把握", "certainty"),
    "clock": Text("时限", "clock"),
    "closed": Text("办结", "closed"),
    "conflict": Text("编号重复而内容不同，未采用", "another record with its id counts"),
    "custody": Text("经手单位", "custody"),
    "due": Text("到期", "due"),
    "end": Text("止", "end"),
    "extension": Text("延期", "extension"),
    "from": Text("自", "from"),
    "holder": Text("现由", "now with"),
    "in-all": Text("合计", "in all"),
    "intervals": Text("段数", "times"),
    "ladder": Text("预警督办", "ladder"),
    "not-accepted": Text("未受理", "not accepted"),
    "not-over": Text("至今", "to date"),
    "office": Text("单位", "office"),
    "out-of-order": Text("顺序不合", "out of order"),
    "pending": Text("时间未到，尚无效力", "its time has not come"),
    "place": Text("地点", "place"),
    "policy": Text("政策", "policy"),
    "raised": Text("举手方式", "raised by"),
    "remarks": Text("需要注意", "to note"),
    "rule": Text("规则", "rule"),
    "since": Text("举手时间", "submitted"),
    "source": Text("依据", "source"),
    "start": Text("起", "start"),
    "status": Text("状态", "status"),
    "published": Text("已发出的预警督办", "what was sent out"),
    "reservations": Text("来源说明", "about the source"),
    "revision": Text("版次", "revision"),
    "sent": Text("已发出", "sent, stands"),
    "taken-back": Text("曾触发，因延期撤销", "had fired, taken back by the extension"),
    "taken-back-by-policy": Text(
        "曾触发，因新政策撤销或改期", "had fired, taken back or moved by the policy"
    ),
    "withdrawn": Text("已撤销", "withdrawn"),
    "why": Text("原因", "why"),
    "took": Text("历时", "took"),
    "unaccepted": Text("其中未受理", "not accepted"),
    "until": Text("至", "until"),
    "used": Text("已用", "used"),
    "valid": Text("有效", "valid"),
    "violation": Text("违反计数规则", "count rule broken"),
    "void": Text("无效", "void"),
    "when": Text("时间", "when"),
    "where-it-stands": Text("状况", "where it stands"),
    "whom": Text("通知", "whom"),
    "without-effect": Text("未起作用", "without effect"),
}
_STYLES = {
    "running": "cyan",
    "paused": "yellow",
    "met": "green",
    "missed": "red",
    "cancelled": "dim",
}


class Teller:
    """Says texts, instants and durations in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang

    def say(self, text: Text) -> str:
        """Return a text in the language."""
        # Terminals break lines at spaces, and Chinese has them only beside numbers.
        return _SPACES.sub("", text.zh) if self.lang == "zh" else text.en

    def label(self, name: str) -> str:
        """Return one of the words of the screen itself."""
        return self.say(_LABELS[name])

    def when(self, instant: str | None) -> str:
        """Return the instant of an event as people say it, nothing for none."""
        return "" if instant is None else self.say(moment(parse_rendered(instant)))

    def deadline(self, instant: str) -> str:
        """Return a deadline as people say it: midnight is 24:00 of the day before."""
        return self.say(deadline(parse_rendered(instant)))

    def long(self, duration_ms: int) -> str:
        """Return a duration as people say it."""
        return self.say(span(duration_ms))

    def event(self, event: EventRef) -> Styled:
        """Return an event by its name, instant and id."""
        return Styled.assemble(
            self.say(event.name), " ", self.when(event.at), "  ", (event.event_id, "dim")
        )

    def colon(self) -> str:
        """Return what stands between a name and what is said of it."""
        return "：" if self.lang == "zh" else ": "

    def clock(self, clock: ClockAccount) -> str:
        """Return a clock's name, with its ordinal where there are several."""
        if clock.cycle == 1:
            return self.say(clock.name)
        return self.say(
            Text(f"{clock.name.zh}（第{clock.cycle}次）", f"{clock.name.en} (no. {clock.cycle})")
        )

    def status(self, clock: ClockAccount) -> Styled:
        """Return a clock's status in its colour."""
        style = "bold red" if clock.breached_at is not None else _STYLES[clock.status]
        return Styled(self.say(clock.status_text), style=style)
