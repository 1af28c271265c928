"""A demo as a program: ends by itself or when asked, tells the truth by its status, leaves nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.lab import lifecycle, netns
from gateway.lab.topology import prefix
from tests.lab.conftest import lab_name, nothing_left

pytestmark = pytest.mark.netns
ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from gateway.lab import demo
sys.exit(demo.run(Path(sys.argv[1]), int(sys.argv[2]) or None, 0, sys.argv[3]))
"""


class Demo:
    def __init__(self, site, seconds, lab):
        self.lab = lab
        self.program = subprocess.Popen(
            [sys.executable, "-u", "-c", PROGRAM, str(site), str(seconds), lab],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def until(self, words):
        """Lines up to one that holds `words`."""
        lines = []
        for line in self.program.stdout:
            lines.append(line)
            if words in line:
                return "".join(lines)
        raise AssertionError("".join(lines))

    def rest(self):
        """What comes until the end, and the exit status."""
        return self.program.communicate(timeout=60)[0], self.program.returncode


@pytest.fixture
def start(small_file):
    running = []

    def run(seconds, letter):
        running.append(Demo(small_file, seconds, lab_name(letter)))
        return running[-1]

    yield run
    for demo in running:
        demo.program.kill()
        demo.program.communicate()
        lifecycle.down(demo.lab)


def test_a_demo_ends_by_itself_with_figures(start):
    demo = start(6, "d")
    out, status = demo.rest()
    assert "Summary after" in out
    assert "stopped" in out
    assert status == 0, out
    assert nothing_left(demo.lab)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_running_demo_stops_when_asked(start, number):
    demo = start(0, "s")
    demo.until(": passes")
    demo.program.send_signal(number)
    out, _ = demo.rest()
    assert "Summary after" in out
    assert nothing_left(demo.lab)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_still_being_built_stops_when_asked(start, number):
    demo = start(0, "h")
    lifecycle.wait_for(lambda: bool(netns.names(prefix(demo.lab))), 20, "the first namespace")
    demo.program.send_signal(number)
    out, status = demo.rest()
    assert status == 130, out
    assert nothing_left(demo.lab)


def test_a_second_start_cleans_up_after_a_killed_one(start):
    first = start(0, "z")
    first.until(": passes")
    first.program.kill()
    first.rest()
    assert not nothing_left(first.lab)
    second = start(5, "z")
    out, status = second.rest()
    assert status == 0, out
    assert nothing_left(second.lab)


def test_a_leak_is_told_by_the_status(start):
    demo = start(6, "l")
    demo.until("Try next")
    with netns.inside_named(f"{prefix(demo.lab)}gateway"):
        subprocess.run(
            ["nft", "insert", "rule", "inet", "clinicgate", "forward", "accept"], check=True, capture_output=True
        )
    out, status = demo.rest()
    assert "NOT AS IT SHOULD BE: camera-1 knocks at the internet: got through" in out
    assert status == 1
    assert nothing_left(demo.lab)
