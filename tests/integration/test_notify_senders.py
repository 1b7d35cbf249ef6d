"""Each sender against a real server: what its answer, its silence and its refusals mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from schemas.routing.load import shipped_routing
from schemas.routing.model import Endpoint, Kind
from sinks.notify.document import Document, Letter, Links, MessageKind, compose
from sinks.notify.outcome import Outcome, Verdict, Why
from sinks.notify.senders import Sender
from sinks.notify.senders.http import trust
from sinks.notify.senders.mail import Mail
from sinks.notify.senders.others import Others
from sinks.notify.senders.robots import DingTalk, Feishu, WeCom
from sinks.notify.senders.webhook import ShortText, Webhook, signature
from tests.notify_builders import escalation, ms
from tests.notify_servers import HttpEndpoint, free_port_url, http_endpoint

NOW = ms("2026-03-02 10:00")
LETTER = Letter(
    message_id="m-1", kind=MessageKind.SINGLE, recipient="duty", language="zh",
    escalations=(escalation(),),
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[HttpEndpoint]:
    with http_endpoint() as running:
        yield running


def document() -> Document:
    return compose(LETTER, shipped_routing(), Links("https://page.example"), NOW)


def endpoint(kind: Kind, timeout_s: int = 10, **more: Any) -> Endpoint:
    return Endpoint(name="e", kind=kind, timeout_s=timeout_s, **more)


async def sent(sender: Sender, address: str = "") -> Outcome:
    try:
        return await sender.send(document(), LETTER, address, NOW)
    finally:
        await sender.close()


def wecom(url: str, timeout_s: int = 10) -> WeCom:
    return WeCom(endpoint(Kind.WECOM, timeout_s), url, "")


@pytest.mark.parametrize(
    ("code", "verdict", "why"),
    [
        (0, Verdict.DELIVERED, Why.OK),
        (45009, Verdict.RETRY, Why.RATE_LIMITED),
        (-1, Verdict.RETRY, Why.SERVER_ERROR),
        (93000, Verdict.FAILED, Why.WRONG_KEY),
        (40008, Verdict.FAILED, Why.REFUSED),
    ],
)
async def test_the_error_number_in_a_200_of_wecom_is_read(
    server: HttpEndpoint, code: int, verdict: Verdict, why: Why
) -> None:
    server.answer = lambda _: (200, {}, b'{"errcode": %d, "errmsg": "x"}' % code)
    outcome = await sent(wecom(server.url + "/send?key=k"))
    assert (outcome.verdict, outcome.why) == (verdict, why)
    assert server.requests[0].json["msgtype"] == "markdown"
    assert "C1" in server.requests[0].json["markdown"]["content"]


@pytest.mark.parametrize(
    ("code", "verdict"), [(0, Verdict.DELIVERED), (19021, Verdict.FAILED), (9499, Verdict.RETRY)]
)
async def test_the_code_in_a_200_of_feishu_is_read_and_the_body_is_signed(
    server: HttpEndpoint, code: int, verdict: Verdict
) -> None:
    server.answer = lambda _: (200, {}, b'{"code": %d, "msg": "x"}' % code)
    outcome = await sent(Feishu(endpoint(Kind.FEISHU), server.url, "secret"))
    body = server.requests[0].json
    key = f"{body['timestamp']}\nsecret".encode()
    assert body["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert body["timestamp"] == str(NOW // 1000)
    assert outcome.verdict is verdict


async def test_dingtalk_is_signed_in_the_address(server: HttpEndpoint) -> None:
    sender = DingTalk(endpoint(Kind.DINGTALK), server.url + "/robot/send?access_token=t", "secret")
    assert (await sent(sender)).verdict is Verdict.DELIVERED
    query = parse_qs(urlsplit(server.requests[0].path).query)
    signed = hmac.new(b"secret", f"{NOW}\nsecret".encode(), hashlib.sha256).digest()
    assert query["access_token"] == ["t"]
    assert query["timestamp"] == [str(NOW)]
    assert base64.b64decode(query["sign"][0]) == signed


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (130101, Outcome(Verdict.RETRY, Why.RATE_LIMITED, 130101, 600.0, True)),
        (660026, Outcome(Verdict.RETRY, Why.RATE_LIMITED, 660026, 600.0, True)),
        (-1, Outcome(Verdict.RETRY, Why.SERVER_ERROR, -1, None, True)),
        (310000, Outcome(Verdict.FAILED, Why.WRONG_SIGNATURE, 310000)),
        (300005, Outcome(Verdict.FAILED, Why.WRONG_KEY, 300005)),
        (400101, Outcome(Verdict.FAILED, Why.WRONG_KEY, 400101)),
        (40035, Outcome(Verdict.FAILED, Why.REFUSED, 40035)),
    ],
)
async def test_the_error_number_in_a_200_of_dingtalk_is_read(
    server: HttpEndpoint, code: int, expected: Outcome
) -> None:
    server.answer = lambda _: (200, {}, b'{"errcode": %d, "errmsg": "x"}' % code)
    url = server.url + "/robot/send?access_token=t"
    assert await sent(DingTalk(endpoint(Kind.DINGTALK), url, "")) == expected
    assert server.requests[0].json["msgtype"] == "markdown"


async def test_a_webhook_is_signed_over_time_and_body_and_has_a_key(server: HttpEndpoint) -> None:
    outcome = await sent(Webhook(endpoint(Kind.WEBHOOK), server.url, "secret"))
    request = server.requests[0]
    stamp = request.headers["jushou-timestamp"]
    assert outcome.verdict is Verdict.DELIVERED
    assert request.headers["jushou-signature"] == signature("secret", stamp, request.body)
    assert request.headers["jushou-signature"] != signature("secret", stamp, request.body + b" ")
    assert request.headers["idempotency-key"] == "m-1"


async def test_an_sms_gateway_gets_the_number_and_the_short_text_alone(
    server: HttpEndpoint,
) -> None:
    await sent(ShortText(endpoint(Kind.SMS), server.url, ""), "10086")
    assert set(server.requests[0].json) == {"message_id", "to", "text"}
    assert server.requests[0].json["to"] == "10086"
    assert len(server.requests[0].json["text"]) < 140


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"retry-after": "7"}, Outcome(Verdict.RETRY, Why.RATE_LIMITED, 429, 7.0, True)),
        (429, {"retry-after": "Mon, 02 Mar 2026 02:00:30 GMT"},
         Outcome(Verdict.RETRY, Why.RATE_LIMITED, 429, 30.0, True)),
        (429, {"retry-after": "soon"}, Outcome(Verdict.RETRY, Why.RATE_LIMITED, 429, None, True)),
        (503, {"retry-after": "99999"},
         Outcome(Verdict.RETRY, Why.RATE_LIMITED, 503, 3600.0, True)),
        (500, {}, Outcome(Verdict.RETRY, Why.SERVER_ERROR, 500, None, True)),
        (401, {}, Outcome(Verdict.FAILED, Why.WRONG_KEY, 401)),
        (404, {}, Outcome(Verdict.FAILED, Why.REFUSED, 404)),
        (302, {"location": "http://169.254.169.254/"}, Outcome(Verdict.FAILED, Why.REFUSED, 302)),
    ],
)  # fmt: skip
async def test_a_status_says_whether_to_try_again_and_when(
    server: HttpEndpoint, status: int, headers: dict[str, str], expected: Outcome
) -> None:
    server.answer = lambda _: (status, headers, b"")
    assert await sent(wecom(server.url)) == expected
    assert len(server.requests) == 1


async def test_a_server_that_hangs_leaves_the_message_in_doubt(server: HttpEndpoint) -> None:
    server.answer = server.hang
    assert (await sent(wecom(server.url, timeout_s=1))).verdict is Verdict.IN_DOUBT


async def test_a_broken_connection_leaves_the_message_in_doubt(server: HttpEndpoint) -> None:
    server.answer = lambda _: None
    assert (await sent(wecom(server.url))).verdict is Verdict.IN_DOUBT


async def test_a_200_that_is_no_answer_of_a_robot_leaves_it_in_doubt(server: HttpEndpoint) -> None:
    server.answer = lambda _: (200, {}, b"<html>login</html>")
    assert (await sent(wecom(server.url))).why is Why.UNREADABLE_ANSWER


async def test_where_nobody_listens_it_was_surely_not_delivered() -> None:
    outcome = await sent(wecom(free_port_url()))
    assert (outcome.verdict, outcome.why) == (Verdict.RETRY, Why.NO_CONNECTION)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
async def test_apprise_reaches_other_services(server: HttpEndpoint) -> None:
    server.answer = lambda _: (200, {}, b"ok")
    url = server.url.replace("http://", "json://")
    assert (await sent(Others(endpoint(Kind.APPRISE), url))).verdict is Verdict.DELIVERED
    assert "C1" in server.requests[0].body.decode("utf-8")
    server.answer = lambda _: (500, {}, b"no")
    assert (await sent(Others(endpoint(Kind.APPRISE), url))).verdict is Verdict.RETRY


class MailRoom:
    """An SMTP server that keeps what it takes; ``refusal`` is its answer to a recipient."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusal = ""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ANN001,ANN201,N802
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ANN001,ANN201,N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def authenticate(self, server: object, session: object, envelope: object, mechanism: str,
                     given: object) -> AuthResult:  # fmt: skip
        assert isinstance(given, LoginPassword)
        knows = (given.login, given.password) == (b"duty", b"sesame")
        return AuthResult(success=knows, handled=False)


@contextmanager
def post_office(**how: Any) -> Iterator[tuple[MailRoom, int]]:
    """A mail server on a free port."""
    room = MailRoom()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        room, hostname="127.0.0.1", port=port, authenticator=room.authenticate, **how
    )
    controller.start()
    try:
        yield room, port
    finally:
        controller.stop()


@pytest.fixture
def post() -> Iterator[tuple[MailRoom, str]]:
    with post_office() as (room, port):
        yield room, f"smtp://127.0.0.1:{port}"


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's certificate of an authority that this machine trusts for the test."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    trust.cache_clear()
    yield context
    trust.cache_clear()


def signed_in(url: str, password: str = "sesame", **more: Any) -> Mail:
    made = endpoint(Kind.MAIL, sender="jushou@office.example", user="duty", **more)
    return Mail(made, url, password)


async def test_mail_goes_over_tls_with_a_login(certified: ssl.SSLContext) -> None:
    with post_office(ssl_context=certified, auth_require_tls=False) as (room, port):
        sender = signed_in(f"smtps://127.0.0.1:{port}")
        assert (await sent(sender, "duty@office.example")).verdict is Verdict.DELIVERED
        wrong = signed_in(f"smtps://127.0.0.1:{port}", "guess")
        refused = await sent(wrong, "duty@office.example")
    assert (refused.verdict, refused.why, refused.code) == (Verdict.FAILED, Why.WRONG_KEY, 535)
    assert len(room.mails) == 1


async def test_mail_is_turned_to_tls_before_the_login(certified: ssl.SSLContext) -> None:
    with post_office(tls_context=certified, auth_require_tls=True) as (room, port):
        sender = signed_in(f"smtp://127.0.0.1:{port}", starttls=True)
        assert (await sent(sender, "duty@office.example")).verdict is Verdict.DELIVERED
    assert len(room.mails) == 1


async def test_a_server_without_tls_gets_neither_password_nor_mail() -> None:
    with post_office() as (room, port):
        sender = signed_in(f"smtp://127.0.0.1:{port}", starttls=True)
        outcome = await sent(sender, "duty@office.example")
    assert (outcome.verdict, outcome.why) == (Verdict.RETRY, Why.NO_CONNECTION)
    assert room.mails == []


async def test_a_server_whose_certificate_nobody_vouches_for_gets_no_mail(
    certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with post_office(ssl_context=certified, auth_require_tls=False) as (room, port):
        outcome = await sent(signed_in(f"smtps://127.0.0.1:{port}"), "duty@office.example")
    assert (outcome.verdict, outcome.why) == (Verdict.RETRY, Why.NO_CONNECTION)
    assert room.mails == []


def mail(url: str) -> Mail:
    return Mail(endpoint(Kind.MAIL, sender="jushou@office.example"), url, "")


async def test_a_mail_has_text_and_html_and_an_id(post: tuple[MailRoom, str]) -> None:
    room, url = post
    assert (await sent(mail(url), "duty@office.example")).verdict is Verdict.DELIVERED
    received = room.mails[0]
    assert received["subject"] == "【红牌】昆明市东川区 农村饮水安全"
    assert received["message-id"] == "<m-1@office.example>"
    text, html = received.get_body(("plain",)), received.get_body(("html",))
    assert "案件：C1" in text.get_content()
    assert "<th" in html.get_content()


@pytest.mark.parametrize(
    ("refusal", "verdict"),
    [("550 no such box", Verdict.FAILED), ("450 try later", Verdict.RETRY)],
)
async def test_a_refused_address_is_final_or_not_as_the_server_says(
    post: tuple[MailRoom, str], refusal: str, verdict: Verdict
) -> None:
    post[0].refusal = refusal
    outcome = await sent(mail(post[1]), "nobody@office.example")
    assert outcome.verdict is verdict
    assert outcome.whole_endpoint is False


async def test_a_mail_server_that_is_away_is_tried_again() -> None:
    outcome = await sent(mail(free_port_url().replace("http", "smtp")), "duty@office.example")
    assert (outcome.verdict, outcome.why) == (Verdict.RETRY, Why.NO_CONNECTION)
