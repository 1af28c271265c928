"""Every target tries some thousand inputs in each run of the tests; the whole million is `python -m tests.fuzz`."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from gateway.updates import signature
from tests.fuzz import campaign, files, guided, questions, updates
from tests.fuzz.__main__ import TARGETS
from tests.fuzz.campaign import BrokenError, EndlessError, Seen
from tests.fuzz.mutate import MESSAGES, OCTETS, Mutator

ROOT = Path(__file__).parents[2]
COUNTS = {"questions": 20_000, "replies": 4_000, "lines": 12_000, "files": 5_000, "updates": 10_000}
# What must have been met, or the target has gone blind: sound inputs, damaged ones, and each way to treat them.
MET = {
    "questions": ("fast", "nothing", "rcode 0", "rcode 1", "rcode 3", "rcode 4", "rcode 5"),
    "replies": ("again", "pin", "records", "strange id", "strange question", "strange sender", "strange token"),
    "lines": ("met", "rejects", "rules"),
    "files": ("met", "opened", "refused"),
    "updates": ("entries", "feeds read", "feeds refused", "packed refused", "unpacked", "signatures passed",
                "signatures refused", "sums passed", "sums refused", "records with content"),
}  # fmt: skip


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, whose memory is bounded."""
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_breaks(target: str) -> None:
    done = fuzz(target, "--count", str(COUNTS[target]))
    assert done.returncode == 0, done.stderr
    for kind in MET[target]:
        assert f" {kind} " in done.stdout, f"{kind} was never met: {done.stdout}"


def test_a_target_that_does_not_exist_is_named() -> None:
    done = fuzz("nothing", "--count", "1")
    assert done.returncode == 2
    assert "no such target: nothing" in done.stderr


def test_a_block_is_the_same_in_every_run() -> None:
    first, second = Seen(), Seen()
    assert questions.block(Random("x"), first) == questions.block(Random("x"), second)
    assert first == second
    assert first != Seen()


def test_what_breaks_is_named_with_the_way_to_see_it_again() -> None:
    def breaks(rng: Random, _: Seen) -> int:
        if rng.random() < 0.2:
            raise KeyError("x")
        return 10

    with pytest.raises(BrokenError, match=r"block (\d+): KeyError: 'x'\nagain: .* --first \d+ --count 1") as found:
        campaign.run("demo", breaks, 10_000)
    number = int(str(found.value).split("--first ")[1].split()[0])
    with pytest.raises(BrokenError, match=f"block {number}: "):
        campaign.run("demo", breaks, 1, first=number)


def test_what_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_: Random, __: Seen) -> int:
        while True:
            pass

    monkeypatch.setattr(campaign, "CPU_SECONDS", 0.05)
    with pytest.raises(BrokenError) as found:
        campaign.run("demo", endless, 1)
    assert isinstance(found.value.__cause__, EndlessError)


GROWING = """
from tests.fuzz import campaign

kept = []


def grows(rng, seen):
    kept.append(b"x" * (4 << 20))
    return 1


campaign.run("demo", grows, %d)
"""


@pytest.mark.parametrize(("blocks", "told"), [(40, True), (12, False)])
def test_memory_that_grows_is_told(blocks: int, told: bool) -> None:
    """In a process of its own: in this one what other tests freed would be used again, and its peak be theirs."""
    command = [sys.executable, "-c", GROWING % blocks]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert (done.returncode != 0, "BrokenError: demo: memory grew by " in done.stderr) == (told, told), done.stderr


@pytest.mark.parametrize("changes", [OCTETS, MESSAGES])
def test_mutations_differ_from_their_samples_and_stay_bounded(changes: tuple[object, ...]) -> None:
    samples = (b"\0", bytes(range(128)), bytes(range(256)))
    mutator = Mutator(Random(1), (b"word",), changes)
    found = [mutator.mutated(samples) for _ in range(5000)]
    assert len(set(found)) > 2500
    assert max(map(len, found)) <= 1 << 16
    assert set(samples) <= set(found), "the sound case is met too"


@pytest.mark.parametrize("change", [b"", b"x"])
def test_the_stand_in_for_openssl_says_the_same(change: bytes) -> None:
    message = b"message" + change
    signed = updates.KEY.sign(b"message")
    assert signature._verified(updates.RAW, message, signed) == updates.verified(updates.RAW, message, signed)


def test_the_guided_fuzzers_functions_take_every_sample() -> None:
    for take in guided.PARSERS.values():
        for sample in (*questions.SAMPLES[:50], *files.SAMPLES, *updates.FEEDS, b""):
            assert take(sample) is None
