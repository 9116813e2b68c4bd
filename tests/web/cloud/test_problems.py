"""Every refusal has a title of its own, and every title belongs to a refusal."""

import ast
from pathlib import Path

import cloud_stub
from cloud_stub.domain.features import FeatureRefusal
from cloud_stub.domain.policies import LinkRule
from cloud_stub.domain.share import ShareState
from cloud_stub.web.problems import HTTP_CODES, TITLES

SOURCES = Path(cloud_stub.__file__).parent
OTHERS = {"not_entitled", "confirmation_needed", "http_error"}
GIVEN_BY_A_RULE = OTHERS | {*HTTP_CODES.values(), *LinkRule, *FeatureRefusal, *({*ShareState} - {ShareState.OPEN})}


def _codes() -> set[str]:
    """Return the codes that the sources raise."""
    return {
        node.args[0].value
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "CloudError"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_code_has_its_title_and_no_title_is_left_over() -> None:
    assert _codes() | GIVEN_BY_A_RULE == TITLES.keys()


def test_no_two_codes_have_one_title() -> None:
    assert len(set(TITLES.values())) == len(TITLES)
