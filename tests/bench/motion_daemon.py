"""The `motion` daemon as a peer of the agent: the same RTSP address, movies passed through, its defaults or tuned."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

DEFAULTS: Mapping[str, str] = {"threshold": "1500", "noise_tune": "on", "minimum_motion_frames": "1"}
"""As built in, whatever the picture's size; the sample file of the Debian package differs in one key."""
TUNED_AREA = 0.0015


def tuned(width: int, height: int) -> Mapping[str, str]:
    """Return what does best with it on labelled footage: 0.15 % of the picture on three pictures running."""
    return {
        "threshold": str(round(TUNED_AREA * width * height)),
        "noise_tune": "on",
        "minimum_motion_frames": "3",
        "despeckle_filter": "EedDl",
        "lightswitch_percent": "20",
        "lightswitch_frames": "5",
    }


def motion_program() -> str | None:
    """Return the daemon's path; `None` where it is not installed (Debian: apt-get install motion)."""
    return shutil.which("motion")


@contextmanager
def motion_daemon(
    folder: Path, url: str, fps: float, size: tuple[int, int], chosen: Mapping[str, str]
) -> Iterator[int]:
    """Run it on a camera of a size (width, height); yields its process id."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "daemon": "off",
        "setup_mode": "off",
        "log_level": "4",
        "netcam_url": url,
        "netcam_params": "rtsp_transport=tcp",
        "width": str(size[0]),
        "height": str(size[1]),
        "framerate": f"{fps:g}",
        "target_dir": str(folder),
        "movie_passthrough": "on",
        "movie_output": "on",
        "picture_output": "off",
        "event_gap": "2",
        "pre_capture": "3",
        "post_capture": "0",
        "webcontrol_port": "0",
        "stream_port": "0",
        **chosen,
    }
    configuration = folder / "motion.conf"
    configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()), encoding="utf-8")
    command = [motion_program() or "motion", "-n", "-c", str(configuration)]
    with (folder / "motion.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield process.pid
            assert process.poll() is None, f"motion ended while it was measured: {folder / 'motion.log'}"
        finally:
            process.terminate()
