"""The six real lists: each in its format, nothing of theirs lost, every thousandth rule looked up where it stands."""

import re

import pytest

from filters import names
from filters.lists import Format, ListCompiler, ListFile, split_lines
from tests.filters.lists.reading_tools import KEY, feed

FEEDS = {
    "light.adblock.txt": (Format.ADBLOCK, 122_680, True),
    "fake.hosts.txt": (Format.HOSTS, 14_043, False),
    "bypass.domains.txt": (Format.DOMAINS, 1_205, False),
    "fake.dnsmasq.conf": (Format.DNSMASQ, 7_355, True),
    "fake.unbound.conf": (Format.UNBOUND, 7_355, True),
    "fake.wildcard.txt": (Format.WILDCARD, 7_355, True),
}
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")


@pytest.fixture(scope="module")
def compiled() -> ListFile:
    compiler = ListCompiler(KEY)
    for name in FEEDS:
        with feed(name).open("rb") as source:
            compiler.add(name, split_lines(iter(lambda: source.read(1 << 16), b"")))
    return ListFile(memoryview(b"".join(compiler.finish().pieces)), KEY)


def rules_of(name: str) -> list[tuple[int, str]]:
    """Line and name of each rule, found by nothing but the name's shape."""
    lines = enumerate(feed(name).read_text().splitlines(), 1)
    rules = [(number, line.replace("0.0.0.0 ", "")) for number, line in lines if line[:1] not in ("#", "!", "")]
    return [(number, found[0]) for number, text in rules if (found := _NAME.search(text))]


@pytest.mark.parametrize("name", FEEDS)
def test_a_real_list_is_read_whole(compiled: ListFile, name: str) -> None:
    found, rules, _ = FEEDS[name]
    report = next(one for one in compiled.reports if one.name == name)
    assert (report.format, report.rules, report.rejects) == (found, rules, {}), report.samples
    assert len(rules_of(name)) == rules


@pytest.mark.parametrize("name", FEEDS)
def test_every_thousandth_rule_is_found_on_its_line(compiled: ListFile, name: str) -> None:
    mask, subtree = compiled.select([name]), FEEDS[name][2]
    sample = rules_of(name)[::1000]
    assert sample
    for line, host in sample:
        match = compiled.find(names.from_text(host), mask=mask).match
        assert (match.list, match.line, names.to_text(match.name)) == (name, line, host)
        below = compiled.find(names.from_text(f"www.not-listed.{host}"), mask=mask).match
        assert (below is not None) == subtree
        assert compiled.find(names.from_text(f"x{host}"), mask=mask).match is None


def test_names_nobody_lists_are_not_found(compiled: ListFile) -> None:
    hosts = [f"host{number}.clinic-{number % 7}.example" for number in range(1000)]
    assert not [host for host in hosts if compiled.find(names.from_text(host)).match]
