"""Running a Python file inside the lab kernel (User-Mode Linux), from the outside: find it, boot it, wait, end it.

May live here: the binary's places, its command line, its processes and time limits. May not: what runs inside.

The kernel is a handful of ordinary processes of this machine. They have a process namespace of their own, so that they
end together, also when the test session is killed; ending them is the power cut. All files lie in the folder handed in.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
VARIABLE = "CLINICGATE_LAB_KERNEL"
MEMORY = "512M"
NEVER_ENDED = 98
# Ends with this process, and its namespace with it (setpriv(1), unshare(1)).
WITH_US = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child=KILL")


def places(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Where a lab kernel may be, best first; a variable that is set is the only place."""
    if named := environment.get(VARIABLE):
        return [Path(named)]
    cache = Path(environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or "/root") / ".cache")
    return [cache / "clinicgate" / "lab-kernel" / "linux", ROOT.parent / "shared" / "lab" / "linux-lab"]


def find() -> Path | None:
    """The lab kernel's binary, or None."""
    return next((place for place in places() if place.is_file() and os.access(place, os.X_OK)), None)


@cache
def why_not() -> str | None:
    """The reason why nothing can run in a lab kernel here, or None."""
    kernel = find()
    if kernel is None:
        looked = ", ".join(str(place) for place in places())
        return f"no lab kernel at {looked} (`make lab-kernel` builds one, {VARIABLE} names one)"
    if os.geteuid() != 0:
        return "not root: the lab kernel reads this machine's files as root"
    if any(character.isspace() or character == "," for character in sys.executable):
        return f"the path {sys.executable} has a blank or a comma, which would split the lab kernel's command line"
    try:
        subprocess.run([kernel, "--version"], capture_output=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{kernel} does not run here: {error}"
    return None


@dataclass
class Machine:
    """One lab kernel, started at once. `share` is its folder on this machine; `_alive` ends with its last process."""

    share: Path
    process: subprocess.Popen[bytes]
    _alive: int

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return (self.share / "console").read_text(errors="replace")

    def wait(self, seconds: float) -> int:
        """The job's exit status; NEVER_ENDED when the kernel stopped without one or the time ran out."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.cut_power()
        try:
            return int((self.share / "status").read_text())
        except (OSError, ValueError):
            return NEVER_ENDED

    def cut_power(self) -> None:
        """Every process of the kernel ends this instant; what it had not written to its disk is lost."""
        if self._alive < 0:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.read(self._alive, 1)  # nobody writes: this returns when nobody holds the other end any more
        os.close(self._alive)
        self._alive = -1


def start(
    file: Path,
    share: Path,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    disk: Path | None = None,
) -> Machine:
    """Boot and run `file` as root inside, in the checkout's folder; `disk` becomes /dev/ubda. `share` must be empty
    or ours, its path without blanks or commas (they would split the kernel's command line)."""
    kernel = find()
    assert kernel is not None, why_not()
    share.mkdir(parents=True, exist_ok=True)
    (share / "status").unlink(missing_ok=True)
    shutil.copyfile(HERE / "boot.py", share / "boot.py")
    job = {"path": str(ROOT), "file": str(file), "arguments": list(arguments), "environment": dict(environment or {})}
    (share / "job.json").write_text(json.dumps(job))
    command = [str(kernel), f"mem={MEMORY}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"]
    command += ["con=null", "con0=null,fd:1", f"uml_dir={share}/", "panic=-1"]
    command += [f"ubda={disk}"] if disk else []
    command += [f"init={sys.executable}", "--", "-I", f"{share}/boot.py", str(share)]
    alive, held = os.pipe()
    try:
        with (share / "console").open("wb") as console:
            process = subprocess.Popen(
                [*WITH_US, *command],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(held,),
                env={"PATH": os.environ["PATH"]} | _session(),
            )
    finally:
        os.close(held)
    return Machine(share, process, alive)


def _session() -> dict[str, str]:
    """The mark by which the session guard knows its processes."""
    return {name: value for name, value in os.environ.items() if name == "CLINICGATE_TEST_SESSION"}
