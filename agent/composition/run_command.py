"""`veilleur-agent run`: its options and its log; read without typer, which would stay in memory beside the agent."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from agent.composition.running import run
from agent.errors import BadInput

DEFAULT_CONFIG = Path("/etc/veilleur/agent.toml")


def run_command(arguments: Sequence[str]) -> None:
    """Run the agent until it is stopped; SystemExit 2 with a sentence when it cannot start."""
    parser = argparse.ArgumentParser(
        prog="veilleur-agent run", description="Record, decide, keep and upload until stopped.", allow_abbrev=False
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_CONFIG,
        help="The configuration; see docs/agent.example.toml. [default: %(default)s]",
    )
    parser.add_argument("--lab", action="store_true", help="Follow the clock of the cloud's lab.")
    chosen = parser.parse_args(arguments)
    _log_to_stderr()
    try:
        asyncio.run(run(chosen.config, lab=chosen.lab))
    except BadInput as error:
        sys.stderr.write(f"veilleur-agent: {error}\n")
        raise SystemExit(2) from None


def _log_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "event"], drop_missing=True, bool_as_flag=False
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
