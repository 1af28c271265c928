"""Packet questions of a case: `camera-1 -> 198.51.100.7 tcp 443`, and what becomes of that packet.

    FROM [as ADDRESS] -> TO tcp PORT | udp PORT | echo | icmp TYPE  [v6] [from PORT] [established | invalid] [hop N]

FROM is a device, a zone (somebody in it), `internet` or `internet/UPLINK`. TO is a device, a zone, an address,
`gateway` (the sender's own), `gateway/ZONE`, `uplink/NAME` or `internet`. The answer is the verdict, the rule, and what
was translated.

May live here: words to Packets, Outcomes to words. May not: expectations.
"""

import re
from ipaddress import ip_address

from ruleset.evaluate import evaluate
from ruleset.packet import EPHEMERAL, Facts, Outcome, Packet
from ruleset.resolved import Address, ResolvedSite
from ruleset.tree import Ruleset

STRANGER = {4: "198.51.100.7", 6: "2001:db8:fffe::7"}
QUESTION = re.compile(
    r"(?P<source>\S+)(?: as (?P<claim>\S+))? -> (?P<target>\S+)"
    r" (?:(?P<protocol>tcp|udp) (?P<port>\d+)|(?P<echo>echo)|icmp (?P<type>\S+))"
    r"(?P<v6> v6)?(?: from (?P<sport>\d+))?(?: (?P<state>established|invalid))?(?: hop (?P<hop>\d+))?\Z"
)


def answer(question: str, ruleset: Ruleset, site: ResolvedSite, facts: Facts) -> str:
    """Verdict, rule and translation in words. AssertionError for what is no question."""
    packet = _packet(question, site)
    return _words(packet, evaluate(ruleset, site, packet, facts))


def _packet(question: str, site: ResolvedSite) -> Packet:
    match = QUESTION.match(question)
    assert match, f"not a question: {question!r}"
    version = 6 if match["v6"] or ":" in (match["claim"] or match["target"]) else 4
    src = ip_address(match["claim"]) if match["claim"] else _address(match["source"], site, version)
    dst = _target(match["target"], match["source"], site, version)
    values: dict[str, object] = {"state": match["state"] or "new"}
    if match["protocol"]:
        values |= {"dport": int(match["port"]), "sport": int(match["sport"] or EPHEMERAL)}
    elif match["type"]:
        values |= {"icmp_type": match["type"]}
    protocol = match["protocol"] or ("icmp" if version == 4 else "icmpv6")
    host = site.host(match["source"])
    return Packet(
        _interface(match["source"], site),
        src,
        dst,
        protocol,  # type: ignore[arg-type]
        mac=host.mac if host else "02:00:00:00:ff:ff",
        hop_limit=int(match["hop"] or 64),
        **values,  # type: ignore[arg-type]
    )


def _interface(word: str, site: ResolvedSite) -> str:
    if word.startswith("internet"):
        uplink = word.partition("/")[2]
        return next(o.ifname for o in site.outsides if uplink in ("", o.name))
    host = site.host(word)
    segment = site.segment(host.zone if host else word)
    assert segment, f"{word!r} is no device, no zone and not the internet"
    return segment.ifname


def _address(word: str, site: ResolvedSite, version: int) -> Address:
    if word.startswith("internet"):
        return ip_address(STRANGER[version])
    host = site.host(word)
    if host:
        return next(a for a in host.addresses if a.version == version)
    segment = site.segment(word)
    assert segment, f"{word!r} is no device, no zone and not the internet"
    return next(n for n in segment.subnets if n.version == version)[0x77]


def _target(word: str, source: str, site: ResolvedSite, version: int) -> Address:
    if word.startswith("gateway"):
        host = site.host(source)
        zone = word.partition("/")[2] or (host.zone if host else source)
        segment = site.segment(zone)
        assert segment, f"{word!r}: there is no zone {zone!r}"
        return next(a for a in segment.gateways if a.version == version)
    if word.startswith("uplink/"):
        outside = next(o for o in site.outsides if o.name == word.partition("/")[2])
        return next(a for a in outside.addresses if a.version == version)
    try:
        return ip_address(word)
    except ValueError:
        return _address(word, site, version)


def _words(packet: Packet, outcome: Outcome) -> str:
    words = [outcome.verdict, outcome.rule_id]
    if outcome.translated:
        address, port = outcome.translated
        words.append(f"to {address} port {port}")
    if outcome.passed and outcome.oif:
        words.append(f"out {outcome.oif}")
    if outcome.masqueraded:
        words.append("masqueraded")
    if outcome.offloaded:
        words.append("offloaded")
    return " ".join(words)
