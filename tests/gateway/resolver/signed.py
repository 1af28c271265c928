"""A signed zone, made when the test runs, and a server that has its answers; one name's address was changed after."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "signed.example."
ADDRESS = "127.99.0.58"
ZONE = """
@ 300 IN SOA ns hostmaster 1 7200 900 1209600 300
@ 300 IN NS ns
ns 300 IN A 127.99.0.58
good 300 IN A 192.0.2.1
bogus 300 IN A 192.0.2.2
"""


class SignedZone:
    """The zone and its trust anchor (a DS record)."""

    def __init__(self, begin: datetime | None = None) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        key = dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=257)
        origin = dns.name.from_text(ORIGIN)
        digest = dns.dnssec.make_ds(origin, key, "SHA256")
        self.anchor = f"{ORIGIN} 300 IN DS {digest.to_text()}\n"
        self.zone = dns.zone.from_text(ZONE, origin, relativize=False)
        begin = begin or datetime.now(UTC) - timedelta(hours=1)
        with self.zone.writer() as changes:
            dns.dnssec.sign_zone(
                self.zone, changes, [(private, key)], inception=begin, expiration=begin + timedelta(days=2)
            )
        with self.zone.writer() as changes:
            changes.replace(f"bogus.{ORIGIN}", dns.rrset.from_text(f"bogus.{ORIGIN}", 300, "IN", "A", "192.0.2.66"))

    def reply(self, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        asked = query.question[0]
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        signatures = self.zone.get_rrset(asked.name, dns.rdatatype.RRSIG, asked.rdtype)
        found = self.zone.get_rrset(asked.name, asked.rdtype)
        response.answer += [rrset for rrset in (found, signatures) if rrset is not None]
        return response.to_wire()


@contextlib.contextmanager
def served(zone: SignedZone) -> Iterator[int]:
    """The port on ADDRESS where the zone is answered, over UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((ADDRESS, 0))
        port = listener.getsockname()[1]

        def serve() -> None:
            while True:
                data, peer = listener.recvfrom(4096)
                if not data:
                    return
                listener.sendto(zone.reply(data), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", (ADDRESS, port))
            thread.join(5)


def stub(port: int) -> str:
    """Lines that make Unbound ask that server, and nobody else, for the zone."""
    return (
        "  do-not-query-localhost: no\n  log-servfail: no\n"
        f'stub-zone:\n  name: "{ORIGIN}"\n  stub-addr: {ADDRESS}@{port}\n'
    )
