"""Chooses what carries messages to owners, and sends one from the command line to try it."""

import uuid
from collections.abc import Mapping

from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.adapters.messages_recorded import RecordedMessages
from cloud_stub.adapters.messages_smtp import MailServer, Security, SmtpMessages
from cloud_stub.errors import BadConfiguration
from cloud_stub.flow.notices_to_owner import MAIL
from cloud_stub.ports import Clock, Messages
from cloud_stub.settings import MailSettings, Settings

MAILS_FILE = "mails.jsonl"


def carriers(settings: Settings, real: Clock) -> Mapping[str, Messages]:
    """Return what carries each channel; without a mail server messages are kept in the state directory."""
    if settings.mail is None:
        return {MAIL: RecordedMessages(settings.storage.state_dir / MAILS_FILE)}
    return {MAIL: mail_through(settings.mail, real)}


def mail_through(mail: MailSettings, real: Clock) -> SmtpMessages:
    """Return mail through a server; BadConfiguration when a file that is named cannot be read."""
    for key, path in (("password_file", mail.password_file), ("ca_file", mail.ca_file)):
        if path is not None and not path.is_file():
            raise BadConfiguration(f"[mail] {key}: there is no file {path}.")
    server = MailServer(
        host=mail.host,
        port=mail.port,
        security=Security(mail.security),
        sender=mail.sender,
        sender_name=mail.sender_name,
        user=mail.user,
        password_file=None if mail.password_file is None else str(mail.password_file),
        ca_file=None if mail.ca_file is None else str(mail.ca_file),
        timeout_s=mail.timeout_s,
    )
    try:
        return SmtpMessages(server, real.now)
    except OSError as error:
        raise BadConfiguration(f"[mail] ca_file cannot be used: {error}") from error


async def send_test(settings: Settings, to: str) -> str:
    """Send one message and return a sentence; BadConfiguration, MessagesAway or CloudError says why it did not go."""
    if settings.mail is None:
        raise BadConfiguration("There is no [mail] in the configuration: messages are kept, and none is sent.")
    carrier = mail_through(settings.mail, SystemClock())
    text = f"This cloud can send mail through {settings.mail.host}.\n\n{settings.http.url}\n"
    await carrier.send(str(uuid.uuid4()), to, "Veilleur can send mail", text)
    return f"{settings.mail.host} took a message to {to}."
