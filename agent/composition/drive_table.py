"""`veilleur-agent drive`: what the USB drive is, the clips on it, and its manifest made again."""

from rich.console import Console
from rich.table import Table

from agent.adapters.clock_system import SystemClock
from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import BACKUP_BASE, CLIPS_BASE, DriveFiles
from agent.adapters.identity_file import IdentityFile
from agent.adapters.module_state_files import ModuleStateFiles
from agent.composition.own_drive import own_drive
from agent.composition.parts import agent_runs
from agent.errors import BadInput
from agent.ports import DriveClip
from agent.settings import Settings
from hardware.drive import DriveGone, DriveReport


async def show_drive(settings: Settings, *, rebuild: bool) -> int:
    """Show the drive, or make its manifests again; return the exit code (1: the drive cannot be read or written)."""
    state_dir = settings.module.state_dir
    if rebuild and agent_runs(state_dir):
        raise BadInput("The agent is running: stop it first, or send it the command `rebuild_drive`.")
    identity, state = IdentityFile(state_dir).load(), ModuleStateFiles(state_dir)
    module_id = await marker_id(state, identity.module_id)
    kept = await own_drive(settings.drive, state, module_id)
    if kept is None:
        raise BadInput("There is no [drive] in the configuration.")
    lane = DriveLaneThread(SystemClock(floor_s=0, trust_wall_clock=False))
    stores = {
        base: DriveFiles(kept.own.look, module_id, lambda _camera: "camera", lane, base)
        for base in (CLIPS_BASE, BACKUP_BASE)
    }
    console = Console()
    _print_report(console, kept.own.look())
    try:
        if rebuild:
            for base, store in stores.items():
                clips, unknown = await store.rebuild()
                console.print(f"{base}: {clips} clips, {unknown} unknown files (left alone)")
            return 0
        found = [(base, clip) for base, store in stores.items() for clip in await store.listing()]
    except DriveGone as error:
        console.print(str(error), markup=False)
        return 1
    _print_clips(console, found)
    return 0


async def marker_id(state: ModuleStateFiles, module_id: str) -> str:
    """Return the id in the markers of this module's drives: that of its account's first claim; writes nothing."""
    kept = await state.load_kept("cameras")
    first = kept.get("module_id") if isinstance(kept, dict) else None
    return first if isinstance(first, str) else module_id


def _print_report(console: Console, report: DriveReport) -> None:
    sizes = "" if report.size_bytes is None else f", {report.size_bytes / 1e9:.1f} GB"
    free = "" if report.free_bytes is None else f", {report.free_bytes / 1e6:.0f} MB free"
    where = "" if report.root is None else f", at {report.root}"
    kind = "" if report.file_system is None else f", {report.file_system}"
    console.print(f"{report.uuid}: {report.state.value}{kind}{sizes}{free}{where}", markup=False, soft_wrap=True)
    if report.detail:
        console.print(report.detail, markup=False, soft_wrap=True)


def _print_clips(console: Console, found: list[tuple[str, DriveClip]]) -> None:
    table = Table("folder", "captured", "camera", "clip", "size", box=None)
    for base, clip in found:
        size = f"{clip.size_bytes / 1e6:.1f} MB"
        table.add_row(base, clip.captured_at or "undated", clip.camera_slug, clip.clip_id, size)
    console.print(table if found else "No clip of this module is on it.")
