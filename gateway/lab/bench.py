"""How much of a plain router's speed is left under a full policy, measured on this machine's kernel.

May live here: a sender, the gateway and a receiver in a row, two rulesets in turn, medians and their ratio.
May not: the loads (blast.py), judging the figure (tests/bench does), other benchmarks.

Both rulesets run on the same namespaces, interfaces and addresses, in many short alternating rounds, so that what else
the machine does hits both. The sender is the first PC of the site, the receiver stands behind the uplink; the flow is
one that the policy allows (HTTPS for TCP, QUIC's port for small UDP packets).
"""

import os
import socket
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

from gateway.lab import commands, netns
from gateway.lab.blast import CONNECT_SECONDS, received_packets, small_packets, stream
from gateway.lab.build import run_batch
from gateway.lab.errors import LabError
from gateway.lab.kernel import load_ruleset
from gateway.lab.topology import GATEWAY, INTERNET, Cable, LabHost, Route, Topology, plan
from ruleset.resolved import ResolvedSite

RECEIVER = ip_address("198.51.100.77")
PORT = 443
SHARES = 6
SMALL_PAYLOAD = 18  # with UDP, IPv4 and Ethernet headers the smallest frame there is (64 bytes with its checksum)

SMALLEST_ROUTER = """table inet clinicgate {
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state established,related accept
		iifname != "UPLINK" oifname "UPLINK" accept
	}
	chain translate {
		type nat hook postrouting priority 100; policy accept;
		oifname "UPLINK" meta nfproto ipv4 masquerade
	}
}
"""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Medians over the rounds: bits a second over TCP, packets a second of small UDP; and their ratios."""

    tcp_policy: float
    tcp_router: float
    packets_policy: float
    packets_router: float

    @property
    def tcp_ratio(self) -> float:
        return self.tcp_policy / self.tcp_router

    @property
    def packets_ratio(self) -> float:
        return self.packets_policy / self.packets_router


def forwarding(resolved: ResolvedSite, policy: str, rounds: int = 7, seconds: float = 0.1) -> Forwarding:
    """Measures `policy` (nft text of that site) against the smallest router, each `rounds * SHARES` times.

    Many short runs bear what else the machine does better than few long ones. Raises LabError."""
    figures: dict[tuple[str, bool], list[float]] = {}
    with row(resolved) as bench:
        rulesets = (("policy", policy), ("router", SMALLEST_ROUTER.replace("UPLINK", bench.uplink)))
        for number in range(rounds * SHARES):
            for name, ruleset in rulesets if number % 2 else rulesets[::-1]:
                bench.use(ruleset)
                for small in (False, True):
                    figures.setdefault((name, small), []).append(bench.run(seconds, small))
    medians = {key: statistics.median(values) for key, values in figures.items()}
    return Forwarding(
        medians["policy", False], medians["router", False], medians["policy", True], medians["router", True]
    )


@dataclass(frozen=True, slots=True)
class Row:
    """Sender, gateway, receiver (descriptors of namespaces), and the names of the interfaces in between."""

    sender: int
    gateway: int
    receiver: int
    uplink: str
    arrival: str

    def use(self, ruleset: str) -> None:
        """Puts another ruleset in place of the present one, whole."""
        load_ruleset(self.gateway, f"table inet clinicgate\ndelete table inet clinicgate\n{ruleset}")

    def run(self, seconds: float, small: bool) -> float:
        """One new flow: what the receiver got, in bits or, with `small`, in packets a second. Raises LabError."""
        try:
            return self._small(seconds) if small else self._stream(seconds)
        except OSError as error:
            raise LabError(f"nothing gets from the sender to the receiver of the bench: {error}") from error

    def _stream(self, seconds: float) -> float:
        with self._bound(socket.SOCK_STREAM) as listener:
            listener.listen()
            return stream(listener, lambda: self._connected(socket.SOCK_STREAM), seconds)

    def _small(self, seconds: float) -> float:
        with self._bound(socket.SOCK_DGRAM) as listener, self._connected(socket.SOCK_DGRAM) as sender:
            sender.send(b"?")  # an answered question makes the flow an established one
            _, asker = listener.recvfrom(16)
            listener.sendto(b"!", asker)
            sender.recv(16)
            return small_packets(sender, SMALL_PAYLOAD, seconds, self._arrived)

    def _arrived(self) -> int:
        with netns.inside(self.receiver):
            return received_packets(self.arrival)

    def _bound(self, kind: int) -> socket.socket:
        sock = netns.open_socket(self.receiver, socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.settimeout(CONNECT_SECONDS)
        sock.bind((str(RECEIVER), PORT))
        return sock

    def _connected(self, kind: int) -> socket.socket:
        sock = netns.open_socket(self.sender, socket.AF_INET, kind)
        sock.settimeout(CONNECT_SECONDS)
        sock.connect((str(RECEIVER), PORT))
        return sock


@contextmanager
def row(resolved: ResolvedSite) -> Iterator[Row]:
    """The three namespaces, without names, with every interface of the gateway, forwarding without a ruleset."""
    topology = plan("bench", resolved)
    pc = next((h for h in topology.hosts if h.device_kind == "pc"), None)
    if pc is None:
        raise LabError("the site declares no device of kind pc; the bench sends from one")
    sender, gateway, receiver = netns.make(), netns.make(), netns.make()
    try:
        for descriptor in (sender, gateway, receiver):
            with netns.inside(descriptor):
                netns.write_sysctls(commands.COMMON | commands.FORWARDING)
        with netns.inside(gateway):
            run_batch(_gateway(topology, sender, receiver))
        with netns.inside(sender):
            run_batch(_sender(topology, pc, resolved))
        with netns.inside(receiver):
            run_batch(_receiver(topology))
        number, cable = next((n, c) for n, c in enumerate(topology.gateway_cables()) if c.far.host == INTERNET)
        yield Row(sender, gateway, receiver, cable.near.ifname, f"x{number}")
    finally:
        for descriptor in (sender, gateway, receiver):
            os.close(descriptor)


def _gateway(topology: Topology, sender: int, receiver: int) -> Iterator[str]:
    cables = topology.gateway_cables()
    for number, cable in enumerate(cables):
        far = receiver if cable.far.host == INTERNET else sender
        peer = f"peer name x{number} address {cable.far.mac} netns /proc/{os.getpid()}/fd/{far}"
        yield f"link add name {cable.near.ifname} address {cable.near.mac} type veth {peer}"
        yield from _up(cable.near.ifname, cable)
    yield from (_default(route) for route in topology.routes if route.host == GATEWAY)


def _up(ifname: str, cable: Cable) -> Iterator[str]:
    yield f"link set {ifname} up"
    for interface in cable.near.addresses:
        yield f"address add {interface} dev {ifname}" + (" nodad" if interface.version == 6 else "")


def _default(route: Route) -> str:
    return f"route add {route.to} via {route.via} dev {route.device} metric {route.metric}"


def _sender(topology: Topology, pc: LabHost, resolved: ResolvedSite) -> Iterator[str]:
    segment = resolved.segment(pc.zone)
    assert segment is not None
    number = next(n for n, c in enumerate(topology.gateway_cables()) if c.near.ifname == segment.ifname)
    own = next(c for c in topology.cables if c.near.host == pc.name).near
    yield f"link set x{number} address {own.mac} up"
    yield from (f"address add {interface} dev x{number}" for interface in own.addresses)
    yield f"route add default via {next(g for g in segment.gateways if g.version == 4)}"


def _receiver(topology: Topology) -> Iterator[str]:
    yield "link set lo up"
    yield f"address add {RECEIVER} dev lo"
    for number, cable in enumerate(topology.gateway_cables()):
        if cable.far.host == INTERNET:
            yield f"link set x{number} up"
            yield from (f"address add {interface} dev x{number}" for interface in cable.far.addresses)
