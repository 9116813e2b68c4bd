"""The cloud's settings: a wrong file is refused with file, key and what is allowed."""

from pathlib import Path

import pytest

from cloud_stub.errors import BadConfiguration
from cloud_stub.settings import load_settings

EXAMPLE = Path(__file__).parents[1] / "docs" / "cloud.example.toml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[http]\nprot = 1\n", ["`http.prot`", "port"]),
        ('[http]\nhost = "0.0.0.0"\n', ["certificate"]),
        ('[http]\ncertificate = "a"\n', ["go together"]),
        ("[broker]\n", ["[broker.embedded] or [broker.mosquitto]"]),
        ("[storage]\nlargest_upload_bytes = 0\n", ["`storage.largest_upload_bytes`"]),
        ("[broker.mosquitto]\nhost = 'a'\n", ["`broker.mosquitto.ca_file`", "password_file"]),
        ("[mail]\nhost = 'a'\n", ["`mail.sender`", "password_file"]),
        ("[mail]\nhost = 'a'\nsender = 'no address'\n", ["`mail.sender`"]),
        ("[mail]\nhost = 'a'\nsender = 'a@b'\nuser = 'u'\n", ["`user` and `password_file` go together"]),
        ("[mail]\nhost = 'a'\nsender = 'a@b'\nsecurity = 'none'\n", ["encrypted only"]),
        ("[mail]\nhost = 'a'\nsender = 'a@b'\nsecurity = 'ssl'\n", ["`mail.security`"]),
        ("[[", ["cannot be read"]),
    ],
)
def test_a_wrong_file_is_refused_with_what_and_where(tmp_path: Path, text: str, expected: list[str]) -> None:
    path = tmp_path / "cloud.toml"
    path.write_text(text)
    with pytest.raises(BadConfiguration) as caught:
        load_settings(path)
    for part in expected:
        assert part in str(caught.value)


def test_with_no_file_everything_is_embedded_and_on_loopback() -> None:
    settings = load_settings(None)
    assert settings.http.url == "http://127.0.0.1:8400"
    assert settings.broker.embedded is not None
    assert not settings.lab.enabled


def test_the_example_is_valid() -> None:
    assert load_settings(EXAMPLE).broker.mosquitto is not None


def test_the_mail_server_of_the_example_is_valid_once_it_is_meant(tmp_path: Path) -> None:
    head, _, rest = EXAMPLE.read_text().partition("# [mail]")
    table, _, tail = rest.partition("[lab]")
    path = tmp_path / "cloud.toml"
    path.write_text(head + "[mail]" + table.replace("\n# ", "\n") + "[lab]" + tail)
    mail = load_settings(path).mail
    assert mail is not None
    assert (mail.host, mail.port, mail.security, mail.user) == ("smtp.example.org", 587, "starttls", "veilleur")
