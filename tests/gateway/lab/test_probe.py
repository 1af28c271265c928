"""Probes: waves that share no connection, and what the kernel does with each kind, for certain."""

from ipaddress import ip_address

import pytest

from gateway.lab.build import run_batch
from gateway.lab.errors import LabError
from gateway.lab.netns import inside
from gateway.lab.probe import Probe, send_all, waves
from gateway.lab.wiring import load, wired

PC4, PC6 = ip_address("10.20.20.11"), ip_address("2001:db8:20:20::11")
OUT4, OUT6 = ip_address("198.51.100.7"), ip_address("2001:db8:fffe::7")
SRV4, SRV6 = ip_address("10.20.30.99"), ip_address("2001:db8:20:30::99")
GW4, GW6 = ip_address("10.20.20.1"), ip_address("2001:db8:20:20::1")
WAN4 = ip_address("203.0.113.2")

RULES = """table inet t {
	chain input {
		type filter hook input priority 0; policy accept;
		tcp dport 22 drop
		tcp dport 23 reject with tcp reset
		udp dport 99 reject
	}
	chain forward {
		type filter hook forward priority 0; policy accept;
		tcp dport 445 drop
		tcp dport 446 reject with tcp reset
	}
	chain source {
		type nat hook postrouting priority 100; policy accept;
		oifname "eth0" meta nfproto ipv4 masquerade
	}
	chain destination {
		type nat hook prerouting priority -100; policy accept;
		udp dport 53 redirect to :53
		iifname "eth0" tcp dport 8443 dnat ip to 10.20.30.11:443
	}
}
"""


def probe(name, src, dst, protocol, dport=0, ifname="eth1.20", **more):
    return Probe(name, ifname, src, dst, protocol, dport, **more)


def test_a_wave_holds_no_two_probes_of_one_connection():
    twins = [probe(str(n), PC4, OUT4, "tcp", 443, sport=40000) for n in range(3)]
    assert [len(wave) for wave in waves(twins)] == [1, 1, 1]


def test_an_answer_stands_in_another_wave_than_its_question():
    question = probe("q", PC4, OUT4, "tcp", 443, sport=40000)
    answer = probe("a", OUT4, WAN4, "tcp", 40000, "eth0", sport=443)
    assert len(waves([question, answer])) == 2


def test_an_answer_behind_translation_stands_in_another_wave_too():
    """What comes in by a forward is answered from another port than was asked; the asker's port is the same."""
    question = probe("q", OUT4, WAN4, "tcp", 8443, "eth0", sport=5000)
    answer = probe("a", SRV4, OUT4, "tcp", 5000, "eth1.30", sport=443)
    assert len(waves([question, answer])) == len(waves([answer, question])) == 2


def test_probes_with_ports_of_their_own_share_a_wave():
    many = [probe(str(n), PC4, OUT4, "tcp", 443, sport=20000 + n) for n in range(500)]
    assert len(waves(many)) == 1


@pytest.fixture(scope="module")
def rig(small):
    with wired(small) as made:
        load(made, RULES)
        yield made


netns = pytest.mark.netns


@netns
@pytest.mark.parametrize(("src", "dst", "protocols"), [
    (PC4, OUT4, ("tcp", "udp", "icmp")), (PC6, OUT6, ("tcp", "udp", "icmpv6")),
    (PC4, SRV4, ("tcp", "udp", "icmp")), (PC6, SRV6, ("tcp", "udp", "icmpv6")),
])  # fmt: skip
def test_what_passes_is_seen_where_it_comes_out(rig, src, dst, protocols):
    seen = send_all(rig, [probe(protocol, src, dst, protocol, 4711) for protocol in protocols])
    outside = dst in (OUT4, OUT6)
    for answer in seen.values():
        assert (answer.kind, answer.where) == ("delivered", "internet" if outside else "srv")
        assert answer.dst == dst
        assert (answer.src == src) == (dst != OUT4)  # masqueraded


@netns
def test_translation_is_seen(rig):
    forward = send_all(rig, [probe("f", OUT4, WAN4, "tcp", 8443, "eth0")])["f"]
    assert (forward.kind, forward.where, str(forward.dst), forward.dport) == ("delivered", "srv", "10.20.30.11", 443)
    redirected = send_all(rig, [probe("r", PC4, OUT4, "udp", 53)])["r"]
    assert (redirected.kind, redirected.dst, redirected.dport) == ("gateway", GW4, 53)


@netns
def test_what_the_gateway_takes_is_known_without_an_answer(rig):
    probes = [probe("v4", PC4, GW4, "tcp", 8080), probe("v6", PC6, GW6, "tcp", 8080), probe("u", PC6, GW6, "udp", 8080)]
    probes += [probe("e4", PC4, GW4, "icmp"), probe("e6", PC6, GW6, "icmpv6")]
    seen = send_all(rig, probes)
    assert {answer.kind for answer in seen.values()} == {"gateway"}
    assert [seen[name].told for name in ("v4", "u", "e4", "e6")] == ["reset", "unreachable", "answered", "answered"]


@netns
def test_a_refusal_is_no_acceptance_even_when_it_answers(rig):
    probes = [probe("silent", PC4, GW4, "tcp", 22), probe("reset", PC4, GW4, "tcp", 23)]
    probes += [probe("unreachable", PC4, GW4, "udp", 99), probe("f-silent", PC4, OUT4, "tcp", 445)]
    probes += [probe("f-reset", PC6, OUT6, "tcp", 446)]
    seen = send_all(rig, probes)
    assert {answer.kind for answer in seen.values()} == {"dropped"}
    assert [seen[p.id].told for p in probes] == ["", "reset", "unreachable", "", "reset"]


@netns
def test_thousands_of_probes_keep_apart(rig):
    probes = [probe(str(n), PC4, OUT4, "tcp", 443 if n % 3 else 445) for n in range(3000)]
    seen = send_all(rig, probes)
    wrong = [p.id for p in probes if (seen[p.id].kind == "delivered") != (p.dport == 443)]
    assert not wrong


@netns
def test_each_probe_opens_a_connection_of_its_own(rig):
    """An established flow would pass `established` rules; the same packet twice is new twice."""
    load(
        rig,
        """table inet t2 {
	chain count {
		type filter hook prerouting priority 0; policy accept;
		tcp dport 4712 ct state established drop
	}
}
""",
    )
    twins = [probe(str(n), PC4, GW4, "tcp", 4712, sport=40000) for n in range(4)]
    twins += [probe("again", PC4, GW4, "tcp", 4712, sport=40000)]
    assert {answer.kind for answer in send_all(rig, twins).values()} == {"gateway"}


@netns
def test_without_certainty_there_is_no_answer(small):
    """A gateway that is cut off drops nothing: nobody knows."""
    with wired(small) as cut:
        with inside(cut.gateway):
            run_batch(["link set eth0 down"])
        with pytest.raises(LabError, match="is the lab still up"):
            send_all(cut, [probe("x", PC4, OUT4, "tcp", 443)])


@netns
def test_an_unknown_place_is_named(rig):
    with pytest.raises(LabError, match=r"no interface eth9.*eth1\.20"):
        send_all(rig, [probe("x", PC4, OUT4, "tcp", 1, "eth9")])
    with pytest.raises(LabError, match="no host nobody"):
        send_all(rig, [probe("x", PC4, OUT4, "tcp", 1, source="nobody")])


@netns
def test_two_probes_of_one_name_are_a_mistake_of_the_caller(rig):
    with pytest.raises(ValueError, match="same id"):
        send_all(rig, [probe("x", PC4, OUT4, "tcp", 1), probe("x", PC4, OUT4, "tcp", 2)])
