"""Health probes after a load: what answered before must answer still, and the way in must exist. Each bounded in time.

A probe answers "" or a sentence on what is wrong; a failing probe brings the previous generation back at once.

May live here: the registered list and the probes. May not: what happens when one fails.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from gateway.enforcer.origin import is_own_address
from ruleset.resolved import ResolvedSite

SECONDS = 1.0
DNS_PORT, PAGE_PORT = 53, 8080
# "What is the address of localhost?" (RFC 1035 section 4; RFC 6761 reserves the name): any answer will do.
QUESTION = b"\x0d\x17\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01"
ADMIN_ROLE = "mgmt"


@dataclass(frozen=True, slots=True)
class Probe:
    """`ask(site, seconds)` answers "" when all is well. With `regression`, it counts only if it was well before."""

    name: str
    ask: Callable[[ResolvedSite, float], str]
    regression: bool


def interfaces(site: ResolvedSite, _seconds: float) -> str:
    """The administrators' interface is there: without it nobody could come in to repair anything."""
    present = {name for _, name in socket.if_nameindex()}
    wanted = [segment for segment in site.segments if segment.role == ADMIN_ROLE]
    absent = [segment.ifname for segment in wanted if segment.ifname not in present]
    return f"interface {absent[0]} of the administrators' zone does not exist" if absent else ""


def resolver(site: ResolvedSite, seconds: float) -> str:
    """The resolver answers on a gateway address of some zone."""
    addresses = [a for segment in site.segments for a in segment.gateways if is_own_address(a)]
    for address in addresses[:2]:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(seconds / 2)
            try:
                asking.connect((str(address), DNS_PORT))
                asking.send(QUESTION)
                if asking.recv(512)[:2] == QUESTION[:2]:
                    return ""
            except OSError:
                continue
    return "the resolver does not answer on the gateway's addresses"


def page(site: ResolvedSite, seconds: float) -> str:
    """The page answers on the administrators' gateway address."""
    for segment in site.segments:
        for address in segment.gateways if segment.role == ADMIN_ROLE else ():
            try:
                socket.create_connection((str(address), PAGE_PORT), timeout=seconds).close()
            except OSError as error:
                return f"the page does not answer on {address} port {PAGE_PORT}: {error.strerror or error}"
            return ""
    return ""


PROBES = (
    Probe("way in", interfaces, regression=False),
    Probe("resolver", resolver, regression=True),
    Probe("page", page, regression=True),
)


def well(probes: tuple[Probe, ...], site: ResolvedSite) -> frozenset[str]:
    """The names of the regression probes that are well now."""
    return frozenset(p.name for p in probes if p.regression and not _ask(p, site))


def failing(probes: tuple[Probe, ...], site: ResolvedSite, well_before: frozenset[str]) -> list[str]:
    """Sentences of the probes that fail now and either matter always or were well before."""
    asked = [(p, _ask(p, site)) for p in probes if not p.regression or p.name in well_before]
    return [f"{p.name}: {trouble}" for p, trouble in asked if trouble]


def _ask(probe: Probe, site: ResolvedSite) -> str:
    try:
        return probe.ask(site, SECONDS)
    except OSError as error:
        return f"cannot be asked: {error}"
