"""Mail by SMTP, text and HTML; the library blocks, so each mail has a thread of its own.

A ``Message-ID`` made of the message's id lets a mail program hide a repeat; no server promises to.
"""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from schemas.instants import to_datetime
from schemas.routing.model import Endpoint
from sinks.notify.document import Document, Letter
from sinks.notify.formats import html, plain_text
from sinks.notify.outcome import DELIVERED, Outcome, Verdict, Why
from sinks.notify.own_thread import in_thread
from sinks.notify.senders.http import trust

# The library's time-out is for each answer: greeting, TLS, login, sender and address, text.
_STEPS = 5


class Mail:
    """One server; a connection per mail, since mails are few."""

    def __init__(self, endpoint: Endpoint, url: str, secret: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 25)
        self._endpoint = endpoint
        self._secret = secret

    async def send(self, document: Document, letter: Letter, address: str, now_ms: int) -> Outcome:
        """Send one mail to one address; a server that answers byte by byte is cut off."""
        mail = self._mail(document, letter, address, now_ms)
        try:
            async with asyncio.timeout(_STEPS * self._endpoint.timeout_s):
                return await in_thread(lambda: self._send(mail))
        except TimeoutError:
            return Outcome(Verdict.IN_DOUBT, Why.NO_ANSWER, whole_endpoint=True)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _mail(self, document: Document, letter: Letter, address: str, now_ms: int) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = document.title
        mail["From"] = self._endpoint.sender
        mail["To"] = address
        mail["Date"] = format_datetime(to_datetime(now_ms))
        mail["Message-ID"] = f"<{letter.message_id}@{self._endpoint.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(plain_text(document))
        mail.add_alternative(html(document), subtype="html")
        return mail

    def _connect(self) -> smtplib.SMTP:
        timeout_s = self._endpoint.timeout_s
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=timeout_s, context=trust()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=timeout_s)
        try:
            if self._endpoint.starttls:
                server.starttls(context=trust())
            if self._endpoint.user:
                server.login(self._endpoint.user, self._secret)
        except BaseException:
            server.close()
            raise
        return server

    def _send(self, mail: EmailMessage) -> Outcome:
        try:
            server = self._connect()
        except smtplib.SMTPAuthenticationError as fault:
            return _of_code(fault.smtp_code, Why.WRONG_KEY)
        except (OSError, smtplib.SMTPException):
            return Outcome(Verdict.RETRY, Why.NO_CONNECTION, whole_endpoint=True)
        try:
            server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as fault:
            code = next(iter(fault.recipients.values()))[0]
            return _of_code(code, Why.ADDRESS_REFUSED)
        except smtplib.SMTPResponseException as fault:
            return _of_code(fault.smtp_code, Why.REFUSED)
        except (OSError, smtplib.SMTPException):
            # Broken off anywhere from HELO to the answer to DATA: it may have been taken.
            return Outcome(Verdict.IN_DOUBT, Why.NO_ANSWER, whole_endpoint=True)
        finally:
            server.close()
        return DELIVERED


def _of_code(code: int, why: Why) -> Outcome:
    """RFC 5321: 4yz may succeed later, 5yz never."""
    if 400 <= code < 500:
        return Outcome(Verdict.RETRY, Why.SERVER_ERROR, code, whole_endpoint=code == 421)
    return Outcome(Verdict.FAILED, why, code)
