"""Is this the file its publisher signed? SHA-256 sums, and minisign signatures.

minisign: <https://jedisct1.github.io/minisign/>, prehashed form only ("ED": Ed25519 over BLAKE2b-512 of the file). The
curve itself (RFC 8032) is openssl(1)'s, a part of Debian: our own would be unwise, another library one more to watch.

May live here: these two checks. May not: fetching sums and signatures.
"""

import base64
import binascii
import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

_SUM = re.compile(r"(?:^|\s|=)([0-9a-fA-F]{64})(?:\s|$)")
_KEY_PREFIX = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo of Ed25519, RFC 8410 section 4
_SECONDS = 20
MAX_TEXT = 1 << 16  # octets of a sum's or a signature's file


class SignatureError(Exception):
    """Not proven to be the publisher's; the message says why."""


def check_sum(file: Path, sums: bytes) -> None:
    """`sums`: a sum alone, or the lines of sha256sum(1). Raises SignatureError, OSError."""
    lines = sums[:MAX_TEXT].decode("utf-8", "replace").splitlines()
    found = [match[1].lower() for line in lines if (match := _SUM.search(line))]
    if not found:
        raise SignatureError("the publisher's SHA-256 file holds no sum")
    with file.open("rb") as content:
        own = hashlib.file_digest(content, "sha256").hexdigest()
    if own not in found:
        raise SignatureError(f"its SHA-256 sum {own[:16]}... is not the publisher's")


def check_minisign(file: Path, signature: bytes, key: str) -> None:
    """`key`: the base64 text of the public key. Raises SignatureError, OSError."""
    public = _decoded(key.encode(), 42, "the public key")
    lines = signature[:MAX_TEXT].splitlines()
    if len(lines) < 4 or not lines[2].startswith(b"trusted comment: "):
        raise SignatureError("its signature file is none of minisign's")
    signed, whole = _decoded(lines[1], 74, "the signature"), _decoded(lines[3], 64, "the signature of the comment")
    if signed[:2] != b"ED" or public[:2] != b"Ed":
        raise SignatureError("its signature is not of minisign's prehashed kind")
    if signed[2:10] != public[2:10]:
        raise SignatureError("it is signed with another key than the site's")
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "blake2b").digest()
    comment = lines[2].removeprefix(b"trusted comment: ")
    if not _verified(public[10:], digest, signed[10:]):
        raise SignatureError("its signature is wrong: not the publisher's file, or changed on the way")
    if not _verified(public[10:], signed[10:] + comment, whole):
        raise SignatureError("the signature of its comment is wrong")


def _verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Raises OSError without openssl: a check that cannot be made is not passed."""
    with tempfile.TemporaryDirectory(prefix="clinicgate-signature-") as place:
        folder = Path(place)
        for name, content in (("key", _KEY_PREFIX + public), ("message", message), ("signature", signature)):
            (folder / name).write_bytes(content)
        try:
            done = subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin",
                 "-in", "message", "-sigfile", "signature"],
                cwd=folder, capture_output=True, timeout=_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0


def _decoded(text: bytes, size: int, what: str) -> bytes:
    try:
        value = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        value = b""
    if len(value) != size:
        raise SignatureError(f"{what} cannot be read")
    return value
