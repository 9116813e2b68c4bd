"""No rule without a test, no test of a rule that is not stated, and a table of both that is not older than they are."""

import re

from tests.rules.proofs import PROVED_FILE, numbered, proofs, stated
from tests.rules.write_proofs import row_of


def test_every_rule_is_stated_once_in_the_docs() -> None:
    assert list(stated()) == list(numbered())


def test_every_rule_has_a_test() -> None:
    proved = {rule for proof in proofs() for rule in proof.rules}
    assert sorted(set(numbered()) - proved) == []
    assert sorted(proved - set(numbered())) == []


def test_names_of_tests_are_unique() -> None:
    """A second function of one name would silently replace the first."""
    names = [(proof.file, proof.name) for proof in proofs()]
    assert len(names) == len(set(names))


def test_the_table_of_proofs_names_the_tests_that_there_are() -> None:
    """`make rules` writes it."""
    rows = dict(
        re.findall(r"^\| ([RC]\d+) \| (.+) \| [^|]+ \|$", PROVED_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert rows == {rule: row_of(rule) for rule in numbered()}
