"""Six real block lists in a running clinic: read in their formats, and obeyed for the zones that have them alone."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.exception
import pytest

from filters.names import from_text, suffixes
from tests.fault.clinic import wait_until
from tests.fault.dns_site import UPSTREAMS, DnsClinic, site, stormy
from tests.filters.lists.reading_tools import feed
from tests.filters.lists.test_feeds import FEEDS, rules_of

pytestmark = [pytest.mark.netns, pytest.mark.slow]

STEP = 1000
IN_FORCE_SECONDS = 60.0
# The four lists of fake shops hold much the same names: each zone has two of them, one with and one without the names
# below, and one list that the other zone has not.
ZONES = {
    "pc": ("light", "wildcard", "fake-hosts"),
    "guest": ("bypass", "unbound", "dnsmasq"),
}
FILES = {
    "light": "light.adblock.txt",
    "bypass": "bypass.domains.txt",
    "fake-hosts": "fake.hosts.txt",
    "dnsmasq": "fake.dnsmasq.conf",
    "unbound": "fake.unbound.conf",
    "wildcard": "fake.wildcard.txt",
}
# Behind each list, as a careless publisher would leave them: what no line of any format is.
STRAY = (b"\xff\xfe\xfa not text", b"127.0.0.1 localhost 0.0.0.0/0 ??")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsClinic]:
    stick = tmp_path_factory.mktemp("stick")
    for name in FILES.values():
        shutil.copy(feed(name), stick / name)
        (stick / name).chmod(0o600)
        with (stick / name).open("ab") as file:
            file.write(b"".join(line + b"\n" for line in STRAY))
    with stormy(f"f{os.getpid()}", site(FILES, ZONES["pc"], ZONES["guest"])) as made:
        text = str(made.site)
        made.clinicgate("lists", "import", str(stick), "--site", text)
        assert wait_until(lambda: in_force(made), IN_FORCE_SECONDS), made.lists()
        yield made


def in_force(clinic: DnsClinic) -> bool:
    told = clinic.lists()
    return {name: told.get(name, {}).get("rules") for name in FILES} == {
        name: FEEDS[file][1] for name, file in FILES.items()
    }


def test_every_list_is_read_in_its_format_and_each_reject_is_explained(
    clinic: DnsClinic, figure: Callable[[str], None]
) -> None:
    told = json.loads(clinic.clinicgate("lists", "status", "--json", "--site", str(clinic.site)))["lists"]
    assert {one["name"] for one in told} == set(FILES)
    for one in told:
        about, file = one["about"], FILES[one["name"]]
        lines = len(Path(feed(file)).read_bytes().splitlines())
        assert (about["format"], about["rules"], about["lines"]) == (FEEDS[file][0], FEEDS[file][1], lines + len(STRAY))
        assert sum(about["rejects"].values()) == len(STRAY), about["rejects"]
        assert sorted(int(line) for line, _, _ in about["samples"]) == [lines + 1, lines + 2]
        assert all(why in about["rejects"] and why for _, why, _ in about["samples"])
        resolver = clinic.lists()[one["name"]]
        assert (resolver["format"], resolver["rejects"], resolver["problem"]) == (about["format"], len(STRAY), "")
        memory = about["memory"] >> 20
        figure(
            f"lists: {file} ({about['format']}): {about['rules']} rules, {sum(about['rejects'].values())} of"
            f" {about['lines']} lines rejected and explained, read in a process of {memory} MiB"
        )


class Judge:
    """What each list says of a name, from its text alone: no code of ours reads it."""

    def __init__(self) -> None:
        self.rules = {name: rules_of(file) for name, file in FILES.items()}
        self._lines = {name: {from_text(host): line for line, host in rules} for name, rules in self.rules.items()}

    def hits(self, zone: str, host: str) -> set[str]:
        """`list ID line N` for each rule about the name in the zone's lists."""
        name = from_text(host)
        return {
            f"list {one} line {line}"
            for one in ZONES[zone]
            for tail in suffixes(name)
            if (line := self._lines[one].get(tail)) is not None and (tail == name or FEEDS[FILES[one]][2])
        }


def test_every_thousandth_rule_of_each_list_blocks_where_it_should_and_nowhere_else(
    clinic: DnsClinic, figure: Callable[[str], None]
) -> None:
    judge = Judge()
    asked, blocked, wrong = 0, 0, []
    for name, rules in judge.rules.items():
        for _, host in rules[::STEP]:
            for zone in ZONES:
                hits = judge.hits(zone, host)
                rcode, addresses, error = clinic.ask(zone, host)
                asked += 1
                blocked += bool(hits)
                if hits and (error not in hits or (rcode, addresses) != _blocked(zone)):
                    wrong.append((zone, name, host, rcode, addresses, error, "should be blocked", hits))
                if not hits and error.startswith("list"):
                    wrong.append((zone, name, host, rcode, addresses, error, "should not be blocked by a list"))
    assert wrong == []
    total = sum(len(rules[::STEP]) for rules in judge.rules.values())
    assert asked == 2 * total and total > 150
    assert 0.4 * asked < blocked < 0.7 * asked, "the zones do not differ"
    figure(f"lists: {total} rules of six lists asked from two zones: {blocked} blocked, {asked - blocked} not, 0 wrong")


def _blocked(zone: str) -> tuple[str, list[str]]:
    return ("NXDOMAIN", []) if zone == "pc" else ("NOERROR", ["0.0.0.0"])


def test_a_killed_resolvers_successor_knows_what_was_asked_before_although_nobody_can_be_asked(
    clinic: DnsClinic, figure: Callable[[str], None]
) -> None:
    known = [f"host{number}.example.com" for number in range(20)]
    before = [clinic.ask("pc", name) for name in known]
    assert wait_until(lambda: clinic.remembers(known), IN_FORCE_SECONDS)
    blocked = Judge().rules["light"][0][1]
    with clinic.dead(UPSTREAMS):
        clinic.await_successor("resolver", clinic.kill("resolver"))
        assert wait_until(lambda: answers(clinic, blocked), IN_FORCE_SECONDS)
        assert [clinic.ask("guest", name) for name in known] == before
        assert clinic.ask("pc", blocked)[0] == "NXDOMAIN"
        assert clinic.ask("pc", "never-asked.example.com", 10.0)[0] == "SERVFAIL"
    assert wait_until(lambda: answers(clinic, blocked), IN_FORCE_SECONDS)
    assert in_force(clinic)
    figure(f"a killed resolver's successor knew {len(known)} of {len(known)} addresses while no upstream was alive")


def answers(clinic: DnsClinic, name: str) -> bool:
    try:
        return bool(clinic.ask("pc", name, 0.5)[0])
    except (OSError, dns.exception.Timeout):
        return False


def test_names_nobody_lists_are_answered_in_both_zones(clinic: DnsClinic) -> None:
    for zone in ZONES:
        rcode, addresses, error = clinic.ask(zone, "www.example.com")
        assert (rcode, len(addresses), error) == ("NOERROR", 1, "")
