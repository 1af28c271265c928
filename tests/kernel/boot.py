"""PID 1 of the lab kernel: this machine's tree read-only below a throw-away overlay, one Python file run on top of it.

One Python process does it all, because in User-Mode Linux each new program costs a fifth of a second. `uml.py` copies
this file into the shared folder and names that folder on the kernel's command line; `job.json` in it says what to run.
Everything written is lost with the kernel, except below the shared folder, which the job sees as /run/share.

May live here: mounts, one child, its status. May not: imports beyond the standard library, anything a test checks.
"""

import ctypes
import json
import os
import runpy
import socket
import struct
import sys
import traceback
from pathlib import Path

RDONLY = 1
POWER_OFF = 0x4321FEDC  # linux/reboot.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
STAGE = Path("/mnt")
SHARE = "/run/share"

_libc = ctypes.CDLL(None, use_errno=True)


def mount(kind: str, target: Path, options: str = "", source: str = "none", flags: int = 0) -> None:
    """mount(2). Raises OSError naming the target."""
    target.mkdir(parents=True, exist_ok=True)
    if _libc.mount(source.encode(), bytes(target), kind.encode(), flags, options.encode()):
        raise OSError(ctypes.get_errno(), f"mounting {kind} on {target} failed")


def build_root(share: str) -> Path:
    """The root of the job: the host's tree below a tmpfs, kernel file systems, the shared folder."""
    mount("tmpfs", STAGE)
    upper, work, root = STAGE / "upper", STAGE / "work", STAGE / "root"
    for folder in (upper, work):
        folder.mkdir()
    mount("overlay", root, f"lowerdir=/,upperdir={upper},workdir={work}")
    mount("proc", root / "proc")
    mount("sysfs", root / "sys")
    mount("devtmpfs", root / "dev")
    for volatile in ("run", "dev/shm"):
        mount("tmpfs", root / volatile)
    mount("hostfs", root / SHARE.lstrip("/"), share)
    return root


def bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", IFF_UP)
        _libc.ioctl(any_socket.fileno(), SIOCSIFFLAGS, request)


def run(root: Path, job: dict[str, object]) -> None:
    """The job's Python file, as if it were a program, below `root`; in a process of its own, which PID 1 outlives."""
    os.chroot(root)
    os.chdir(str(job["path"]))
    bring_loopback_up()
    sys.path[:0] = [str(job["path"])]
    sys.argv = [str(job["file"]), *(str(argument) for argument in job["arguments"])]
    os.environ.update({"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **job["environment"]})
    runpy.run_path(sys.argv[0], run_name="__main__")


def main(share: str) -> None:
    mount("proc", Path("/proc"))
    root = build_root(share)
    job = json.loads((root / SHARE.lstrip("/") / "job.json").read_text())
    pid = os.fork()
    if pid == 0:
        run(root, job)
        return
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    result = root / SHARE.lstrip("/") / "status"
    descriptor = os.open(result, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(descriptor, str(status if status >= 0 else 128 - status).encode())
    os.fsync(descriptor)
    os.sync()


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except BaseException:
        if os.getpid() == 1:
            traceback.print_exc()
        raise
    finally:
        if os.getpid() == 1:
            _libc.reboot(POWER_OFF)
