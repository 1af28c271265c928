"""The closed policy: it loads, forwards nothing, and lets the technician in from nearby."""

import socket

import pytest

from gateway.enforcer import listing
from gateway.enforcer.closed import ISOLATION_TEXT, closed_ruleset
from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.loader import Loader
from ruleset.compile_parts import TABLE
from ruleset.render import render
from ruleset.tree import Drop
from tests.gateway.enforcer.nets import Net, address, wire

SSH_PORT = 22


def test_forwarding_has_one_rule_and_it_drops() -> None:
    chain = closed_ruleset().chain("closed-forward")
    assert [rule.statements[-1] for rule in chain.rules] == [Drop()]
    assert chain.hook.policy == "drop"


@pytest.mark.netns
def test_the_kernel_takes_it_and_gives_it_back(net) -> None:
    Loader(KernelNft()).put(closed_ruleset())
    assert listing.missing(closed_ruleset(), listing.read(KernelNft().listing(), TABLE)) == []


@pytest.mark.netns
def test_isolation_for_a_saved_text_loads_beside_it(net) -> None:
    KernelNft().load(render(closed_ruleset()) + ISOLATION_TEXT)
    assert "stand-in-isolation" in KernelNft().listing()


@pytest.mark.netns
@pytest.mark.parametrize(
    ("source", "here", "port", "enters"),
    [
        ("10.20.10.11/24", "10.20.10.1/24", 22, True),
        ("10.20.10.11/24", "10.20.10.1/24", 8080, False),
        ("198.51.100.11/24", "198.51.100.1/24", 22, False),
        ("fd00::11/64", "fd00::1/64", 22, True),
        ("2001:db8::11/64", "2001:db8::1/64", 22, False),
    ],
)
def test_ssh_comes_in_from_nearby_and_nothing_else(net, source: str, here: str, port: int, enters: bool) -> None:
    other = Net()
    wire(net, "eth1", other, "eth0")
    address(net, "eth1", here)
    address(other, "eth0", source)
    Loader(KernelNft()).put(closed_ruleset())
    family = socket.AF_INET6 if ":" in here else socket.AF_INET
    listener = socket.create_server((here.split("/", maxsplit=1)[0], port), family=family)
    with other.enter(), socket.socket(family) as client:
        client.settimeout(5 if enters else 0.5)
        assert (client.connect_ex((here.split("/", maxsplit=1)[0], port)) == 0) is enters
    listener.close()
    other.close()
