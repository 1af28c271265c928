"""The authoritative DNS server of the lab's internet: real messages over UDP and TCP, for every address it is asked at.

One server is all of them: root, zones below it, a closed network's own resolver; what it knows depends on the address.

May live here: answers to messages, and asyncio around them. May not: what zones hold (dns_records.py), signatures
(dnssec.py). Sources: RFC 1035, RFC 6891 (EDNS size), RFC 7766 (TCP).
"""

import asyncio
import socket
import struct
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from gateway.lab.dns_records import Records
from gateway.lab.dnssec import Signer
from gateway.lab.names import LabNames

PLAIN_UDP = 512
TCP_IDLE_SECONDS = 20.0
MAX_MESSAGE = 65535
IP_PKTINFO, IP_TRANSPARENT, IPV6_TRANSPARENT = 8, 19, 75  # linux/in.h, in6.h; not in Python's socket module
MAX_CHAIN = 8  # aliases followed for one answer


class NameServer:
    """Everything the lab's internet knows about names. Unsigned without a `signer`."""

    def __init__(self, names: LabNames, signer: Signer | None = None) -> None:
        self._signer = signer
        self._public = Records(names, None if signer is None else signer.keys)
        self._closed = {server: Records(names.known_at(server)) for server in names.closed}

    def answer(self, query: bytes, limit: int = MAX_MESSAGE, server: str = "") -> bytes | None:
        """The answer of the server at that address to one message, cut to `limit` bytes with the TC flag.

        None for what is no question at all."""
        try:
            asked = dns.message.from_wire(query)
        except dns.exception.DNSException:
            return None
        if asked.flags & dns.flags.QR or len(asked.question) != 1:
            return None
        reply = dns.message.make_response(asked)
        reply.flags |= dns.flags.AA
        self._fill(reply, self._closed.get(server, self._public), signed=bool(asked.ednsflags & dns.flags.DO))
        size = limit if limit > PLAIN_UDP else max(asked.payload, PLAIN_UDP)
        wire = reply.to_wire(max_size=MAX_MESSAGE)
        if len(wire) <= size:
            return wire
        cut = dns.message.make_response(asked)
        cut.flags |= dns.flags.AA | dns.flags.TC
        return cut.to_wire()

    def _fill(self, reply: dns.message.Message, records: Records, *, signed: bool) -> None:
        name, kind = reply.question[0].name, dns.rdatatype.to_text(reply.question[0].rdtype)
        for _ in range(MAX_CHAIN):
            alias = None if kind == "CNAME" else records.alias(name)
            if alias is None:
                break
            reply.answer.append(alias)
            name = alias[0].target
        found = records.find(name, kind)
        if found is not None:
            reply.answer.append(found)
        else:
            reply.set_rcode(dns.rcode.NOERROR if records.exists(name) else dns.rcode.NXDOMAIN)
            reply.authority.append(records.start(records.zone(name, kind)))
        if signed and self._signer is not None:
            reply.want_dnssec(True)
            self._signer.sign(reply, records, name, kind)


class Udp:
    """One UDP socket that answers from the address it was asked at (IP_PKTINFO, ip(7))."""

    def __init__(self, names: NameServer, sock: socket.socket) -> None:
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
            there, back = self._asked_at(ancillary)
            reply = self._names.answer(query, PLAIN_UDP, there)
            if reply is not None:
                with suppress(OSError):  # a client that is gone meanwhile
                    self._socket.sendmsg([reply], back, 0, peer)

    def _asked_at(self, ancillary: list[tuple[int, int, bytes]]) -> tuple[str, list[tuple[int, int, bytes]]]:
        """The address that was asked, and what makes the answer leave from there."""
        for level, kind, data in ancillary:
            if self._four and (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                local = struct.unpack("=I4s4s", data[:12])[2]  # in_pktinfo: the address in the packet's header
                return str(IPv4Address(local)), [(level, kind, struct.pack("=I4s4s", 0, local, bytes(4)))]
            if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
                return str(IPv6Address(data[:16])), [(level, kind, data[:16] + bytes(4))]
        return "", []


async def serve_tcp(names: NameServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One TCP connection: questions one after the other until the client ends or is silent for long."""
    there = str(writer.get_extra_info("sockname")[0]).removeprefix("::ffff:")
    try:
        while True:
            async with asyncio.timeout(TCP_IDLE_SECONDS):
                length = struct.unpack("!H", await reader.readexactly(2))[0]
                query = await reader.readexactly(length)
            reply = names.answer(query, server=there)
            if reply is None:
                break
            writer.write(struct.pack("!H", len(reply)) + reply)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        pass
    finally:
        writer.close()
