"""The shape of the house that no linter keeps: sizes, and vendors as data."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("agent", "cloud_stub", "hardware") for path in (ROOT / folder).rglob("*.py"))
LONGEST_MODULE = 320
LONGEST_FUNCTION = 45
VENDOR_NAMES = re.compile(r"blink|kasa|somfy|tp-?link|amazon", re.IGNORECASE)
JUNK_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
MIGRATIONS = ROOT / "cloud_stub/adapters/records_sqlalchemy/migrations"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_readable_in_one_go(path: Path) -> None:
    if path.is_relative_to(MIGRATIONS):
        pytest.skip("a migration is a list of tables, not logic")
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_MODULE, "split it by concept"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, f"{node.name} is too long"


def test_no_vendor_is_named_in_engine_code() -> None:
    """If code would ask which vendor this is, the catalog lacks a key (DESIGN §3)."""
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if VENDOR_NAMES.search(line)
    ]
    assert named == []


def test_no_module_is_a_junk_drawer() -> None:
    assert [path.name for path in SOURCES if path.stem in JUNK_NAMES] == []


def test_every_module_opens_with_what_it_owns() -> None:
    silent = [str(path) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []
