"""Messages for the tests of the DNS filter, made and read with dnspython (an independent implementation)."""

from ipaddress import ip_address

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from filters import names
from filters.dns_exchange import ClientDatagram

CLIENT = ip_address("10.20.20.11")


def wire(name: str, qtype: str = "A", *, number: int = 4711, **edns: object) -> bytes:
    """A usual question of a stub resolver; keywords as dns.message.make_query takes them."""
    return dns.message.make_query(name, qtype, id=number, **edns).to_wire()


def asked(
    name: str, qtype: str = "A", *, client: str = "10.20.20.11", zone: str = "pc", **more: object
) -> ClientDatagram:
    stream = bool(more.pop("stream", False))
    channel = more.pop("channel", "channel")
    return ClientDatagram(wire(name, qtype, **more), ip_address(client), zone, channel, stream)


def reply_to(question: bytes, *records: str, rcode: str = "NOERROR", authority: tuple[str, ...] = ()) -> bytes:
    """What an upstream answers; a record is a zone file line: `name. TTL IN TYPE data`."""
    response = dns.message.make_response(dns.message.from_wire(question), recursion_available=True)
    response.set_rcode(dns.rcode.from_text(rcode))
    for section, lines in ((response.answer, records), (response.authority, authority)):
        for line in lines:
            owner, ttl, cls, rtype, data = line.split(maxsplit=4)
            section.append(dns.rrset.from_text(owner, int(ttl), cls, rtype, data))
    return response.to_wire(want_shuffle=False)


def read(data: bytes) -> dns.message.Message:
    return dns.message.from_wire(data)


def texts(message: dns.message.Message) -> list[str]:
    """The answer section as sorted lines without the owner: `TTL TYPE data`."""
    return sorted(
        f"{rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {rdata}" for rrset in message.answer for rdata in rrset
    )


def name(text: str) -> names.Name:
    return names.from_text(text)
