"""The same parsers under a fuzzer that watches which code its inputs reach (atheris, which is libFuzzer).

    .venv/bin/pip install atheris        # not locked: no single release has wheels for every Python we support
    .venv/bin/python -m tests.fuzz.guided query -max_total_time=60 CORPUS_FOLDER

Ends with a Python traceback when something escapes; the input lies in the current folder then (crash-...).

May live here: one function a parser, octets in, only promised errors out. May not: mutation, what the others find.
"""

import io
import sys
from collections.abc import Callable

from filters import dns_svcb, names
from filters.dns_message import BadMessageError, Query, read_query, read_reply
from filters.dns_shape import Shaping, shape
from filters.lists import ListCompiler, ListFile, ListFileError, ListRefusedError
from filters.lists.layout import HEADER_SIZE, seal_of
from gateway.enforcer import feeds
from gateway.updates.inspection import inspect_addresses
from tests.fuzz.files import ASKED, ASKERS
from tests.fuzz.lines import KEY
from tests.fuzz.outside import demand, is_whole
from tests.fuzz.updates import NEVER


def query(data: bytes) -> None:
    demand(not isinstance(read_query(data), Query) or is_whole(data), "a broken message was taken for a question", data)


def reply(data: bytes) -> None:
    try:
        read = read_reply(data)
    except BadMessageError:
        return
    if read.key:
        shape(read, data, 1000.0, Shaping(), dnssec=False).at(2000.0)


def svcb(data: bytes) -> None:
    try:
        dns_svcb.without_ech(dns_svcb.read(data))
    except dns_svcb.BadSvcbError:
        return


def lines(data: bytes) -> None:
    compiler = ListCompiler(KEY)
    try:
        compiler.add("list", data.split(b"\n"))
    except ListRefusedError:
        return
    file = ListFile(memoryview(b"".join(compiler.finish().pieces)), KEY)
    file.find(names.from_text("ads.example.com"))


def mapped(data: bytes) -> None:
    """With the seal it ought to have: no fuzzer guesses a keyed checksum."""
    if len(data) >= HEADER_SIZE:
        data = data[: HEADER_SIZE - 32] + seal_of(data, KEY) + data[HEADER_SIZE:]
    try:
        file = ListFile(memoryview(data), KEY)
    except ListFileError:
        return
    for name in ASKED:
        file.find(name, ASKERS[1])


def addresses(data: bytes) -> None:
    feeds.parse(data.decode("utf-8", "replace"), NEVER)
    try:
        inspect_addresses(io.BytesIO(data), NEVER, io.BytesIO())
    except ListRefusedError:
        return


PARSERS: dict[str, Callable[[bytes], None]] = {
    "query": query, "reply": reply, "svcb": svcb, "lines": lines, "mapped": mapped, "addresses": addresses,
}  # fmt: skip


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in PARSERS:
        sys.stderr.write(f"usage: python -m tests.fuzz.guided {'|'.join(PARSERS)} [libFuzzer's options] [corpus]\n")
        return 2
    try:
        import atheris
    except ImportError:
        sys.stderr.write("atheris is not installed: .venv/bin/pip install atheris\n")
        return 2
    atheris.instrument_all()  # takes some 30 seconds
    atheris.Setup([sys.argv[0], *sys.argv[2:]], PARSERS[sys.argv[1]])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
