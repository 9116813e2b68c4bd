"""Writes docs/rules_proved.md from the names of the tests and a JUnit file: python -m tests.rules.write_proofs FILE."""

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.rules.proofs import PROVED_FILE, numbered, proofs_of, stated

HEAD = """# What proves each rule

Written by `make rules` from the names of the tests in `tests/rules/` and from their last run; what each rule says
stands in [rules.md](rules.md). A number in brackets counts the cases of a test that has several.

| rule | tests | result |
| --- | --- | --- |
"""


def row_of(rule: str) -> str:
    """Return the tests of a rule as the table names them."""
    return ", ".join(f"`{proof.file.removesuffix('.py')}::{proof.name}`" for proof in proofs_of(rule))


def results(junit: Path) -> dict[tuple[str, str], Counter[str]]:
    """Return how often each test passed, failed or was skipped, by module and name."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for case in ET.parse(junit).iter("testcase"):  # noqa: S314 - our own run wrote it
        key = case.get("classname", "").rpartition(".")[2], case.get("name", "").partition("[")[0]
        word = next((word for word in ("failure", "error", "skipped") if case.find(word) is not None), "passed")
        found.setdefault(key, Counter())[word] += 1
    return found


def result_of(rule: str, ran: Mapping[tuple[str, str], Counter[str]]) -> str:
    """Return the result of a rule's tests together, counted by case; `not run` where one did not run."""
    total: Counter[str] = Counter()
    for proof in proofs_of(rule):
        total += ran.get((proof.file.removesuffix(".py"), proof.name), Counter({"not run": 1}))
    if not total:
        return "no test"
    return ", ".join(word if count == 1 else f"{word} ({count})" for word, count in sorted(total.items()))


def document(junit: Path) -> str:
    """Return the whole table."""
    ran = results(junit)
    return HEAD + "".join(f"| {rule} | {row_of(rule)} | {result_of(rule, ran)} |\n" for rule in numbered())


def main(arguments: list[str]) -> int:
    """Write the table; say what is unproved."""
    (junit,) = arguments
    text = document(Path(junit))
    PROVED_FILE.write_text(text, encoding="utf-8")
    rows = text.removeprefix(HEAD).splitlines()
    unproved = [row.split(" ")[1] for row in rows if not row.rpartition("| ")[2].startswith("passed")]
    sys.stdout.write(f"{len(stated()) - len(unproved)} of {len(stated())} rules proved; not proved: {unproved}\n")
    return 1 if unproved else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
