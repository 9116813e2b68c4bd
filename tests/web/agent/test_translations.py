"""The French catalog holds every sentence of the diagnostics, and the compiled file is that of the source."""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

WEB = Path(__file__).parents[3] / "agent" / "web"
FRENCH = WEB / "translations" / "fr" / "LC_MESSAGES"
KEYWORDS = {"msg": None, "say": None, "msg_many": (1, 2), "say_many": (1, 2)}


def french() -> Catalog:
    with (FRENCH / "diagnostics.po").open("rb") as file:
        return read_po(file, locale="fr")


def sentences(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """Return each singular message with all its translated forms."""
    return {forms(message.id)[0]: forms(message.string) for message in catalog if message.id}


def forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def extracted() -> set[str]:
    found = extract_from_dir(WEB, method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def test_every_sentence_is_translated_and_none_is_left_over() -> None:
    assert set(sentences(french())) == extracted()


def test_no_translation_is_empty_uncertain_or_loses_a_value() -> None:
    for message in french():
        if message.id:
            assert all(forms(message.string)), message.id
            assert not message.fuzzy, message.id
            assert not list(message.check()), message.id


def test_the_compiled_catalog_is_the_source() -> None:
    fresh = io.BytesIO()
    write_mo(fresh, french())
    fresh.seek(0)
    with (FRENCH / "diagnostics.mo").open("rb") as file:
        assert sentences(read_mo(file)) == sentences(read_mo(fresh))
