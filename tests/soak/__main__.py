"""`make soak`: the drive's and the V4L2 camera's real adapters in a guest whose kernel has what this one may not."""

import sys
import time
from pathlib import Path

from tests.soak.guest import DONE, NoGuestError, make_guest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "soak"
WITHIN_S = 1500.0
TESTS = (
    "tests/system/test_loop_drives.py",
    "tests/hardware/test_drive_contract.py",
    "tests/soak/test_vivid_cameras.py",
)
COMMAND = (
    f"cd {ROOT} && export HOME=/run TMPDIR=/run PYTHONDONTWRITEBYTECODE=1 "
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin && "
    f".venv/bin/python -m pytest -p no:cacheprovider -n 0 -q -rs --timeout 900 {' '.join(TESTS)}"
)


def main() -> int:
    """Run the guest and return what its tests returned."""
    started_s = time.monotonic()  # noqa: TID251 - the duration of a run by hand
    try:
        guest = make_guest(FOLDER, COMMAND)
    except NoGuestError as error:
        print(error, file=sys.stderr)
        return 2
    code = 3
    for line in guest.run(WITHIN_S):
        print(line, flush=True)
        if line.startswith(DONE):
            code = int(line.removeprefix(DONE))
    print(f"{time.monotonic() - started_s:.0f} s")  # noqa: TID251 - the duration of a run by hand
    return code


if __name__ == "__main__":
    sys.exit(main())
