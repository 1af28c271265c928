"""The lab kernel itself: its binary is looked for in the right order, status and files come out, nothing else does."""

import os
import time
from pathlib import Path

import pytest

from tests.kernel import uml

kernel = pytest.mark.kernel


def job(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "job.py"
    file.write_text(text)
    return file


def test_a_named_kernel_is_the_only_place() -> None:
    assert uml.places({uml.VARIABLE: "/opt/linux", "HOME": "/home/x"}) == [Path("/opt/linux")]


def test_the_built_kernel_comes_before_the_one_beside_the_checkout() -> None:
    built, beside = uml.places({"HOME": "/home/x"})
    assert built == Path("/home/x/.cache/clinicgate/lab-kernel/linux")
    assert beside == uml.ROOT.parent / "shared" / "lab" / "linux-lab"
    assert uml.places({"HOME": "/home/x", "XDG_CACHE_HOME": "/c"})[0] == Path("/c/clinicgate/lab-kernel/linux")


def test_no_kernel_is_a_reason_that_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(uml.VARIABLE, "/nowhere/linux")
    reason = uml.why_not.__wrapped__()
    assert reason is not None
    assert "/nowhere/linux" in reason and "make lab-kernel" in reason and uml.VARIABLE in reason


def test_a_kernel_for_another_machine_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "linux"
    binary.write_bytes(b"\x7fELF of another machine")
    binary.chmod(0o755)
    monkeypatch.setenv(uml.VARIABLE, str(binary))
    monkeypatch.setattr(uml.os, "geteuid", lambda: 0)
    assert "does not run here" in str(uml.why_not.__wrapped__())


@kernel
def test_status_output_and_shared_files_come_out_and_nothing_else(tmp_path: Path) -> None:
    stray = uml.HERE / "stray"
    text = f"""
import os, platform, sys
print("kernel", platform.release(), os.getuid())
open("/run/share/result", "w").write(" ".join(sys.argv[1:]) + os.environ["COLOUR"])
open({str(stray)!r}, "w").write("lost with the kernel")
sys.exit(7)
"""
    machine = uml.start(job(tmp_path, text), tmp_path / "share", ["a b", "c"], {"COLOUR": "red"})
    assert machine.wait(60) == 7, machine.output
    assert (tmp_path / "share" / "result").read_text() == "a b cred"
    assert "kernel" in machine.output and os.uname().release not in machine.output
    assert not stray.exists()


@kernel
def test_a_job_that_hangs_is_ended_with_all_its_processes(tmp_path: Path) -> None:
    machine = uml.start(job(tmp_path, "import time\nprint('begun', flush=True)\ntime.sleep(1000)"), tmp_path / "share")
    deadline = time.monotonic() + 60
    while "begun" not in machine.output and time.monotonic() < deadline:
        assert machine.process.poll() is None, machine.output
    assert machine.wait(0.1) == uml.NEVER_ENDED
    assert not _processes_with(str(tmp_path / "share"))


@kernel
def test_an_exception_in_the_job_is_status_1_with_its_traceback(tmp_path: Path) -> None:
    machine = uml.start(job(tmp_path, "raise ValueError('inside')"), tmp_path / "share")
    assert machine.wait(60) == 1
    assert "ValueError: inside" in machine.output


def _processes_with(word: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_text()
            except OSError:
                continue
            found += [command] if word in command else []
    return found
