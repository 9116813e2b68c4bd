"""The tests of rules can fail: with a rule's key or function made wrong, one of its tests does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.rules.changed_catalogs import value_at
from tests.rules.mutations import MUTATIONS, NO_KEY
from tests.rules.proofs import FOLDER, numbered

SAMPLE: Final = 10
TOGETHER: Final = 5
"""So many are run by one process, which imports the cloud once."""
ROOT: Final = FOLDER.parents[1]


def groups() -> list[list[int]]:
    """Return the numbers of a sample over all parts of the table; `make mutants` runs all of it."""
    numbers = list(range(0, len(MUTATIONS), len(MUTATIONS) // SAMPLE))[:SAMPLE]
    return [numbers[at : at + TOGETHER] for at in range(0, len(numbers), TOGETHER)]


def test_every_rule_has_a_mutation_or_a_reason_why_none_can_be() -> None:
    flipped = {mutation.rule for mutation in MUTATIONS}
    assert sorted(set(numbered()) - flipped - set(NO_KEY)) == []
    assert sorted(flipped & set(NO_KEY)) == []
    assert sorted((flipped | set(NO_KEY)) - set(numbered())) == []


def test_every_mutation_is_another_and_changes_something() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
    for mutation in MUTATIONS:
        same = [key for key, value in mutation.changes.items() if value_at(mutation.file, key) == value]
        assert mutation.flip or len(same) < len(mutation.changes), mutation.name


@pytest.mark.timeout(600)
@pytest.mark.parametrize("numbers", groups(), ids=lambda numbers: f"{numbers[0]}-{numbers[-1]}")
def test_what_is_wrong_makes_a_test_of_its_rule_fail(tmp_path: Path, numbers: list[int]) -> None:
    said = tmp_path / "said.json"
    command = [sys.executable, "-m", "tests.rules.run_mutations", str(said), *map(str, numbers)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert said.exists(), ran.stderr
    assert json.loads(said.read_text(encoding="utf-8")) == {MUTATIONS[number].name: "killed" for number in numbers}
