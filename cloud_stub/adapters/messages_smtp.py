"""Mail through an SMTP server: one connection for each message, encrypted unless the server is on this machine."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from enum import StrEnum

import aiosmtplib

from cloud_stub.errors import CloudError
from cloud_stub.ports import MessagesAway

PICTURE_NAME = "veilleur.jpg"
FOR_GOOD = 500
"""From this answer on a server never takes a message; below it, not now."""


class Security(StrEnum):
    """How the connection is encrypted: from its first byte, by STARTTLS before anything else, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. `sender` is an address; `ca_file` trusts that authority instead of the system's.

    `password_file` is read for each message, so that a new password needs no restart.
    """

    host: str
    port: int
    security: Security
    sender: str
    sender_name: str = "Veilleur"
    user: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    timeout_s: float = 20.0


class SmtpMessages:
    """`cloud_stub.ports.Messages`; the server's certificate and name are always checked."""

    def __init__(self, server: MailServer, real_now: Callable[[], datetime]) -> None:
        self._server = server
        self._now = real_now
        self._one_at_a_time = asyncio.Lock()
        self._tls = None if server.security is Security.NONE else ssl.create_default_context(cafile=server.ca_file)

    async def send(self, message_id: str, recipient: str, title: str, text: str, picture: bytes | None = None) -> None:
        message = self._message(message_id, recipient, title, text)
        if picture is not None:
            message.add_attachment(picture, "image", "jpeg", disposition="inline", filename=PICTURE_NAME)
        async with self._one_at_a_time:
            try:
                await asyncio.wait_for(self._hand_over(message, recipient), self._server.timeout_s * 2)
            except aiosmtplib.SMTPRecipientsRefused as refused:
                raise _refusal(refused.recipients[0]) from None
            except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as refused:
                raise _refusal(refused) from None
            except aiosmtplib.SMTPResponseException as answer:
                raise MessagesAway(f"the mail server answered {answer.code}: {_line(answer.message)}") from None
            except (aiosmtplib.SMTPException, ssl.SSLError, OSError, TimeoutError) as error:
                raise MessagesAway(f"the mail server cannot be used: {_line(_cause(error))}") from None

    async def _hand_over(self, message: EmailMessage, recipient: str) -> None:
        server = self._server
        password = await asyncio.to_thread(_read_password, server.password_file)
        connection = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=self._tls,
            username=server.user,
            password=password,
            timeout=server.timeout_s,
        )
        async with connection:
            await connection.send_message(message, sender=server.sender, recipients=[recipient])

    def _message(self, message_id: str, recipient: str, title: str, text: str) -> EmailMessage:
        domain = self._server.sender.rpartition("@")[2]
        message = EmailMessage(policy=SMTP_LINES)
        try:
            message["From"] = Address(self._server.sender_name, addr_spec=self._server.sender)
            message["To"] = Address(addr_spec=recipient)
        except (ValueError, IndexError, MessageError):
            raise CloudError("recipient_refused", 422, "This is no address that mail can be sent to.") from None
        message["Subject"] = " ".join(title.split())
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = f"<{message_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message


def _refusal(answer: aiosmtplib.SMTPResponseException) -> Exception:
    told = f"the mail server answered {answer.code}: {_line(answer.message)}"
    if answer.code >= FOR_GOOD:
        return CloudError("recipient_refused", 422, f"This address does not take mail: {told}")
    return MessagesAway(told)


def _read_password(path: str | None) -> str | None:
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a setting's own path, read as it is
        return file.read().strip()


def _cause(error: BaseException) -> str:
    """Return what a person can act on: a certificate's fault hides inside the library's own error."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {inner.verify_message}"
        inner = inner.__cause__ or inner.__context__
    return str(error) or type(error).__name__


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
