"""Which test proves which rule: read from the names of the tests in this folder, test_R001_R002_..., test_C01_..."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
DOCS = FOLDER.parents[1] / "docs"
RULES_FILE = DOCS / "rules.md"
PROVED_FILE = DOCS / "rules_proved.md"
NUMBERS = re.compile(r"test_((?:(?:R\d{3}|C\d{2})_)+)")
ROW = re.compile(r"^\| ([RC]\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Proof:
    """One test function."""

    file: str
    name: str
    rules: tuple[str, ...]


@cache
def proofs() -> tuple[Proof, ...]:
    """Return every test of this folder that names rules, in the order of files and lines."""
    found: list[Proof] = []
    for path in sorted(FOLDER.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [
            Proof(path.name, node.name, tuple(numbers[1].rstrip("_").split("_")))
            for node in tree.body
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and (numbers := NUMBERS.match(node.name))
        ]
    return tuple(found)


def proofs_of(rule: str) -> tuple[Proof, ...]:
    """Return the tests that name a rule."""
    return tuple(proof for proof in proofs() if rule in proof.rules)


def numbered() -> tuple[str, ...]:
    """Return every number that must be proved: R001 to R152, C01 to C20."""
    return (*(f"R{number:03}" for number in range(1, 153)), *(f"C{number:02}" for number in range(1, 21)))


def stated() -> dict[str, tuple[str, str]]:
    """Return what docs/rules.md states: rule -> statement and where it holds."""
    return {row[1]: (row[2], row[3]) for row in ROW.finditer(RULES_FILE.read_text(encoding="utf-8"))}
