"""The parts of `make bench-dns`: servers answer what they are measured by, wrong answers end it, rows say what is met.

No figure is judged here: that is the benchmark's, on a quiet machine.
"""

from pathlib import Path

import pytest

from tests.bench import dns, dns_load, dns_miss, dns_names, dns_servers, dns_upstream
from tests.bench.dns_miss import Added

RULES = 1_500


@pytest.mark.netns
def test_all_servers_answer_alike_and_are_measured(tmp_path: Path) -> None:
    blocked = dns_names.rules(RULES)
    with dns_servers.servers(tmp_path, blocked) as started:
        assert [server.name for server in started] == ["ours", "unbound", "dnsmasq"]
        costs = dns_load.costs(started, blocked, tmp_path, rounds=1, queries=400)
        assert {load: list(of) for load, of in costs.items()} == {
            load: ["ours", "unbound", "dnsmasq"] for load in dns_names.LOADS
        }
        assert all(cost >= 0 for of in costs.values() for cost in of.values())
        own, added = dns_miss.added(started, 20)
        assert own > 0
        assert list(added) == ["ours", "unbound", "dnsmasq"]
        file = tmp_path / "wrong"
        file.write_text(f"{blocked[0]} A\n")
        with pytest.raises(RuntimeError, match=r"ours answered .*NXDOMAIN"):
            dns_load.check(started[0], dns_load.ask(started[0], dns_names.CLIENTS[0], file), {"NOERROR": 1})


@pytest.mark.netns
def test_a_server_that_says_nothing_is_named_with_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_servers, "START_SECONDS", 0.5)
    monkeypatch.setattr(dns_names, "site_text", lambda: "version: 1")
    with pytest.raises(RuntimeError, match="ours does not answer"), dns_servers.servers(tmp_path, ["bad.example"]):
        pass


def test_questions_are_the_same_for_all_and_new_names_are_new_in_each_run() -> None:
    blocked = dns_names.rules(RULES)
    one, other = (dns_names.Questions(blocked, 1_000) for _ in range(2))
    runs = [one.of("mixed") for _ in range(3)]
    assert runs == [other.of("mixed") for _ in range(3)]
    new = [{line.split()[0] for line in lines} & set(blocked[dns_names.WORKING_SET :]) for lines, _ in runs]
    assert [len(names) for names in new] == [5, 5, 5]
    assert len(set().union(*new)) == 15
    for load, listed in (("cached", 0), ("blocked", 1_000), ("mixed", 250)):
        lines, wanted = one.of(load)
        assert len(lines) == 1_000
        assert sum(line.split()[0] in set(blocked) for line in lines) == wanted == listed


def test_the_upstream_has_addresses_for_every_name() -> None:
    question = bytes.fromhex("1234 0100 0001 0000 0000 0001") + b"\3www\7example\0\0\1\0\1" + bytes(11)
    assert dns_upstream.reply(question)[:12] == bytes.fromhex("1234 8180 0001 0002 0000 0000")


def test_rows_say_what_was_measured_and_what_is_met() -> None:
    rows = dns.cpu_rows({"cached": {"ours": 7.0, "unbound": 7.0, "dnsmasq": 6.0}})
    assert [(round(row.figure, 2), row.goal, row.met) for row in rows] == [(1.0, 1.2, True), (1.17, 1.0, False)]
    assert rows[0].detail == "7.0 : 7.0 µs"
    row = dns.miss_row(0.05, {"ours": Added(0.2, 0.9), "unbound": Added(0.02, 0.1)})
    assert (row.figure, row.met) == (0.9, True)
    assert "unbound 0.10 ms" in row.detail
    assert not dns.miss_row(0.05, {"ours": Added(0.2, 1.1)}).met
