"""Every message of the pages is in French, and what is compiled is what is written."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from cloud_stub.web import words
from cloud_stub.web.languages import LANGUAGES, Languages
from tests.web.cloud.site import CATALOGS

WEB = Path(words.__file__).parent
FRENCH = WEB / "translations" / "fr" / "LC_MESSAGES"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "say": None, "say_many": (1, 2)}
PROVINCES = {"Alberta", "Manitoba", "Nunavut", "Ontario", "Saskatchewan", "Yukon"}
SAME_IN_BOTH = {"%(num)s clip", "Clips", "Photos", "Services", "Total", "Messages", "Province", *PROVINCES}


def _french() -> Catalog:
    with (FRENCH / "messages.po").open("rb") as file:
        return read_po(file)


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def _texts(catalog: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {_forms(m.id): _forms(m.string) for m in catalog if m.id}


def _used() -> set[str]:
    found = extract_from_dir(str(WEB), METHODS, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def test_no_message_of_the_pages_lacks_its_french() -> None:
    french = _french()
    lacking = []
    for message in _used():
        found = french.get(message)
        texts = () if found is None else _forms(found.string)
        if found is None or not all(texts) or found.fuzzy or (message in texts and message not in SAME_IN_BOTH):
            lacking.append(message)
    assert not lacking


def test_no_translation_is_left_over() -> None:
    ids = {m.id if isinstance(m.id, str) else m.id[0] for m in _french() if m.id}
    assert ids <= _used()


def test_placeholders_are_the_same_in_both_languages() -> None:
    for message in _french():
        if message.id:
            assert not list(message.check(_french())), message.id


def test_the_compiled_messages_are_those_that_are_written() -> None:
    with (FRENCH / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    assert _texts(compiled) == _texts(_french())


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_every_word_of_the_catalogs_features_has_a_sentence(code: str) -> None:
    language = Languages().get(code)
    for catalog in CATALOGS.versions:
        for feature in catalog.features:
            if not feature.standard:
                assert feature.key in words.FEATURE, feature.key
                assert language.say(words.FEATURE[feature.key])


@pytest.mark.parametrize(
    ("asked", "account", "accepted", "code"),
    [
        ("fr", "en", "en", "fr"),
        (None, "fr", "en", "fr"),
        (None, None, "fr-CA,fr;q=0.9,en;q=0.5", "fr"),
        (None, None, "de, en;q=0.2, fr;q=0.8", "fr"),
        (None, None, "de;q=0.8", "en"),
        (None, None, "fr;q=0", "en"),
        (None, None, "fr;q=nonsense", "en"),
        ("xx", None, "", "en"),
        (None, "xx", "fr", "fr"),
    ],
)
def test_the_language_is_the_one_asked_for_then_the_accounts_then_the_browsers(
    asked: str | None, account: str | None, accepted: str, code: str
) -> None:
    assert Languages().choose(asked, account, accepted).code == code


@pytest.mark.parametrize(
    ("code", "minor_units", "currency", "written"),
    [
        ("en", 300, "EUR", "€3"),
        ("en", 2499, "GBP", "£24.99"),
        ("fr", 300, "EUR", "3 €"),
        ("fr", 250, "GBP", "2,50 £GB"),
    ],
)
def test_money_is_written_as_people_write_it(code: str, minor_units: int, currency: str, written: str) -> None:
    assert Languages().get(code).money(minor_units, currency).replace("\u00a0", " ") == written
