"""Whatever carries messages keeps the port's contract; the SMTP one against a real server on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud_stub.adapters.certificates import keep_server_certificate
from cloud_stub.adapters.messages_recorded import NEWEST_KEPT, RecordedMessages
from cloud_stub.adapters.messages_smtp import MailServer, Security, SmtpMessages
from cloud_stub.errors import CloudError
from cloud_stub.ports import Messages, MessagesAway
from tests.adapters.smtp_sink import PASSWORD, USER, Sink, open_sink

NOW = datetime(2026, 3, 14, 17, 42, 10, tzinfo=UTC)
SENDER = "veilleur@example.org"
TEXT = "Il reste 3 jours.\n\nLien : http://127.0.0.1:8400/plan\n.\nFin, et un très long mot: " + "é" * 1200 + "\n"


@dataclass
class Carrier:
    """A carrier with what it delivered, and an address that it refuses for good."""

    messages: Messages
    delivered: Callable[[], Sequence[tuple[str, str, str]]]
    refused: str


def server_at(sink: Sink, security: Security = Security.NONE, **more: object) -> MailServer:
    known = MailServer("127.0.0.1", sink.port, security, SENDER, timeout_s=5.0)
    return replace(known, **more)  # type: ignore[arg-type] # a test names the fields it changes


def smtp(server: MailServer) -> SmtpMessages:
    return SmtpMessages(server, lambda: NOW)


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """Return a server's context and the authority that it can be trusted by."""
    files = keep_server_certificate(tmp_path / "tls", ["mail.example.org"], datetime.now(UTC))  # noqa: TID251 - TLS checks real time
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    return context, str(files.ca)


@pytest.fixture(params=["recorded", "smtp"])
async def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Carrier]:
    async with AsyncExitStack() as stack:
        if request.param == "recorded":
            recorded = RecordedMessages(tmp_path / "mails.jsonl")
            yield Carrier(recorded, lambda: [(k.recipient, k.title, k.text) for k in recorded.sent()], "nobody")
            return
        sink = await stack.enter_async_context(open_sink())
        sink.answers["gone@example.org"] = "550 there is nobody of that name"
        yield Carrier(
            smtp(server_at(sink)),
            lambda: [(m["To"], m["Subject"], m.get_content().replace("\r\n", "\n")) for m in sink.mails],
            "gone@example.org",
        )


async def test_a_message_arrives_as_it_was_written(carrier: Carrier) -> None:
    await carrier.messages.send("m1", "owner@example.org", "Essai gratuit : 3 jours", TEXT)
    assert list(carrier.delivered()) == [("owner@example.org", "Essai gratuit : 3 jours", TEXT)]


async def test_a_recipient_that_is_refused_for_good_is_a_refusal(carrier: Carrier) -> None:
    with pytest.raises(CloudError) as caught:
        await carrier.messages.send("m1", carrier.refused, "Title", "Text\n")
    assert (caught.value.code, caught.value.status) == ("recipient_refused", 422)
    assert not carrier.delivered()


@pytest.mark.parametrize("recipient", ["", "a b@example.org", "a@b\r\nBcc: c@example.org", "two@example.org, three"])
async def test_what_is_no_address_is_refused_and_never_becomes_a_header(carrier: Carrier, recipient: str) -> None:
    with pytest.raises(CloudError) as caught:
        await carrier.messages.send("m1", recipient, "Title", "Text\n")
    assert caught.value.code == "recipient_refused"
    assert not carrier.delivered()


async def test_a_line_break_in_a_title_is_a_space(carrier: Carrier) -> None:
    await carrier.messages.send("m1", "owner@example.org", "Two\r\nBcc: other@example.org", "Text\n")
    assert [title for _, title, _ in carrier.delivered()] == ["Two Bcc: other@example.org"]


async def test_recorded_messages_are_kept_once_over_a_restart_and_the_newest_only(tmp_path: Path) -> None:
    path = tmp_path / "mails.jsonl"
    await RecordedMessages(path).send("m1", "owner@example.org", "One", "Text\n")
    again = RecordedMessages(path)
    await again.send("m1", "owner@example.org", "One", "Text\n")
    assert [kept.message_id for kept in RecordedMessages(path).sent()] == ["m1"]
    assert path.stat().st_mode & 0o777 == 0o600
    for number in range(NEWEST_KEPT):
        again._kept[f"n{number}"] = again._kept["m1"]
    await again.send("last", "owner@example.org", "Last", "Text\n")
    assert len(again.sent()) <= NEWEST_KEPT
    assert again.sent()[-1].message_id == "last"


async def test_recorded_messages_that_cannot_be_kept_are_tried_again_later(tmp_path: Path) -> None:
    messages = RecordedMessages(tmp_path / "no folder" / "mails.jsonl")
    with pytest.raises(MessagesAway):
        await messages.send("m1", "owner@example.org", "Title", "Text\n")
    (tmp_path / "no folder").mkdir()
    await messages.send("m1", "owner@example.org", "Title", "Text\n")
    assert len(messages.sent()) == 1


async def test_a_mail_says_who_sends_it_when_and_which_message_it_is() -> None:
    async with open_sink() as sink:
        messages = smtp(server_at(sink))
        for _ in range(2):
            await messages.send("abc-123", "owner@example.org", "Title", "Text\n")
    first, second = sink.mails
    assert first["Message-ID"] == second["Message-ID"] == "<abc-123@example.org>", "twice is the same message"
    assert first["From"] == "Veilleur <veilleur@example.org>"
    assert first["Date"].datetime == NOW
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content_type() == "text/plain"
    assert sink.envelopes[0] == (SENDER, ["owner@example.org"])


async def test_a_picture_goes_beside_the_text_and_nothing_is_fetched_from_anywhere() -> None:
    async with open_sink() as sink:
        await smtp(server_at(sink)).send("m1", "owner@example.org", "Title", TEXT, b"\xff\xd8 a picture")
    (mail,) = sink.mails
    text, picture = mail.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == TEXT
    assert (picture.get_content_type(), picture.get_content_disposition()) == ("image/jpeg", "inline")
    assert picture.get_content() == b"\xff\xd8 a picture"
    assert "html" not in mail.as_string(), "a mail without HTML cannot tell that it was read"


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_mail_is_encrypted_and_logged_in_with_a_password_from_a_file(
    tmp_path: Path, tls: tuple[ssl.SSLContext, str], security: Security
) -> None:
    context, ca = tls
    secret = tmp_path / "mail-password"
    secret.write_text(f"{PASSWORD}\n")
    starts = security is Security.STARTTLS
    sunk = open_sink(starttls=context, login=True) if starts else open_sink(tls=context)
    async with sunk as sink:
        user = {"user": USER, "password_file": str(secret)} if starts else {}
        await smtp(server_at(sink, security, ca_file=ca, **user)).send("m1", "owner@example.org", "Title", "Text\n")
    assert sink.encrypted == [True]
    assert sink.logged_in == [starts]


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_server_whose_certificate_is_not_trusted_gets_nothing(
    tls: tuple[ssl.SSLContext, str], security: Security
) -> None:
    context, _ = tls
    async with open_sink(tls=context) if security is Security.TLS else open_sink(starttls=context) as sink:
        with pytest.raises(MessagesAway) as caught:
            await smtp(server_at(sink, security)).send("m1", "owner@example.org", "Title", "Text\n")
    assert "certificate is not trusted" in str(caught.value)
    assert not sink.mails


async def test_a_server_of_another_name_gets_nothing(tls: tuple[ssl.SSLContext, str]) -> None:
    context, ca = tls
    async with open_sink(tls=context) as sink:
        server = replace(server_at(sink, Security.TLS, ca_file=ca), host="127.0.0.2")
        # 127.0.0.2 is this machine too, but the certificate does not name it.
        loop = asyncio.get_running_loop()
        other = await loop.create_server(asyncio.Protocol, "127.0.0.2", 0, ssl=context)
        port = other.sockets[0].getsockname()[1]
        with pytest.raises(MessagesAway) as caught:
            await smtp(replace(server, port=port)).send("m1", "owner@example.org", "Title", "Text\n")
        other.close()
        await other.wait_closed()
    assert "certificate is not trusted" in str(caught.value)


async def test_a_server_without_starttls_gets_nothing_where_it_is_wanted() -> None:
    async with open_sink() as sink:
        with pytest.raises(MessagesAway):
            await smtp(server_at(sink, Security.STARTTLS)).send("m1", "owner@example.org", "Title", "Text\n")
    assert not sink.mails


async def test_a_wrong_password_is_the_operators_to_mend_and_never_in_the_error(
    tmp_path: Path, tls: tuple[ssl.SSLContext, str]
) -> None:
    context, ca = tls
    secret = tmp_path / "mail-password"
    secret.write_text("not it, but secret\n")
    async with open_sink(starttls=context, login=True) as sink:
        server = server_at(sink, Security.STARTTLS, ca_file=ca, user=USER, password_file=str(secret))
        with pytest.raises(MessagesAway) as caught:
            await smtp(server).send("m1", "owner@example.org", "Title", "Text\n")
        assert "535" in str(caught.value)
        assert "secret" not in str(caught.value)
        secret.write_text(PASSWORD)
        await smtp(server).send("m1", "owner@example.org", "Title", "Text\n")
    assert len(sink.mails) == 1


async def test_a_server_that_is_not_there_is_away() -> None:
    async with open_sink() as sink:
        server = server_at(sink)
    with pytest.raises(MessagesAway):
        await smtp(server).send("m1", "owner@example.org", "Title", "Text\n")


@pytest.mark.parametrize("where", ["owner@example.org", "DATA"])
async def test_what_is_refused_for_now_is_tried_again_and_what_for_good_is_not(where: str) -> None:
    async with open_sink() as sink:
        messages = smtp(server_at(sink))
        sink.answers[where] = "451 come back later"
        with pytest.raises(MessagesAway) as away:
            await messages.send("m1", "owner@example.org", "Title", "Text\n")
        assert "451" in str(away.value)
        sink.answers[where] = "554 never"
        with pytest.raises(CloudError) as refused:
            await messages.send("m1", "owner@example.org", "Title", "Text\n")
        assert refused.value.code == "recipient_refused"
        sink.answers.clear()
        await messages.send("m1", "owner@example.org", "Title", "Text\n")
    assert len(sink.mails) == 1


async def test_a_server_that_says_nothing_is_away_in_time() -> None:
    server = await asyncio.start_server(_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mute = MailServer("127.0.0.1", port, Security.NONE, SENDER, timeout_s=0.2)
    with pytest.raises(MessagesAway):
        await smtp(mute).send("m1", "owner@example.org", "Title", "Text\n")
    server.close()
    await server.wait_closed()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()
