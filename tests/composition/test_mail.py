"""`veilleur-cloud mail-test` says what came of it, and a cloud without a mail server keeps its messages."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cloud_stub.adapters.clock_system import SystemClock
from cloud_stub.adapters.messages_recorded import RecordedMessages
from cloud_stub.adapters.messages_smtp import SmtpMessages
from cloud_stub.composition.mail import carriers, mail_through, send_test
from cloud_stub.errors import BadConfiguration, CloudError
from cloud_stub.ports import MessagesAway
from cloud_stub.settings import MailSettings, Settings, StorageSettings
from tests.adapters.smtp_sink import Sink, open_sink


def settings_for(sink: Sink) -> Settings:
    return Settings(mail=MailSettings(host="127.0.0.1", port=sink.port, security="none", sender="veilleur@example.org"))


async def test_a_test_mail_arrives_and_the_command_says_so() -> None:
    async with open_sink() as sink:
        told = await send_test(settings_for(sink), "you@example.org")
    assert told == "127.0.0.1 took a message to you@example.org."
    assert [mail["To"] for mail in sink.mails] == ["you@example.org"]


async def test_a_test_mail_that_is_not_taken_says_why() -> None:
    async with open_sink() as sink:
        settings = settings_for(sink)
        sink.answers["you@example.org"] = "550 there is nobody of that name"
        with pytest.raises(CloudError) as refused:
            await send_test(settings, "you@example.org")
        assert "there is nobody of that name" in str(refused.value)
    with pytest.raises(MessagesAway):
        await send_test(settings, "you@example.org")
    with pytest.raises(BadConfiguration):
        await send_test(Settings(), "you@example.org")


async def test_the_command_ends_with_a_sentence_and_a_code(tmp_path: Path) -> None:
    async with open_sink() as sink:
        path = tmp_path / "cloud.toml"
        path.write_text(
            f'[mail]\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\nsender = "veilleur@example.org"\n'
        )
        told, code = await _run(["mail-test", "--to", "you@example.org", "--config", str(path)])
        assert (told, code) == ("127.0.0.1 took a message to you@example.org.", 0)
    told, code = await _run(["mail-test", "--to", "you@example.org", "--config", str(path)])
    assert code == 2
    assert told.startswith("veilleur-cloud: the mail server cannot be used")


async def _run(arguments: Sequence[str]) -> tuple[str, int | None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cloud_stub", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    return out.decode().strip(), process.returncode


def test_without_a_mail_server_messages_are_kept_and_with_one_they_leave(tmp_path: Path) -> None:
    storage = StorageSettings(state_dir=tmp_path)
    assert isinstance(carriers(Settings(storage=storage), SystemClock())["mail"], RecordedMessages)
    mail = MailSettings(host="smtp.example.org", sender="veilleur@example.org")
    assert isinstance(carriers(Settings(storage=storage, mail=mail), SystemClock())["mail"], SmtpMessages)


def test_a_file_that_is_not_there_keeps_the_cloud_from_starting(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for mail in (
        MailSettings(host="h", sender="a@b", user="u", password_file=gone),
        MailSettings(host="h", sender="a@b", ca_file=gone),
    ):
        with pytest.raises(BadConfiguration) as caught:
            mail_through(mail, SystemClock())
        assert str(gone) in str(caught.value)
    gone.write_text("no certificate")
    with pytest.raises(BadConfiguration):
        mail_through(MailSettings(host="h", sender="a@b", ca_file=gone), SystemClock())
