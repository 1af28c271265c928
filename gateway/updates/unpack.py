"""gzip (RFC 1952), unpacked as a stream and never beyond a bound: a bomb ends there, in a few pieces of memory.

May live here: this. May not: other packings.
"""

import os
import zlib
from pathlib import Path

MAX_OCTETS = 128 << 20  # unpacked: what the resolver reads at most
CHUNK = 1 << 16
MAGIC = b"\x1f\x8b"
_WINDOW = 16 + zlib.MAX_WBITS  # gzip's header and check, not zlib's


class PackedError(Exception):
    """It cannot be unpacked; the message says why."""


def is_packed(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(2) == MAGIC


def unpack(file: Path, into: Path, bound: int = MAX_OCTETS) -> None:
    """Raises PackedError, OSError; `into` may then hold a part."""
    size = 0
    engine = zlib.decompressobj(_WINDOW)
    with file.open("rb") as packed, into.open("wb") as plain:
        try:
            while True:
                data = engine.unconsumed_tail or engine.unused_data or packed.read(CHUNK)
                if engine.eof and data:  # another member follows, RFC 1952 section 2.2
                    engine = zlib.decompressobj(_WINDOW)
                piece = engine.decompress(data, CHUNK)
                if not data and not piece:
                    break
                size += len(piece)
                if size > bound:
                    raise PackedError(f"unpacked it is larger than {bound >> 20} MiB")
                plain.write(piece)
        except zlib.error as error:
            raise PackedError(f"it cannot be unpacked: {error}") from None
        if not engine.eof:
            raise PackedError("it is cut off: the packed file has no end")
        plain.flush()
        os.fsync(plain.fileno())
