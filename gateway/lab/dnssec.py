"""The lab's signatures: one key for its signed zones, made anew for every lab, and its trust anchor.

Answers are signed when they are asked for, absence by NSEC records that cover hardly more than the name asked
(RFC 4470). Below names that begin with `bogus` a signature is one over other data: what a forger would have to offer.

May live here: the key's file, signatures, NSEC. May not: what the zones hold (dns_records.py).
Sources: RFC 4034, RFC 4035.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.dnssec
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.lab.dns_records import SIGNED_TOP, TTL, Records, text_of

BOGUS = "bogus"  # the first label of names whose signatures are wrong
BEFORE, AFTER = timedelta(hours=1), timedelta(days=30)  # of now: when signatures begin and end to count
LONGEST_LABEL = 63
ALGORITHM = "ECDSAP256SHA256"
Section = list[dns.rrset.RRset]


class Signer:
    """Signs for the root and SIGNED_TOP with the key in a file, which is made when it is not there."""

    def __init__(self, file: Path) -> None:
        self._private = _key(file)
        self._dnskey = dns.dnssec.make_dnskey(self._private.public_key(), ALGORITHM, 257)
        top = dns.name.from_text(SIGNED_TOP)
        self._zones = {dns.name.root, top}
        keys = {"DNSKEY": self._dnskey.to_text()}
        self.keys = {"": keys, SIGNED_TOP: {**keys, "DS": self._digest(top)}}

    def anchor(self) -> str:
        """The root's trust anchor, as Unbound's `trust-anchor-file` wants it."""
        return f". {TTL} IN DS {self._digest(dns.name.root)}\n"

    def sign(self, reply: dns.message.Message, records: Records, asked: dns.name.Name, kind: str) -> None:
        """Adds to a reply what a validating resolver needs; `asked` is where the chain of aliases ended."""
        zone = records.zone(asked, kind)
        if reply.authority and zone in self._zones:
            reply.authority += denial(records, asked, zone)
        reply.authority += [self._signature(rrset, zone) for rrset in reply.authority if zone in self._zones]
        at = [(rrset, records.zone(rrset.name, dns.rdatatype.to_text(rrset.rdtype))) for rrset in reply.answer]
        reply.answer += [self._signature(rrset, own) for rrset, own in at if own in self._zones]

    def _signature(self, rrset: dns.rrset.RRset, zone: dns.name.Name) -> dns.rrset.RRset:
        now = datetime.now(UTC)
        signed = _forged(rrset) if text_of(rrset.name).partition(".")[0] == BOGUS else rrset
        rrsig = dns.dnssec.sign(
            signed, self._private, zone, self._dnskey, inception=now - BEFORE, expiration=now + AFTER, verify=False
        )
        return dns.rrset.from_rdata(rrset.name, rrset.ttl, rrsig)

    def _digest(self, zone: dns.name.Name) -> str:
        return dns.dnssec.make_ds(zone, self._dnskey, "SHA256").to_text()


def denial(records: Records, name: dns.name.Name, zone: dns.name.Name) -> Section:
    """NSEC records that say: this name has no such type; or, there is no such name, nor a wildcard for it."""
    if records.exists(name):
        successor = dns.name.from_text("\\000", name)
        return [_nsec(name, successor, records.kinds(name, zone))]
    closer = name
    while not records.exists(closer.parent()):
        closer = closer.parent()
    label, encloser = closer.labels[0], closer.parent()
    missing = _nsec(_below(_before(label), encloser), _below(_after(label), encloser), [])
    return [missing, _nsec(_below(b"!", encloser), _below(b"+", encloser), [])]  # between them lies `*`


def _nsec(owner: dns.name.Name, following: dns.name.Name, kinds: list[str]) -> dns.rrset.RRset:
    return dns.rrset.from_text(owner, TTL, "IN", "NSEC", " ".join([following.to_text(), *kinds, "RRSIG", "NSEC"]))


def _before(label: bytes) -> bytes:
    """A label that sorts just before (RFC 4034, 6.1)."""
    shorter, last = label.lower()[:-1], label.lower()[-1]
    return (shorter + bytes((last - 1,)) + b"~")[:LONGEST_LABEL] if last else shorter


def _after(label: bytes) -> bytes:
    """A label that sorts just after, and after all below it."""
    small = label.lower()
    return small + b"\0" if len(small) < LONGEST_LABEL else small[:-1] + bytes((min(small[-1] + 1, 255),))


def _below(label: bytes, name: dns.name.Name) -> dns.name.Name:
    return dns.name.Name((label, *name.labels))


def _forged(rrset: dns.rrset.RRset) -> dns.rrset.RRset:
    other = "192.0.2.66" if rrset.rdtype == dns.rdatatype.A else "2001:db8::66"
    if rrset.rdtype not in (dns.rdatatype.A, dns.rdatatype.AAAA):
        return rrset
    return dns.rrset.from_text(rrset.name, rrset.ttl, "IN", rrset.rdtype, other)


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    if file.exists():
        loaded = serialization.load_pem_private_key(file.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey), "written below"
        return loaded
    made = ec.generate_private_key(ec.SECP256R1())
    text = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(text)
    return made
