"""Does the kernel do what evaluation and `explain` say? Random clinics and packets, answered by all of them.

Each packet is asked twice: as it is, and, when words can ask for it, as the packet that `explain` answers about.

May live here: asking and comparing verdict, way out and translated addresses. May not: making clinics or packets
(tests/generate*.py), sending (gateway/lab/probe.py).

The long run: `python -m tests.lab.agreement --sites 200 --packets 50`. It prints every disagreement with the command
that shows it again, and exits 1 when there is one.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address
from time import monotonic

from gateway.lab.probe import Probe, Seen, send_all
from gateway.lab.topology import plan
from gateway.lab.wiring import gateway_ports, load, wired
from ruleset.compile import compile_ruleset
from ruleset.evaluate import evaluate
from ruleset.explain import Check, Question, explain
from ruleset.packet import EPHEMERAL, Facts, Outcome, Packet
from ruleset.render import render
from ruleset.resolved import Address, ResolvedSite
from ruleset.tree import Ruleset
from tests import generate
from tests.generate_packets import packets

Own = dict[str, tuple[Address, ...]]


@dataclass(frozen=True)
class Answer:
    """What became of a packet, in the words both sides share. `oif` empty and `passed`: the box itself got it."""

    passed: bool
    oif: str = ""
    src: Address | None = None
    dst: Address | None = None
    dport: int = 0

    def __str__(self) -> str:
        if not self.passed:
            return "dropped"
        return f"{self.src} -> {self.dst} port {self.dport} {f'out by {self.oif}' if self.oif else 'to the box'}"


@dataclass(frozen=True)
class Disagreement:
    """One packet that the two answer differently."""

    seed: int
    packet: Packet
    computed: Answer
    outcome: Outcome
    seen: Answer

    def __str__(self) -> str:
        p = self.packet
        ports = f"{p.protocol} {p.sport} -> {p.dport}" if p.dport else f"{p.protocol} {p.icmp_type}"
        return (
            f"site {self.seed}: {p.iif}: {p.src} -> {p.dst} {ports}"
            f" mac {p.mac} hop limit {p.hop_limit} state {p.state}\n"
            f"  computed: {self.computed} by {self.outcome.rule_id} ({' '.join(self.outcome.path)})\n"
            f"  kernel:   {self.seen}"
        )


def clinic(seed: int) -> tuple[ResolvedSite, Ruleset, Facts]:
    """A generated clinic, its policy, and what stands in its sets; for every other one some permits have ended."""
    resolved = generate.site(seed)
    live = generate.live_state(resolved, seed)
    now: datetime = generate.LATER if seed % 2 else generate.NOW
    return resolved, compile_ruleset(resolved, live, now), generate.facts(resolved, live, seed)


def disagreements(seed: int, count: int, spoil: Callable[[str], str] = str) -> list[Disagreement]:
    """Asks the kernel about `count` packets of one clinic. Raises LabError when it cannot be asked.

    `spoil` changes the text on its way to the kernel, to see that a difference is seen."""
    resolved, ruleset, known = clinic(seed)
    own = own_addresses(resolved)
    asked = packets(resolved, known, seed, count, own)
    answered = [(packet, evaluate(ruleset, resolved, packet, known)) for packet in asked]
    answered += [(c.packet, c.outcome) for packet in asked for c in explained(resolved, ruleset, known, packet)]
    with wired(resolved) as rig:
        load(rig, spoil(render(ruleset)) + generate.element_lines(known))
        seen = send_all(rig, [_probe(str(number), packet) for number, (packet, _) in enumerate(answered)])
    found = []
    for number, (packet, outcome) in enumerate(answered):
        computed, real = _computed(packet, outcome, own), _real(packet, seen[str(number)])
        if computed != real:
            found.append(Disagreement(seed, packet, computed, outcome, real))
    return found


def explained(resolved: ResolvedSite, ruleset: Ruleset, known: Facts, packet: Packet) -> tuple[Check, ...]:
    """What `explain` says about this packet, in every family it looks at; nothing when words cannot ask for it.

    An address that the box was leased is not in the site file, so that `explain` takes it for somebody outside."""
    if packet.local or (packet.protocol.startswith("icmp") and packet.icmp_type != "echo-request"):
        return ()
    protocol = packet.protocol if packet.protocol in ("tcp", "udp") else "echo"
    question = Question(_word(resolved, packet.src), _word(resolved, packet.dst), protocol, packet.dport)
    return explain(resolved, ruleset, question, known).checks


def _word(resolved: ResolvedSite, address: Address) -> str:
    """As people would name it: the device, else the address."""
    return next((host.name for host in resolved.hosts if address in host.addresses), str(address))


def own_addresses(resolved: ResolvedSite) -> Own:
    """The addresses that the box has in the lab, by interface, with those it got from its providers."""
    ports = gateway_ports(plan("wire", resolved), resolved)
    return {port.ifname: (*(i.ip for i in port.addresses), _link_local(port.mac)) for port, _ in ports}


def _link_local(mac: str) -> IPv6Address:
    """The address that the kernel makes of a MAC (RFC 4291, appendix A)."""
    raw = bytearray.fromhex(mac.replace(":", ""))
    raw[0] ^= 2
    return IPv6Address(b"\xfe\x80" + bytes(6) + raw[:3] + b"\xff\xfe" + raw[3:])


def _probe(name: str, packet: Packet) -> Probe:
    return Probe(
        name,
        packet.iif,
        packet.src,
        packet.dst,
        packet.protocol,
        packet.dport,
        None if packet.sport == EPHEMERAL else packet.sport,
        mac=packet.mac,
        icmp_type=packet.icmp_type,
        hop_limit=packet.hop_limit,
    )


def _computed(packet: Packet, outcome: Outcome, own: Own) -> Answer:
    if not outcome.passed:
        return Answer(False)
    dst, dport = outcome.translated or (packet.dst, packet.dport)
    src = packet.src
    if outcome.masqueraded:
        src = next(a for a in own[outcome.oif] if a.version == src.version)
    return Answer(True, outcome.oif, src, dst, dport)


def _real(packet: Packet, seen: Seen) -> Answer:
    if seen.kind == "dropped":
        return Answer(False)
    dport = seen.dport if packet.protocol in ("tcp", "udp") else packet.dport
    return Answer(True, seen.ifname, _plain(seen.src), _plain(seen.dst), dport)


def _plain(address: Address | None) -> Address | None:
    """Without the interface that a link-local address is only known together with."""
    return IPv6Address(address.packed) if isinstance(address, IPv6Address) else address


def main() -> int:
    """The long run; 0 when the two agree every time."""
    parser = argparse.ArgumentParser(description="Compare evaluation with the kernel over generated clinics (root).")
    parser.add_argument("--sites", type=int, default=200, help="how many clinics (200)")
    parser.add_argument("--packets", type=int, default=50, help="packets for each (50)")
    parser.add_argument("--first", type=int, default=0, help="number of the first clinic (0)")
    options = parser.parse_args()
    started, count = monotonic(), 0
    for seed in range(options.first, options.first + options.sites):
        for disagreement in disagreements(seed, options.packets):
            count += 1
            print(disagreement)
            print(f"  again:    python -m tests.lab.agreement --first {seed} --sites 1 --packets {options.packets}")
    asked = options.sites * options.packets
    print(f"{options.sites} clinics, {asked} packets, {count} disagreements, {monotonic() - started:.1f} s")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
