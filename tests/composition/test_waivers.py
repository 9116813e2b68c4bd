"""R110: `veilleur-cloud waive` keeps an exception with its reason and its log, and refuses what it does not know."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud_stub.__main__ import app
from cloud_stub.adapters.records_sqlalchemy import open_records

GOOD = ["--condition", "business", "--reason", "a school"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "cloud.toml"
    path.write_text(f'[storage]\nstate_dir = "{tmp_path}/state"\n')
    (tmp_path / "state").mkdir()
    made = CliRunner().invoke(
        app, ["account", "add", "owner@example.org", "--region", "US", "--vendor", "blink", "--config", str(path)]
    )
    assert made.exit_code == 0, made.output
    return path


def waive(config: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["waive", *arguments, "--config", str(config)])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (GOOD, "either --account or --store-account"),
        ([*GOOD, "--account", "a", "--store-account", "b"], "either --account or --store-account"),
        ([*GOOD, "--account", "nobody@example.org"], "no such account"),
        ([*GOOD, "--store-account", "nobody"], "no such account"),
        (["--condition", "gravity", "--reason", "x", "--account", "owner@example.org"], "one of:"),
        (["--condition", "business", "--reason", " ", "--account", "owner@example.org"], "Say why"),
    ],
)
def test_what_cannot_be_waived_is_refused_in_a_sentence(config: Path, arguments: list[str], told: str) -> None:
    code, output = waive(config, *arguments)
    assert (code, told in output) == (2, True), output


def test_an_exception_is_kept_and_logged(config: Path) -> None:
    code, output = waive(config, *GOOD, "--account", "owner@example.org", "--by", "support")
    assert code == 0, output
    holder_id = output.split("\t")[0]

    async def kept() -> tuple[list[str], list[str]]:
        records = await open_records(config.parent / "state" / "cloud.sqlite")
        try:
            async with records.reading() as transaction:
                waivers = await transaction.store.waivers(holder_id)
                entries = await transaction.leases.entries(holder_id, 10)
        finally:
            await records.close()
        return [f"{w.condition}/{w.reason}/{w.granted_by}" for w in waivers], [e.what for e in entries]

    waivers, entries = asyncio.run(kept())
    assert waivers == ["business/a school/support"]
    assert "condition_waived" in entries
