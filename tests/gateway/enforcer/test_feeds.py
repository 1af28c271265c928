"""Feeds: nothing harmful gets in, and nothing that stays is ever out."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcer import feeds
from gateway.enforcer.addresses import merged, never_outside
from gateway.enforcer.closed import closed_ruleset
from gateway.enforcer.elements import Elements
from gateway.enforcer.feeds import Feeds, chunks, parse
from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.loader import Loader
from ruleset.load import load_site
from ruleset.model_dns import DOH_ADDRESSES
from tests.gateway.enforcer.nets import site

NEVER = never_outside(load_site(site().encode(), "s", datetime(2026, 6, 1, tzinfo=UTC)).resolved)
TEXT = """# a feed
198.51.100.0/24 ; comment
2001:db8:dead::/48
203.0.113.77
"""
RANGES = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1])), max_size=25)


def test_addresses_networks_and_comments_are_read() -> None:
    parsed = parse(TEXT, NEVER)
    assert [len(parsed.ranges[version]) for version in (4, 6)] == [2, 1]
    assert parsed.rejects == {}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("10.0.0.0/8", "special-purpose, or the clinic's own"),
        ("10.20.20.11", "special-purpose, or the clinic's own"),
        ("203.0.113.2", "special-purpose, or the clinic's own"),
        ("203.0.0.0/16", "special-purpose, or the clinic's own"),  # holds the uplink's address
        ("0.0.0.0/0", "too wide"),
        ("::/0", "too wide"),
        ("2000::/8", "too wide"),
        ("fe80::/64", "special-purpose, or the clinic's own"),
        ("example.com", "not an address or network"),
        ('198.51.100.7" } drop; flush ruleset', "not an address or network"),
        ("198.51.100.7 }", "not an address or network"),
        ("198.51.100.7-198.51.100.9", "not an address or network"),
        ("\0", "not an address or network"),
        ("0x7f000001", "not an address or network"),
    ],
)
def test_a_line_that_must_not_enter_is_counted(line: str, why: str) -> None:
    parsed = parse(f"198.51.100.1\n{line}\n", NEVER)
    assert (parsed.rejects, parsed.lines) == ({why: 1}, (2,))
    assert parsed.ranges[4] == [(int(ip_address("198.51.100.1")),) * 2]


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    parsed = parse(text, NEVER)
    inside = [ip_network("10.0.0.0/8"), ip_network("127.0.0.0/8"), ip_network("203.0.113.2/32")]
    for network in inside:
        first, last = int(network.network_address), int(network.broadcast_address)
        assert not any(low <= last and high >= first for low, high in parsed.ranges[4])


@given(RANGES, RANGES, st.integers(1, 4))
def test_no_address_that_stays_is_out_between_two_chunks(old: list, new: list, size: int) -> None:
    before, after = merged(old), merged(new)
    staying = _members(before) & _members(after)
    held = set(before)
    for delete, add in chunks(set(before) - set(after), set(after) - set(before), size):
        held = (held - set(delete)) | set(add)
        assert staying <= _members(held)
        assert len(_members(held)) == sum(last - first + 1 for first, last in held)  # the kernel refuses overlaps
    assert held == set(after)


def test_a_chunk_is_bounded() -> None:
    new = {(n * 10, n * 10 + 1) for n in range(5000)}
    assert max(len(add) for _, add in chunks(set(), new)) <= feeds.CHUNK


@pytest.fixture
def loaded(net, tmp_path: Path) -> Feeds:
    Loader(KernelNft()).put(closed_ruleset())
    return Feeds(tmp_path / "feeds", Elements())


def kernel(net, name: str = "feed4") -> str:
    return net.run("nft", "list", "set", "inet", "clinicgate", name)


@pytest.mark.netns
def test_a_feed_is_in_the_kernel_and_its_successor_replaces_it(net, loaded: Feeds) -> None:
    told = loaded.load("drop", parse(TEXT, NEVER))
    assert (told["entries"], told["added"]) == (3, 3)
    assert "198.51.100.0/24" in kernel(net)
    assert "2001:db8:dead::/48" in kernel(net, "feed6")
    told = loaded.load("drop", parse("198.51.100.0/25\n", NEVER))
    assert (told["added"], told["removed"]) == (1, 3)
    assert "198.51.100.0/25" in kernel(net)
    assert "2001:db8:dead" not in kernel(net, "feed6")


@pytest.mark.netns
def test_two_feeds_share_the_set_and_one_going_leaves_the_others_addresses(net, loaded: Feeds) -> None:
    loaded.load("one", parse("198.51.100.0/25\n", NEVER))
    loaded.load("two", parse("198.51.100.64/26\n198.51.100.128/25\n", NEVER))
    loaded.load("one", parse("", NEVER))
    assert "198.51.100.64-198.51.100.255" in kernel(net)
    assert set(loaded.status()) == {"one", "two"}


@pytest.mark.netns
def test_a_start_brings_the_kernel_to_what_is_on_disk(net, loaded: Feeds, tmp_path: Path) -> None:
    loaded.load("drop", parse(TEXT, NEVER))
    net.run("nft", "add", "element", "inet", "clinicgate", "feed4", "{ 192.0.2.0/24, 255.255.255.0/24 }")
    net.run("nft", "delete", "element", "inet", "clinicgate", "feed4", "{ 198.51.100.0/24 }")
    Feeds(tmp_path / "feeds", Elements()).restore()
    assert "198.51.100.0/24" in kernel(net)
    assert "192.0.2.0" not in kernel(net)
    assert "255.255.255" not in kernel(net)


@pytest.mark.netns
def test_random_feeds_one_after_another_leave_exactly_the_last(net, loaded: Feeds) -> None:
    import random

    chance = random.Random(7)
    base = int(ip_address("198.51.0.0"))
    for _ in range(15):
        lines = [f"{ip_address(base + chance.randrange(4096))}/{chance.choice((24, 28, 30, 32))}" for _ in range(300)]
        parsed = parse("\n".join(lines), NEVER)
        loaded.load("drop", parsed)
        assert loaded._read("feed4", 4) == parsed.ranges[4]


@pytest.mark.netns
@pytest.mark.parametrize("content", [b"{", b'{"ranges": 5}', b'{"ranges": [[["x", 1]], []]}', b'{"name": "x"}'])
def test_a_broken_file_on_disk_is_left_out(net, loaded: Feeds, tmp_path: Path, content: bytes) -> None:
    loaded.load("drop", parse(TEXT, NEVER))
    (tmp_path / "feeds" / "broken.json").write_bytes(content)
    Feeds(tmp_path / "feeds", Elements()).restore()
    assert "198.51.100.0/24" in kernel(net)


def _members(ranges) -> set[int]:
    return {n for first, last in ranges for n in range(first, last + 1)}


@pytest.mark.netns
def test_resolvers_for_encrypted_dns_have_sets_of_their_own(net, loaded: Feeds, tmp_path: Path) -> None:
    loaded.load("drop", parse("198.51.100.0/25\n", NEVER))
    told = loaded.load("around", parse("198.51.100.200\n2001:db8:dead::53\n", NEVER), DOH_ADDRESSES)
    assert (told["added"], told["removed"], told["category"]) == (2, 0, DOH_ADDRESSES)
    assert "198.51.100.200" in kernel(net, "doh4") and "2001:db8:dead::53" in kernel(net, "doh6")
    assert "198.51.100.200" not in kernel(net) and "198.51.100.0/25" in kernel(net)
    net.run("nft", "flush", "set", "inet", "clinicgate", "doh4")
    Feeds(tmp_path / "feeds", Elements()).restore()
    assert "198.51.100.200" in kernel(net, "doh4")
    loaded.restore()
    loaded.load("around", parse("198.51.100.200\n", NEVER))
    assert "198.51.100.200" in kernel(net) and "198.51.100.200" not in kernel(net, "doh4"), "its category changed"
    assert "elements" not in kernel(net, "doh6")


@pytest.mark.netns
def test_a_table_without_the_newer_sets_still_takes_the_older_feeds(net, loaded: Feeds, tmp_path: Path) -> None:
    loaded.load("drop", parse("198.51.100.0/25\n", NEVER))
    for name in ("doh4", "doh6"):
        net.run("nft", "delete", "set", "inet", "clinicgate", name)
    net.run("nft", "flush", "set", "inet", "clinicgate", "feed4")
    Feeds(tmp_path / "feeds", Elements()).restore()
    assert "198.51.100.0/25" in kernel(net)
