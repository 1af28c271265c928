"""`python -m tests.bench.dns_upstream ADDRESS`: the upstream of all three servers: every name has two addresses.

May live here: the octets of an answer, as quickly as a Python process can give them. May not: measuring.
"""

import socket
import struct
import sys

PORT = 53
TTL = 86_400
_HEAD = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHHIH")
_ADDRESSES = {1: (bytes((192, 0, 2, 80)), bytes((198, 51, 100, 80))), 28: (b"\x20\x01\x0d\xb8" + bytes(11) + b"\x50",)}


def reply(query: bytes) -> bytes:
    """The answer to a question; to a type other than A and AAAA an empty one."""
    end = query.index(0, _HEAD.size) + 5
    rtype = int.from_bytes(query[end - 4 : end - 2], "big")
    records = [_RECORD.pack(0xC00C, rtype, 1, TTL, len(one)) + one for one in _ADDRESSES.get(rtype, ())]
    return query[:2] + _HEAD.pack(0, 0x8180, 1, len(records), 0, 0)[2:] + query[_HEAD.size : end] + b"".join(records)


def main(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        server.bind((address, PORT))
        while True:
            data, peer = server.recvfrom(4096)
            if len(data) > _HEAD.size:
                server.sendto(reply(data), peer)


if __name__ == "__main__":
    main(sys.argv[1])
