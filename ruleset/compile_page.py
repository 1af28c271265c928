"""The block page in the kernel: how a device that was answered with its own gateway's address gets the page there.

Only zones that can be answered so (Segment.page) get these rules. The page has no right to port 80, so that the kernel
leads port 80 of the zone's own gateway address, and of no other address, to PAGE_PORT; PAGE_PORT itself stays closed.
A browser that asks by HTTPS would wait for a certificate that nobody can have: it gets a reset and fails at once.

May live here: those rules. May not: who is answered with the page (filters), the page itself (webui/blocked*.py).
"""

from collections.abc import Iterator

from ruleset.compile_parts import counted
from ruleset.resolved import Segment, family_of, host_network
from ruleset.tree import L4, Accept, Addr, CtDnat, Dnat, Iif, PortRange, Reject, Rule

HTTP, HTTPS = 80, 443
PAGE_PORT = 8081
PAGE, PAGE_TLS = "core:page", "core:page:tls"


def page_redirects(segment: Segment) -> tuple[Rule, ...]:
    """For the chain that translates destinations: HTTP to the zone's gateway reaches the page."""
    came = Iif((segment.ifname,))
    return tuple(
        Rule("core:page:redirect", (came, own, _tcp(HTTP)), (Dnat(own.family, str(own.networks[0][0]), PAGE_PORT),))
        for own in _own(segment)
    )


def page_rules(segment: Segment) -> tuple[Rule, ...]:
    """For the zone's input chain, behind its grants: the page for what was led there, a reset for HTTPS."""
    page = (Rule(PAGE, (CtDnat(), own, _tcp(PAGE_PORT)), counted(PAGE, Accept())) for own in _own(segment))
    reset = (Rule(PAGE_TLS, (own, _tcp(HTTPS)), counted(PAGE_TLS, Reject(reset=True))) for own in _own(segment))
    return (*page, *reset)


def _own(segment: Segment) -> Iterator[Addr]:
    """The zone's gateway addresses, each as a destination; none where no name is answered with them."""
    if segment.page:
        yield from (Addr("daddr", family_of(own), (host_network(own),)) for own in segment.gateways)


def _tcp(port: int) -> L4:
    return L4("tcp", (PortRange(port, port),))
