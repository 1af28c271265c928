"""Reading a list only to tell what is in it: this runs in the confined process (__main__.py), over untrusted octets.

Names: every line through filters.lists, compiled, asked for every protected name, and written out for the resolver to
map. Addresses: JSON lines as Spamhaus DROP has them, or one address or network a line; what may enter a set is written
out normalised.

May live here: that reading. May not: the limits, its result's form (found.py), what is used (guard.py).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from ipaddress import ip_network
from typing import Any, BinaryIO

from filters import names
from filters.lists import (
    REJECT_WORDS,
    Compiled,
    ListCompiler,
    ListFile,
    ListRefusedError,
    Reject,
    split_lines,
)
from filters.lists.reading import read_list
from filters.lists.rules import Plain
from gateway.enforcer.addresses import WIDEST, Ranges, as_range
from gateway.updates.found import MAX_SAMPLES, Inspection
from ruleset.problems import printable

CHUNK = 1 << 16
MAX_ENTRIES = 1_000_000
JSON_LINES = "json lines"
PLAIN_ADDRESSES = "addresses"


def inspect_names(
    file: BinaryIO, protected: Iterable[str], name: str, key: bytes, into: BinaryIO | None = None
) -> Inspection:
    """A list of names; `into` gets its compiled form, which `key` keys. Raises ListRefusedError, with words.

    OSError when `into` takes no more.
    """
    known = {listed: text for text in protected if (listed := _name(text)) is not None}
    compiler = ListCompiler(key)
    compiler.add(name, _lines(file))
    compiled = compiler.finish()
    if into is not None:
        into.writelines(compiled.pieces)
        into.flush()
    hit = _hit(file, compiled, key, known) if known else set()
    report = compiled.reports[0]
    octets, ended = _size(file)
    return Inspection(
        str(report.format),
        octets,
        report.lines,
        report.rules,
        ended,
        {REJECT_WORDS[why]: count for why, count in report.rejects.items()},
        [[one.line, REJECT_WORDS[one.reason], one.text] for one in report.samples[:MAX_SAMPLES]],
        sorted(known[name] for name in hit),
    )


def inspect_addresses(file: BinaryIO, never: Mapping[int, Ranges], kept: BinaryIO) -> Inspection:
    """A list of addresses; `never`: what must not enter a set, by IP version; `kept` gets the entries that may.

    Raises ListRefusedError for what is no such list, or less than its own metadata promises.
    """
    rejects: Counter[str] = Counter()
    samples: list[list[Any]] = []
    number = rules = promised = found = 0
    terms, form = "", ""
    for number, line in enumerate(_lines(file), 1):
        entry, told = _entry(line)
        if told is not None:
            terms = printable("; ".join(str(told[k]) for k in ("copyright", "terms", "timestamp") if told.get(k)))
            promised = told["records"] if isinstance(told.get("records"), int) else 0
        if not entry:
            continue
        found += 1
        form = form or (JSON_LINES if line.lstrip().startswith(b"{") else PLAIN_ADDRESSES)
        network, why = _network(entry, never)
        if network:
            rules += 1
            kept.write(network.encode() + b"\n")
        else:
            rejects[why] += 1
            samples += [[number, why, printable(entry, 80)]] if len(samples) < MAX_SAMPLES else []
        if rules > MAX_ENTRIES:
            raise ListRefusedError(f"more than {MAX_ENTRIES} entries: choose a smaller list")
    if rejects["not an address or network"] * 2 > found:
        raise ListRefusedError("most of its lines are no address: a web page, or a list of something else")
    if found < promised:
        raise ListRefusedError(f"{found} entries, although it says that it has {promised}: cut off")
    octets, ended = _size(file)
    return Inspection(form, octets, number, rules, ended, dict(rejects), samples, (), terms)


def _entry(line: bytes) -> tuple[str, dict[str, Any] | None]:
    """(entry, metadata): the text where an address should be, "" for a comment."""
    text = line.decode("utf-8", "replace").strip()
    if not text.startswith("{"):
        return text.split("#", 1)[0].split(";", 1)[0].strip(), None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text, None
    if isinstance(value, dict) and value.get("type") == "metadata":
        return "", value
    return str(value.get("cidr") or text) if isinstance(value, dict) else text, None


def _network(entry: str, never: Mapping[int, Ranges]) -> tuple[str, str]:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        return "", "not an address or network"
    if network.prefixlen < WIDEST[network.version]:
        return "", "too wide: it would cut off whole parts of the internet"
    if never[network.version].overlaps(*as_range(network)):
        return "", "protected, private, or the clinic's own"
    return str(network), ""


def _hit(file: BinaryIO, compiled: Compiled, key: bytes, known: Mapping[names.Name, str]) -> set[names.Name]:
    """The protected names that the list hits."""
    look_up = ListFile(memoryview(b"".join(compiled.pieces)), key)
    covered = {name for name in known if (match := look_up.find(name).match) is not None and not match.allow}
    return covered | _below(file, names.SuffixSet(known))


def _below(file: BinaryIO, known: names.SuffixSet) -> set[names.Name]:
    """The protected names that rules for names below them hit."""
    hit: set[names.Name] = set()
    for _, _, parsed in read_list(_lines(file))[1]:
        for rule in () if isinstance(parsed, Reject) else parsed:
            allowed = rule.allow if isinstance(rule, Plain) else rule.text.startswith("@@")
            if rule.name is not None and not allowed and (found := known.find(rule.name)) is not None:
                hit.add(found)
    return hit


def _lines(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    return split_lines(iter(partial(file.read, CHUNK), b""))


def _size(file: BinaryIO) -> tuple[int, bool]:
    octets = file.seek(0, 2)
    file.seek(max(0, octets - 1))
    return octets, file.read(1) == b"\n"


def _name(text: str) -> names.Name | None:
    try:
        return names.from_text(text.removeprefix("*."))
    except names.BadNameError:
        return None
