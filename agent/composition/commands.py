"""The agent's commands; `run` stands in run_command.py and is only listed here."""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer

from agent.errors import AgentError, BadInput

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A camera agent that never loses a clip in silence.")

Config = Annotated[Path, typer.Option(help="The configuration; see docs/agent.example.toml.")]
DEFAULT_CONFIG = Path("/etc/veilleur/agent.toml")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def run(context: typer.Context) -> None:
    """Record, decide, keep and upload until stopped."""
    from agent.composition.run_command import run_command

    run_command(context.args)


@app.command()
def detect(
    video: Annotated[Path, typer.Argument(help="A video file.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the events as one JSON document.")] = False,
    sensitivity: Annotated[int, typer.Option(min=1, max=9, help="1 sees only what is large; 5 is live.")] = 5,
    timeline: Annotated[Path | None, typer.Option(help="Draw what moved when into this PNG.")] = None,
) -> None:
    """Find motion in a file, by the same code as live, and say why."""
    from agent.composition.detection import detect_with_progress, explained, print_events

    try:
        report = detect_with_progress(video, sensitivity, timeline)
    except BadInput as error:
        _give_up(error)
    document = explained(report, sensitivity)
    if as_json:
        print(json.dumps(document))
    else:
        print_events(document)


@app.command()
def claim(
    cloud: Annotated[str, typer.Option(help="The cloud's address, such as https://cloud.example.org.")],
    code: Annotated[str, typer.Option(help="The code from the owner's page.")],
    config: Config = DEFAULT_CONFIG,
    ca_file: Annotated[Path | None, typer.Option(help="A certificate authority to trust beside the system's.")] = None,
) -> None:
    """Tie this module to its owner's account."""
    from agent.composition.claiming import claim as claim_now
    from agent.settings import load_settings

    try:
        identity = asyncio.run(claim_now(load_settings(config), cloud, code, ca_file))
    except AgentError as error:
        _give_up(error)
    print(f"Claimed as module {identity.module_id}. Confirm its cameras on the owner's page; then: veilleur-agent run")


@app.command()
def unlock(config: Config = DEFAULT_CONFIG) -> None:
    """Print the address that opens the diagnostics page for changes; run it as the agent's own user."""
    from agent.composition.parts import existing_key
    from agent.settings import load_settings

    try:
        settings = load_settings(config)
        key = existing_key(settings.module.state_dir)
    except BadInput as error:
        _give_up(error)
    where = settings.diagnostics
    print(f"http://{where.host}:{where.port}/#unlock={key}")


@app.command()
def doctor(config: Config = DEFAULT_CONFIG) -> None:
    """Look at camera, drive, broker, cloud, clock, disk and permissions, and say what to do."""
    from agent.composition.doctoring import look
    from agent.settings import load_settings

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        settings = load_settings(config)
    except BadInput as error:
        _give_up(error)
    raise typer.Exit(asyncio.run(look(settings)))


@app.command()
def ledger(
    config: Config = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest clips to show.")] = 30,
    *,
    check: Annotated[bool, typer.Option("--check", help="Prove the ledger against the disk.")] = False,
) -> None:
    """Show the ledger of clips, or check it; exit code 1 when the check finds something."""
    from agent.composition.ledger_table import check_or_show
    from agent.settings import load_settings

    try:
        raise typer.Exit(asyncio.run(check_or_show(load_settings(config), limit, check=check)))
    except BadInput as error:
        _give_up(error)


@app.command()
def drive(
    config: Config = DEFAULT_CONFIG,
    *,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Write the manifest anew from the files alone; the agent must be stopped.")
    ] = False,
) -> None:
    """Say what the USB drive is, and list the clips on it; exit code 1 when it cannot be read."""
    from agent.composition.drive_table import show_drive
    from agent.settings import load_settings

    try:
        raise typer.Exit(asyncio.run(show_drive(load_settings(config), rebuild=rebuild)))
    except BadInput as error:
        _give_up(error)


def _give_up(error: Exception) -> NoReturn:
    print(f"veilleur-agent: {error}", file=sys.stderr)
    raise typer.Exit(code=2)
