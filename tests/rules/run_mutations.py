"""Runs rules' tests with what they prove made wrong: python -m tests.rules.run_mutations FILE [NUMBER ...].

Writes JSON to FILE: what is wrong -> `killed` (a test failed), `survived` (all passed), or why it could not be run. One
process imports the cloud once and forks for each mutation; a child reads the wrong catalogs from a folder of its own.
"""

import importlib
import io
import json
import os
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tests.rules.changed_catalogs import write_changed
from tests.rules.mutations import MUTATIONS, Mutation
from tests.rules.proofs import FOLDER, proofs_of

WARM = (
    "aiohttp.web", "alembic.command", "av", "cryptography.x509", "sqlalchemy.ext.asyncio",
    "cloud_stub.adapters.broker_embedded_iotcore", "cloud_stub.web.app", "cloud_stub.flow.plan_desks",
    "cloud_stub.flow.store_desks",
)  # fmt: skip
WORDS = {0: "survived", 1: "killed"}


def flip(mutation: Mutation) -> None:
    """Let a function give the same answer to everything, wherever it was imported to."""
    place, _, name = mutation.flip.partition(":")
    right = getattr(importlib.import_module(place), name)

    def wrong(*_: object, **__: object) -> object:
        return mutation.returns

    for module in list(sys.modules.values()):
        if module.__name__.startswith("cloud_stub.") and getattr(module, name, None) is right:
            setattr(module, name, wrong)


def child(mutation: Mutation, folder: Path, said: Path) -> int:
    """Run the tests of a rule with what is wrong; return pytest's exit code."""
    if mutation.flip:
        flip(mutation)
    else:
        os.environ["VEILLEUR_TEST_CATALOGS"] = str(write_changed(folder / "catalogs", mutation.file, mutation.changes))
    for name in [each for each in sys.modules if each.startswith("tests.")]:
        del sys.modules[name]  # they were read with the right catalogs
    ids = [f"{FOLDER / proof.file}::{proof.name}" for proof in proofs_of(mutation.rule)]
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--tb=line", f"--basetemp={folder / 'tests'}"]
    words = io.StringIO()
    with redirect_stdout(words), redirect_stderr(words):
        code = int(pytest.main([*options, *ids]))
    said.write_text(words.getvalue(), encoding="utf-8")
    return code


def outcome(mutation: Mutation) -> str:
    """Return what became of a mutation."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        said = folder / "said.txt"
        number = os.fork()
        if number == 0:
            code = 70
            try:
                code = child(mutation, folder, said)
            except BaseException as fault:  # noqa: BLE001 - a child must not go on as its parent
                said.write_text(repr(fault), encoding="utf-8")
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        words = said.read_text(encoding="utf-8") if said.exists() else ""
        return WORDS.get(code, f"could not run ({code}): {words[-600:]}")


def main(arguments: list[str]) -> int:
    """Run some mutations by their number, or all; say which survived."""
    file, *numbers = arguments
    chosen = [MUTATIONS[int(number)] for number in numbers] or list(MUTATIONS)
    for module in WARM:
        importlib.import_module(module)
    found: dict[str, str] = {}
    for mutation in chosen:
        found[mutation.name] = outcome(mutation)
        Path(file).write_text(json.dumps(found, indent=1), encoding="utf-8")
    bad = [name for name, word in found.items() if word != "killed"]
    sys.stdout.write(f"{len(found) - len(bad)} of {len(found)} killed; not killed: {bad}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
