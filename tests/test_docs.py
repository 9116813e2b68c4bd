"""The documents that a newcomer reads first are true: links lead somewhere, commands and files exist."""

import re
from pathlib import Path

import pytest
import typer

from agent.composition.commands import app as agent_app
from cloud_stub.__main__ import app as cloud_app

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "systemd/README.md",
]
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)([^)#]+)")
COMMAND = re.compile(r"(veilleur-agent|veilleur-cloud) ([a-z-]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    broken = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    known = {"veilleur-agent": _commands(agent_app), "veilleur-cloud": _commands(cloud_app)}
    unknown = [
        (program, command) for program, command in COMMAND.findall(page.read_text()) if command not in known[program]
    ]
    assert unknown == []


def test_every_make_target_in_the_readme_exists() -> None:
    rules = re.findall(r"^([a-z -]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    named = set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()))
    assert named - targets == set()


def test_the_two_stories_of_the_readme_name_real_modules() -> None:
    """`camera_to_motion` and the others are file names (DESIGN §1)."""
    story = (ROOT / "README.md").read_text().split("Read a story from the file names.")[1].split("\n## ")[0]
    names = set(re.findall(r"`([a-z_]+)`", story))
    files = {path.stem for folder in ("agent", "cloud_stub") for path in (ROOT / folder).rglob("*.py")}
    assert len(names) > 8
    assert names - files == set()


def _commands(app: typer.Typer) -> set[str]:
    own = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    return own | {group.name for group in app.registered_groups if group.name}
