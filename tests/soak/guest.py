"""A small guest with a kernel of its own: this machine's files read-only, vivid's cameras, kernel FAT and exFAT.

The kernel is Debian's package, fetched by apt and only unpacked; the guest has no network and one folder in memory.
"""

import lzma
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "linux-image-amd64"
EMULATOR = "qemu-system-x86_64"
MODULES = (
    "virtio_pci",
    "9p",
    "9pnet_virtio",
    "loop",
    "ext4",
    "crc32c_generic",
    "vfat",
    "exfat",
    "nls_cp437",
    "nls_ascii",
    "nls_utf8",
    "vivid",
)
VIVID = "n_devs=2 node_types=0x1,0x1 input_types=0x00,0x00"
"""Two cameras that are webcams (input type 0), each with nothing but a capture node."""

MEMORY_MB = 2048
DONE = "soak ended with "
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
while read -r module; do insmod /modules/$module || echo "insmod $module failed"; done < /modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host
mount -t tmpfs -o size=1200m tmp /host/run
for folder in proc sys dev; do mount -o move /$folder /host/$folder; done
ip link set lo up 2>/dev/null
chroot /host /bin/sh -c 'COMMAND'
echo "DONE$?"
poweroff -f
"""


class NoGuestError(Exception):
    """This machine cannot run a guest; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A kernel and a first file system in memory, made once in `folder`."""

    kernel: Path
    initramfs: Path

    def run(self, within_s: float) -> Iterator[str]:
        """Boot and yield what the guest says line by line, until it switches itself off."""
        command = [EMULATOR, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"]
        command += ["-m", str(MEMORY_MB), "-nographic", "-no-reboot", "-nic", "none"]
        command += ["-kernel", str(self.kernel), "-initrd", str(self.initramfs)]
        command += ["-append", "console=ttyS0 quiet panic=-1"]
        command += ["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"]
        limited = ["timeout", str(int(within_s)), *command]
        with subprocess.Popen(
            limited, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                yield line.decode(errors="replace").rstrip()


def make_guest(folder: Path, command: str) -> Guest:
    """Fetch the kernel (once) and write a first file system that runs `command` in this machine's own files."""
    for program, package in ((EMULATOR, "qemu-system-x86"), ("busybox", "busybox-static"), ("apt-get", "apt")):
        if shutil.which(program) is None:
            raise NoGuestError(f"{program} is missing: apt-get install --no-install-recommends {package}")
    folder.mkdir(parents=True, exist_ok=True)
    unpacked = folder / "kernel"
    if not unpacked.is_dir():
        _fetch_kernel(folder, unpacked)
    (kernel,) = (unpacked / "boot").glob("vmlinuz-*")
    initramfs = folder / "initramfs.cpio"
    _write_initramfs(initramfs, folder / "first", unpacked, command)
    return Guest(kernel, initramfs)


def _fetch_kernel(folder: Path, unpacked: Path) -> None:
    depends = _said("apt-cache", "depends", PACKAGE)
    name = next((line.split()[-1] for line in depends.splitlines() if "linux-image-" in line and "Depends" in line), "")
    if not name:
        raise NoGuestError(f"apt does not know {PACKAGE}: apt-get update")
    _said("apt-get", "download", name, cwd=folder)
    (package,) = folder.glob(f"{name}_*.deb")
    draft = folder / "kernel.part"
    shutil.rmtree(draft, ignore_errors=True)
    _said("dpkg-deb", "--extract", str(package), str(draft))
    draft.rename(unpacked)
    package.unlink()


def _write_initramfs(target: Path, first: Path, unpacked: Path, command: str) -> None:
    shutil.rmtree(first, ignore_errors=True)
    for name in ("bin", "proc", "sys", "dev", "host", "modules"):
        (first / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "", first / "bin" / "busybox")
    order = []
    for module in modules_in_order(unpacked, MODULES):
        name = module.name.partition(".ko")[0]
        content = module.read_bytes()
        (first / "modules" / f"{name}.ko").write_bytes(lzma.decompress(content) if module.suffix == ".xz" else content)
        order.append(f"{name}.ko {VIVID}" if name == "vivid" else f"{name}.ko")
    (first / "modules" / "order").write_text("\n".join(order) + "\n")
    init = first / "init"
    init.write_text(INIT.replace("COMMAND", command).replace("DONE", DONE))
    init.chmod(0o755)
    names = "\n".join(str(path.relative_to(first)) for path in sorted(first.rglob("*")))
    with target.open("wb") as file:
        subprocess.run(
            ["busybox", "cpio", "-o", "-H", "newc"], cwd=first, input=names.encode(), stdout=file, check=True
        )


def modules_in_order(unpacked: Path, wanted: Sequence[str]) -> list[Path]:
    """Return the files of modules and of what they need, each after what it needs; one built in has no file."""
    files = {path.name.partition(".ko")[0].replace("-", "_"): path for path in unpacked.rglob("*.ko*")}
    order: list[Path] = []

    def add(name: str) -> None:
        path = files.get(name.replace("-", "_"))
        if path is None or path in order:
            return
        for needed in _needs(path):
            add(needed)
        order.append(path)

    for name in wanted:
        add(name)
    return order


def _needs(module: Path) -> list[str]:
    """Read what a module's own notes say it depends on."""
    content = module.read_bytes()
    notes = lzma.decompress(content) if module.suffix == ".xz" else content
    _, found, rest = notes.partition(b"\0depends=")
    return [name for name in rest.partition(b"\0")[0].decode("ascii").split(",") if name] if found else []


def _said(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd)
    if done.returncode != 0:
        raise NoGuestError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout
