"""Health probes against real sockets in a namespace of the small clinic."""

import socket
import threading
from datetime import UTC, datetime

import pytest

from gateway.enforcer import probes
from gateway.enforcer.probes import Probe
from ruleset.load import load_site
from tests.gateway.enforcer.nets import address, gateway_links, site

pytestmark = pytest.mark.netns
SITE = load_site(site().encode(), "s", datetime(2026, 6, 1, tzinfo=UTC)).resolved


def test_the_way_in_must_exist(net) -> None:
    assert probes.interfaces(SITE, 1) == "interface eth1.10 of the administrators' zone does not exist"
    gateway_links(net)
    assert probes.interfaces(SITE, 1) == ""


def test_the_page_answers_or_not(net) -> None:
    gateway_links(net)
    address(net, "eth1.10", "10.20.10.1/24")
    assert "does not answer on 10.20.10.1 port 8080" in probes.page(SITE, 1)
    with socket.create_server(("10.20.10.1", 8080)):
        assert probes.page(SITE, 1) == ""


def test_the_resolver_answers_or_not(net) -> None:
    gateway_links(net)
    address(net, "eth1.10", "10.20.10.1/24")
    assert probes.resolver(SITE, 0.4) != ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("10.20.10.1", 53))

        def answer() -> None:
            question, client = server.recvfrom(512)
            server.sendto(question[:2] + b"\x81\x83" + question[4:], client)

        thread = threading.Thread(target=answer)
        thread.start()
        assert probes.resolver(SITE, 4) == ""
        thread.join()


def test_only_what_was_well_before_counts_as_broken() -> None:
    sick = Probe("sick", lambda site, seconds: "hurts", regression=True)
    always = Probe("always", lambda site, seconds: "gone", regression=False)
    fine = Probe("fine", lambda site, seconds: "", regression=True)
    assert probes.well((sick, always, fine), SITE) == {"fine"}
    assert probes.failing((sick, always, fine), SITE, frozenset({"fine"})) == ["always: gone"]
    assert probes.failing((sick, always), SITE, frozenset({"sick"})) == ["sick: hurts", "always: gone"]


def test_a_probe_that_stumbles_is_a_probe_that_fails() -> None:
    def stumble(site, seconds) -> str:
        raise OSError("no route")

    clumsy = Probe("clumsy", stumble, regression=False)
    assert probes.failing((clumsy,), SITE, frozenset()) == ["clumsy: cannot be asked: no route"]
