"""The authoritative DNS server of the lab's internet: real messages over UDP and TCP, for every address it is asked at.

May live here: answers from a LabNames, and asyncio around them. May not: choosing names (names.py).
Sources: RFC 1035, RFC 2308 (negative answers), RFC 6891 (EDNS size), RFC 7766 (TCP).
"""

import asyncio
import socket
import struct
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from gateway.lab.names import LabNames

TTL = 60
SOA = "ns.lab.test. hostmaster.lab.test. 1 3600 600 86400 60"
PLAIN_UDP = 512
TCP_IDLE_SECONDS = 20.0
MAX_MESSAGE = 65535
IP_PKTINFO, IP_TRANSPARENT, IPV6_TRANSPARENT = 8, 19, 75  # linux/in.h, in6.h; not in Python's socket module
LONG_TEXT = "long"  # names with this first label have a TXT answer that does not fit a UDP message


def answer(names: LabNames, query: bytes, limit: int = MAX_MESSAGE) -> bytes | None:
    """The answer to one message, cut to `limit` bytes with the TC flag; None for what is no question at all."""
    try:
        asked = dns.message.from_wire(query)
    except dns.exception.DNSException:
        return None
    if asked.flags & dns.flags.QR or len(asked.question) != 1:
        return None
    reply = dns.message.make_response(asked)
    reply.flags |= dns.flags.AA
    _fill(names, reply)
    size = limit if limit > PLAIN_UDP else max(asked.payload, PLAIN_UDP)
    wire = reply.to_wire(max_size=MAX_MESSAGE)
    if len(wire) <= size:
        return wire
    cut = dns.message.make_response(asked)
    cut.flags |= dns.flags.AA | dns.flags.TC
    return cut.to_wire()


def _fill(names: LabNames, reply: dns.message.Message) -> None:
    question = reply.question[0]
    text = question.name.to_text(omit_final_dot=True).lower()
    addresses = names.find(text)
    if addresses is None:
        exists = names.is_parent(text)
        reply.set_rcode(dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN)
    elif question.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
        version = 4 if question.rdtype == dns.rdatatype.A else 6
        found = [str(address) for address in addresses if address.version == version]
        if found:
            reply.answer.append(dns.rrset.from_text_list(question.name, TTL, "IN", question.rdtype, found))
    elif question.rdtype == dns.rdatatype.TXT and text.split(".")[0] == LONG_TEXT:
        lines = [f'"{"x" * 250} {number}"' for number in range(20)]
        reply.answer.append(dns.rrset.from_text_list(question.name, TTL, "IN", "TXT", lines))
    if not reply.answer:
        reply.authority.append(dns.rrset.from_text(dns.name.root, TTL, "IN", "SOA", SOA))


class Udp:
    """One UDP socket that answers from the address it was asked at (IP_PKTINFO, ip(7))."""

    def __init__(self, names: LabNames, sock: socket.socket) -> None:
        self._names = names
        self._socket = sock
        self._four = sock.family == socket.AF_INET
        if self._four:
            sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            sock.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)  # the address asked is nobody's in particular
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
        sock.setblocking(False)

    def start(self) -> None:
        """Serves from now on in the running loop."""
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def _readable(self) -> None:
        for _ in range(64):
            try:
                query, ancillary, _, peer = self._socket.recvmsg(4096, 256)
            except OSError:
                return
            reply = answer(self._names, query, PLAIN_UDP)
            if reply is not None:
                with suppress(OSError):  # a client that is gone meanwhile
                    self._socket.sendmsg([reply], self._from_there(ancillary), 0, peer)

    def _from_there(self, ancillary: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
        for level, kind, data in ancillary:
            if self._four and (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                local = struct.unpack("=I4s4s", data[:12])[2]  # in_pktinfo: the address in the packet's header
                return [(level, kind, struct.pack("=I4s4s", 0, local, bytes(4)))]
            if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
                return [(level, kind, data[:16] + bytes(4))]
        return []


async def serve_tcp(names: LabNames, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One TCP connection: questions one after the other until the client ends or is silent for long."""
    try:
        while True:
            async with asyncio.timeout(TCP_IDLE_SECONDS):
                length = struct.unpack("!H", await reader.readexactly(2))[0]
                query = await reader.readexactly(length)
            reply = answer(names, query)
            if reply is None:
                break
            writer.write(struct.pack("!H", len(reply)) + reply)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        pass
    finally:
        writer.close()
