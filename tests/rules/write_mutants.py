"""Writes docs/rules_mutants.md from what run_mutations found: python -m tests.rules.write_mutants FILE [FILE ...]."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.rules.mutations import MUTATIONS, NO_KEY
from tests.rules.proofs import DOCS, numbered

MUTANTS_FILE = DOCS / "rules_mutants.md"
LONGEST = 160
HEAD = """# What makes the proofs fail

Written by `make mutants`. For each rule of [rules.md](rules.md) a key of a catalog, or a function of the engine, is
made wrong in turn, and the rule's tests are run: one of them must fail (`killed`).

"""


def row(rule: str, found: Mapping[str, str]) -> str:
    """Return what was made wrong for a rule, how much of it was noticed, and what was not."""
    names = [mutation.name for mutation in MUTATIONS if mutation.rule == rule]
    if not names:
        return f"| {rule} | 0 | 0 | {NO_KEY[rule]} |\n"
    killed = [name for name in names if found.get(name) == "killed"]
    other = [f"`{name[:LONGEST]}` {found.get(name, 'not run').split(':')[0]}" for name in names if name not in killed]
    return f"| {rule} | {len(names)} | {len(killed)} | {'; '.join(other).replace('|', '/')} |\n"


def document(found: Mapping[str, str]) -> str:
    """Return the whole page."""
    names = {mutation.name for mutation in MUTATIONS}
    killed = sum(word == "killed" for name, word in found.items() if name in names)
    total = f"{len(names)} mutations, {killed} killed; {len(NO_KEY)} rules have none.\n\n"
    table = "| rule | mutations | killed | else |\n| --- | --- | --- | --- |\n"
    return HEAD + total + table + "".join(row(rule, found) for rule in numbered())


def main(arguments: list[str]) -> int:
    """Write the page; 1 unless everything was killed."""
    found: dict[str, str] = {}
    for file in arguments:
        found |= json.loads(Path(file).read_text(encoding="utf-8"))
    MUTANTS_FILE.write_text(document(found), encoding="utf-8")
    alive = [mutation.name for mutation in MUTATIONS if found.get(mutation.name) != "killed"]
    sys.stdout.write(f"{len(MUTATIONS) - len(alive)} of {len(MUTATIONS)} killed; not killed: {alive}\n")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
