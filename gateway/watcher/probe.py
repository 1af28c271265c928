"""Does the resolver answer? One question a time over UDP, to the gateway's own address, without waiting for it.

Any answer counts, also a refusal: the question is whether somebody is there. The name asked is one that never leaves
the box: it is below `.invalid` (RFC 6761, section 6.4).

May live here: that one socket. May not: what the answer says.
"""

import secrets
import socket

QUESTION = b"\x10clinicgate-probe\x07invalid\0\0\1\0\1"
PORT = 53


class ResolverProbe:
    """`ask` sends a question, `answered` tells whether an answer to the last one is there. Neither blocks or raises."""

    def __init__(self, port: int = PORT) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._id = b""

    def ask(self, address: str) -> None:
        """Ask the resolver at `address`; what was asked before is forgotten."""
        self.close()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._id = secrets.token_bytes(2)
        try:
            self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            self._socket.connect((address, self._port))
            self._socket.send(self._id + b"\1\0\0\1\0\0\0\0\0\0" + QUESTION)
        except OSError:
            self.close()

    def answered(self) -> bool:
        """True once, when a message with our id and the response bit (RFC 1035, 4.1.1) has come."""
        if self._socket is None:
            return False
        try:
            answer = self._socket.recv(512)
        except OSError:
            return False
        return answer[:2] == self._id and len(answer) >= 12 and bool(answer[2] & 0x80)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
