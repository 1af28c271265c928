"""STUN, recognised by its header (RFC 8489 section 5): what calls send to learn whether media can flow.

May live here: telling whether octets are a STUN message. May not: answering one.
"""

MAGIC_COOKIE = bytes.fromhex("2112a442")
HEADER_OCTETS = 20


def is_stun(data: bytes) -> bool:
    """Two zero bits, the length of the rest (a multiple of 4), the cookie: no DNS message anybody sends is like it."""
    return (
        len(data) >= HEADER_OCTETS
        and data[4:8] == MAGIC_COOKIE
        and data[0] < 0x40
        and int.from_bytes(data[2:4], "big") == len(data) - HEADER_OCTETS
        and not len(data) % 4
    )
