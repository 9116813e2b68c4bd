"""`veilleur-agent ledger`: the newest clips as a table, or the check against the disk."""

from rich.console import Console
from rich.table import Table

from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.adapters.ledger_sqlite import SqliteLedger
from agent.composition.parts import LEDGER_FILE, SPOOL_FOLDER
from agent.domain.clip import ClipRow
from agent.errors import BadInput
from agent.flow.check_ledger import check_ledger
from agent.settings import Settings


async def check_or_show(settings: Settings, limit: int, *, check: bool) -> int:
    """Show or check; return the exit code (1: the check found something)."""
    path = settings.module.state_dir / LEDGER_FILE
    if not path.exists():
        raise BadInput(f"There is no ledger at {path} yet: the agent makes it at its first run.")
    ledger = await SqliteLedger(path).open()
    try:
        if check:
            return _print_findings(await check_ledger(ledger, PyavClipFiles(settings.module.state_dir / SPOOL_FOLDER)))
        _print_rows(list(await ledger.newest(limit)))
        return 0
    finally:
        await ledger.close()


def _print_findings(findings: list[str]) -> int:
    console = Console()
    for finding in findings:
        console.print(finding, markup=False)
    console.print("The ledger and the disk agree." if not findings else f"{len(findings)} findings.")
    return 1 if findings else 0


def _print_rows(rows: list[ClipRow]) -> None:
    table = Table("captured", "clip", "phase", "sink", "reason", "length", "size", box=None)
    for row in rows:
        because = row.lost_because or (row.choice.blocked_by.value if row.choice.blocked_by else "")
        reason = f"{row.choice.reason.value} ({because})" if because else row.choice.reason.value
        length = "" if row.duration_ms is None else f"{row.duration_ms / 1000:.1f} s"
        size = "" if row.size_bytes is None else f"{row.size_bytes / 1e6:.1f} MB"
        table.add_row(row.captured_at, row.clip_id, row.phase.value, row.choice.sink.value, reason, length, size)
    Console().print(table)
