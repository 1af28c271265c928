"""Block lists: compiling a million names, and asking the compiled file, each in a process of its own.

Memory is what the kernel counts for the asking process (Rss: private and mapped pages alike) against the same process,
doing the same, with a file of one name. Look-ups are CPU time, for names of five labels that are listed two labels
above (hit) or nowhere (miss). `python -m tests.bench.lists` prints these rows alone.
"""

import json
import mmap
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from filters import names
from filters.lists import ListCompiler, ListFile
from tests.bench.table import Row, table

NAMES = 1_000_000
ASKED = 20_000
REPEATS = 5
PATTERNS = 50
KEY = b"a key of the bench"
MEMORY_GOAL, READY_GOAL, LOOKUP_GOAL, COMPILE_GOAL = 16.0, 200.0, 5.0, 64.0
ROOT = Path(__file__).parents[2]
Figures = dict[str, float]


def rows(rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        million, one, mixed = (Path(folder) / name for name in ("million", "one", "mixed"))
        building = _child("compile", str(million), str(NAMES), "0")
        little = _child("compile", str(one), "1", "0")
        _child("compile", str(mixed), str(NAMES), str(PATTERNS))
        asked: dict[Path, list[Figures]] = {million: [], one: [], mixed: []}
        for _ in range(rounds):  # alternating, so that a busy moment meets all of them
            for path, figures in asked.items():
                figures.append(_child("ask", str(path)))
    figures = {
        path.name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for path, runs in asked.items()
    }
    return _rows(figures, building["peak"] - little["peak"], building["cpu"])


def _rows(figures: dict[str, Figures], peak: float, cpu: float) -> list[Row]:
    million, one, mixed = figures["million"], figures["one"], figures["mixed"]
    memory = f"Rss; Pss {million['pss'] - one['pss']:.1f} MiB, file {million['size']:.1f} MiB"
    ready = "open, map, check, first answer"
    patterns = f"with {PATTERNS} patterns beside: hit {mixed['hit']:.1f}, miss {mixed['miss']:.1f} µs"
    what = f"{NAMES:,} names in one compiled list"
    return [
        Row(f"{what}: more memory than with one name", million["rss"] - one["rss"], " MiB", MEMORY_GOAL, False, memory),
        Row(f"{what}: ready from the file", million["ready"], " ms", READY_GOAL, False, ready),
        Row(f"{what}: a look-up that hits, 5 labels", million["hit"], " µs", LOOKUP_GOAL, False, patterns),
        Row(f"{what}: a look-up that misses, 5 labels", million["miss"], " µs", LOOKUP_GOAL, False, "as above"),
        Row(f"{what}: memory to compile it", peak, " MiB", COMPILE_GOAL, False, f"{cpu:.1f} s of CPU"),
    ]


def _child(*words: str) -> Figures:
    command = [sys.executable, "-m", "tests.bench.lists", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    figures: Figures = json.loads(done.stdout)
    return figures


def hosts(count: int) -> Iterator[str]:
    """The names of the list: of three labels, alike as names of lists are."""
    words = ("ads", "track", "shop-24", "login", "cdn", "bonus")
    for number in range(count):
        yield f"{words[number % 6]}{number * 7919}.{words[number // 6 % 6]}{number % 971}.example"


def _compile(path: Path, count: int, patterns: int) -> Figures:
    def lines() -> Iterable[bytes]:
        yield from (f"||{host}^\n".encode() for host in hosts(count))
        yield from (f"||banner{number}*.promo-{number}.example^\n".encode() for number in range(patterns))

    compiler = ListCompiler(KEY)
    compiler.add("bench", lines())
    with path.open("wb") as file:
        file.writelines(compiler.finish().pieces)
    # Not getrusage(2): its peak outlives execve(2), so a child would show how large its parent was.
    peak = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert peak is not None
    return {"cpu": time.process_time(), "peak": int(peak[1]) / 1024}


def _ask(path: Path) -> Figures:
    step = NAMES // ASKED
    hits = [names.from_text(f"www.img.{host}") for at, host in enumerate(hosts(NAMES)) if at % step == 0]
    misses = [names.from_text(f"www.img.host{number}.clinic-{number % 97}.example") for number in range(ASKED)]
    began = time.perf_counter()
    with path.open("rb") as opened:
        file = ListFile(memoryview(mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)), KEY)
    file.find(hits[0])
    ready = (time.perf_counter() - began) * 1e3
    figures = {
        "ready": ready,
        "hit": _cost(file, hits),
        "miss": _cost(file, misses),
        "size": path.stat().st_size / 2**20,
    }
    found = sum(file.find(name).match is not None for name in hits), sum(file.find(n).match is not None for n in misses)
    if found != ((ASKED, 0) if len(file) >= NAMES else (1, 0)):
        raise RuntimeError(f"wrong answers: {found[0]} of {ASKED} listed names found, {found[1]} of the others")
    return figures | _memory()


def _cost(file: ListFile, asked: list[names.Name]) -> float:
    """Microseconds of CPU a look-up, the quickest of some repeats."""
    runs = []
    for _ in range(REPEATS):
        began = time.process_time()
        for name in asked:
            file.find(name)
        runs.append(time.process_time() - began)
    return min(runs) / len(asked) * 1e6


def _memory() -> Figures:
    """MiB of this process as the kernel counts them."""
    text = Path("/proc/self/smaps_rollup").read_text()
    return {key.lower(): int(size) / 1024 for key, size in re.findall(r"^(Rss|Pss):\s+(\d+) kB", text, re.MULTILINE)}


def main(words: list[str]) -> None:
    if words[:1] == ["compile"]:
        print(json.dumps(_compile(Path(words[1]), int(words[2]), int(words[3]))))
    elif words[:1] == ["ask"]:
        print(json.dumps(_ask(Path(words[1]))))
    else:
        print(table(rows(3)))


if __name__ == "__main__":
    main(sys.argv[1:])
