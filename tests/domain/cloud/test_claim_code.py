"""Claim codes: shape, typing, use; and the throttle of wrong ones."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.claim_code import ALPHABET, check_code, code_hash, make_code
from cloud_stub.domain.records import ClaimCode
from cloud_stub.errors import CloudError
from tests.domain.cloud.situations import NOW

CODE = ClaimCode("hash", "account", NOW, NOW + timedelta(minutes=15), None, None)


def test_a_code_has_eight_characters_that_cannot_be_mistaken() -> None:
    code = make_code(secrets.choice)
    assert len(code) == 9
    assert code[4] == "-"
    assert set(code.replace("-", "")) <= set(ALPHABET)
    assert not set(ALPHABET) & set("01OILU")


@given(st.text(ALPHABET, min_size=8, max_size=8))
def test_a_code_is_the_same_however_it_is_typed(text: str) -> None:
    shown = f"{text[:4]}-{text[4:]}"
    typed = (shown, text, text.lower(), f" {text[:4].lower()} {text[4:]} ", f"{text}\n")
    assert {code_hash(one) for one in typed} == {code_hash(shown)}
    assert text not in code_hash(shown)


@pytest.mark.parametrize(
    ("code", "after", "refused"),
    [
        (None, timedelta(), ("claim_code_unknown", 404)),
        (replace(CODE, used_at=NOW), timedelta(), ("claim_code_used", 409)),
        (CODE, timedelta(minutes=15), ("claim_code_expired", 410)),
    ],
)
def test_a_code_that_cannot_be_used_says_why(
    code: ClaimCode | None, after: timedelta, refused: tuple[str, int]
) -> None:
    with pytest.raises(CloudError) as caught:
        check_code(code, NOW + after)
    assert (caught.value.code, caught.value.status) == refused


def test_a_code_lives_to_its_last_millisecond() -> None:
    assert check_code(CODE, NOW + timedelta(minutes=15) - timedelta(milliseconds=1)) is CODE
