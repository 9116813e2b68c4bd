"""The agent's program: `run` is started with as little memory as it can be, the other commands with all comfort."""

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["run"]:
        from agent.composition.small_memory import keep_memory_small

        keep_memory_small()
        from agent.composition.run_command import run_command

        run_command(sys.argv[2:])
    else:
        from agent.composition.commands import app

        app()


if __name__ == "__main__":
    main()
