"""The words of a question, looked up: a device, a zone, an address, `internet`, `gateway`, or a name of the internet.

May live here: turning one word into addresses to ask with. May not: verdicts (explain.py).
"""

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Literal

from ruleset.resolved import GATEWAY, INTERNET, Address, ResolvedSite, Segment
from ruleset.samples import Sample, host_sample, somebody, stranger
from ruleset.tree import FAMILIES, Family

DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
EndKind = Literal["device", "zone", "address", "internet", "gateway", "name"]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a question. `zone` is its side, `samples` at most one a family."""

    word: str
    kind: EndKind
    zone: str
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()
    learned_by: tuple[str, ...] = ()

    def sample(self, family: Family) -> Sample | None:
        """The address to ask with in that family."""
        return next((s for s in self.samples if s.address.version == family), None)


class UnknownWord(ValueError):
    """A word that stands for nothing here; the message says what could be meant."""


def source_end(resolved: ResolvedSite, word: str) -> End:
    """Who starts the connection. Raises UnknownWord."""
    end = _known(resolved, word)
    if end is None:
        raise UnknownWord(f"from {word!r}: no zone, device or address of this site{_nearest(resolved, word)}")
    return end


def target_end(resolved: ResolvedSite, word: str, source: End) -> End:
    """Who is asked. `gateway` is the gateway as the source's zone meets it. Raises UnknownWord."""
    if word == GATEWAY:
        return End(word, "gateway", GATEWAY, _gateway_samples(resolved, source))
    end = _known(resolved, word) or _local_name(resolved, word)
    if end is not None:
        return end
    name = word.lower().rstrip(".")
    if not DOMAIN.match(name):
        raise UnknownWord(f"to {word!r}: no zone, device, address or name{_nearest(resolved, word)}")
    return _internet_name(resolved, name, source)


def _known(resolved: ResolvedSite, word: str) -> End | None:
    if word == INTERNET:
        addresses = [a for family in FAMILIES if (a := somebody(resolved, family))]
        return End(word, "internet", INTERNET, tuple(Sample(INTERNET, a) for a in addresses))
    if word == GATEWAY:
        return End(word, "gateway", GATEWAY, tuple(Sample(GATEWAY, a) for s in resolved.segments for a in s.gateways))
    segment = resolved.segment(word)
    if segment is not None:
        return _zone(resolved, segment)
    host = resolved.host(word)
    if host is not None:
        samples = tuple(s for family in FAMILIES if (s := host_sample(host, family)))
        note = (f"{word} has no fixed address, so the kernel cannot tell it apart",) if not samples else ()
        return End(word, "device", host.zone, samples, note)
    return _address(resolved, word)


def _zone(resolved: ResolvedSite, segment: Segment) -> End:
    samples = tuple(s for family in FAMILIES if (s := stranger(resolved, segment, family)))
    return End(segment.name, "zone", segment.name, samples)


def _address(resolved: ResolvedSite, word: str) -> End | None:
    try:
        address = ip_address(word)
    except ValueError:
        return None
    if resolved.is_gateway(address):
        return End(word, "gateway", GATEWAY, (Sample(GATEWAY, address),))
    segment = resolved.segment_of(address)
    if segment is None:
        return End(word, "address", INTERNET, (Sample(INTERNET, address),))
    host = next((h for h in resolved.hosts if address in h.addresses), None)
    sample = Sample(segment.name, address, host.mac if host else "", host.name if host else "")
    note = () if host else (f"{address} belongs to no declared device of zone {segment.name}",)
    return End(word, "address", segment.name, (sample,), note)


def _gateway_samples(resolved: ResolvedSite, source: End) -> tuple[Sample, ...]:
    segment = resolved.segment(source.zone)
    if segment is not None:
        return tuple(Sample(GATEWAY, a) for a in segment.gateways)
    own: tuple[Address, ...] = tuple(a for o in resolved.outsides for a in o.addresses)
    return tuple(Sample(GATEWAY, a) for f in FAMILIES if (a := next((a for a in own if a.version == f), None)))


def _local_name(resolved: ResolvedSite, word: str) -> End | None:
    """`emr.clinic.home.arpa` is the device `emr`."""
    suffix = "." + resolved.site.clinic.domain
    name = word.lower().rstrip(".")
    if not name.endswith(suffix) or resolved.host(name.removesuffix(suffix)) is None:
        return None
    end = _known(resolved, name.removesuffix(suffix))
    return replace(end, word=word) if end else None


def below(name: str, domain: str) -> bool:
    """Whether `name` is `domain` or stands below it."""
    return name == domain or name.endswith("." + domain)


def _internet_name(resolved: ResolvedSite, name: str, source: End) -> End:
    addresses = [a for family in FAMILIES if (a := somebody(resolved, family))]
    granted = [
        names.grant
        for names in resolved.video_names
        if names.zone == source.zone
        and any(below(name, domain) for domain in names.domains)
        and (not names.clients or any(s.address in n for s in source.samples for n in names.clients))
    ]
    notes = [f"the addresses behind {name} are not known offline; judged as an address the site does not mention"]
    if granted:
        notes = [
            f"{name} is approved by {granted[0]}: only addresses the client learned from the gateway's resolver pass"
        ]
    if any(below(name, domain) for domain in resolved.protected_names):
        notes.append(f"{name} is a protected name: no block list may refuse it")
    if any(below(name, domain) for domain in resolved.resolver_names):
        notes.append(f"{name} is a public resolver for encrypted DNS: its name is blocked unless the site allows it")
    policy = resolved.site.dns.zones.get(source.zone)
    if policy and policy.lists:
        lists = ", ".join(policy.lists)
        notes.append(
            f"whether the block lists of zone {source.zone} ({lists}) refuse the name itself, the resolver says"
        )
    samples = tuple(Sample(INTERNET, address) for address in addresses)
    return End(name, "name", INTERNET, samples, tuple(notes), tuple(dict.fromkeys(granted)))


def _nearest(resolved: ResolvedSite, word: str) -> str:
    known = [*(s.name for s in resolved.segments), *(h.name for h in resolved.hosts), INTERNET, GATEWAY]
    close = get_close_matches(word, known, 1)
    return f" (did you mean {close[0]!r}?)" if close else ""
