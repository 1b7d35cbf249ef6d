"""A message in the formats of its endpoints: robots' markdown, a card, mail, SMS, JSON.

Between the content of a message and the request. Whatever a value holds, it cannot become markup:
HTML is escaped by Jinja, the marks of markdown are replaced by their full-width twins.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
from jinja2 import PackageLoader, Template
from jinja2.sandbox import SandboxedEnvironment

from schemas.instants import render_instant
from sinks.notify.document import Document, Letter

# What the services take, in bytes of UTF-8: WeCom's markdown 4096, DingTalk's message 20,000,
# Feishu's request 20 KB; the last two with room for the frame.
WECOM_BYTES = 4_096
DINGTALK_BYTES = 18_000
FEISHU_BYTES = 18_000
# A daily digest of a loaded history may be about tens of thousands; a request stays below 1 MB.
MOST_RECORDS = 1_000
_MARKS = str.maketrans("<>[]`*_|#@\\\n\r", "＜＞［］｀＊＿｜＃＠＼  ")


def markdown(document: Document, at_most_bytes: int = DINGTALK_BYTES) -> str:
    """Return the markdown that all three robots understand: bold, lists, links; no table."""
    return _fitted(document, at_most_bytes, _markdown)


def _markdown(document: Document) -> str:
    parts = [f"**{_plain(document.title)}**"]
    if document.opening:
        parts.append(_plain(document.opening))
    parts += [f"{_plain(label)}{document.colon}{_plain(value)}" for label, value in document.lines]
    parts += [f"{number}. {_row(row)}" for number, row in enumerate(document.rows[1:], 1)]
    parts += [_plain(text) for text in (document.more, *document.notes) if text]
    if document.links:
        parts.append("  ".join(f"[{_plain(text)}]({url})" for text, url in document.links))
    return "\n\n".join([*parts, _plain(document.signature)]).rstrip()


def _row(row: tuple[str, ...]) -> str:
    return " · ".join(_plain(cell) for cell in row)


def _plain(text: str) -> str:
    return text.translate(_MARKS)


def _fitted(document: Document, at_most_bytes: int, layout: Any) -> str:
    """Return the layout with as many rows as fit; a cut says how many are left out."""
    text = str(layout(document))
    while len(text.encode()) > at_most_bytes and len(document.rows) > 2:
        kept = max(2, len(document.rows) * 3 // 4)
        document = replace(document, rows=document.rows[:kept], more="…")
        text = str(layout(document))
    return text.encode()[:at_most_bytes].decode(errors="ignore")


def plain_text(document: Document) -> str:
    """Return the text of a mail or a console, one fact a line."""
    parts = [document.title, document.opening]
    parts += [label + document.colon + value for label, value in document.lines]
    parts += ["  ".join(row) for row in document.rows]
    parts += [document.more, *document.notes]
    parts += [text + document.colon + url for text, url in document.links]
    return "\n".join(part.replace("\n", " ") for part in [*parts, document.signature] if part)


def html(document: Document) -> str:
    """Return the mail as HTML without a script, an image or anything fetched."""
    return html_template("mail.html").render(document=document)


@cache
def html_template(name: str) -> Template:
    """Return a template of this package; what it prints is escaped."""
    loader = PackageLoader("sinks.notify", "templates")
    return SandboxedEnvironment(loader=loader, autoescape=True).get_template(name)


def feishu_card(document: Document) -> dict[str, Any]:
    """Return a card: the title as its head, the rest as markdown."""
    body = _fitted(replace(document, title=""), FEISHU_BYTES, _markdown).removeprefix("****")
    return {
        "config": {"wide_screen_mode": True},
        "header": {"title": {"tag": "plain_text", "content": document.title}},
        "elements": [{"tag": "markdown", "content": body.lstrip()}],
    }


def payload(document: Document, letter: Letter, now_ms: int) -> dict[str, Any]:
    """Return the message for a machine: the words, and the records that they are of."""
    return {
        "message_id": letter.message_id,
        "kind": letter.kind.value,
        "recipient": letter.recipient,
        "repeated": letter.repeated,
        "sent_at": render_instant(now_ms),
        "language": letter.language,
        "title": document.title,
        "text": plain_text(document),
        "sms": document.sms,
        "count": len(letter.escalations),
        "escalations": [msgspec.to_builtins(each) for each in letter.escalations[:MOST_RECORDS]],
        "schema_version": "1",
    }
