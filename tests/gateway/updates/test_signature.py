"""SHA-256 sums and minisign signatures: the right one passes, every other one does not."""

import base64
import hashlib
from pathlib import Path

import pytest

from gateway.updates.signature import SignatureError, check_minisign, check_sum

NUMBER = b"12345678"
CONTENT = b"0.0.0.0 bad.example\n"


def key_of(signer, number: bytes = NUMBER) -> str:
    return base64.b64encode(b"Ed" + number + signer.public).decode()


def signed(signer, content: bytes = CONTENT, kind: bytes = b"ED", comment: bytes = b"today") -> bytes:
    signature = signer.sign(hashlib.blake2b(content).digest())
    whole = signer.sign(signature + comment)
    lines = [
        b"untrusted comment: x", base64.b64encode(kind + NUMBER + signature),
        b"trusted comment: " + comment, base64.b64encode(whole), b"",
    ]  # fmt: skip
    return b"\n".join(lines)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "list").write_bytes(CONTENT)
    return tmp_path / "list"


def test_the_publishers_signature_passes(file, signer):
    assert check_minisign(file, signed(signer), key_of(signer)) is None


def test_a_changed_file_does_not(file, signer):
    file.write_bytes(CONTENT + b"0.0.0.0 ameli.fr\n")
    with pytest.raises(SignatureError, match="changed on the way"):
        check_minisign(file, signed(signer), key_of(signer))


def test_a_changed_comment_does_not(file, signer):
    with pytest.raises(SignatureError, match="of its comment is wrong"):
        check_minisign(file, signed(signer).replace(b"today", b"2030!"), key_of(signer))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: b"", "none of minisign's"),
        (lambda text: text.replace(b"trusted", b"t"), "none of minisign's"),
        (lambda text: text.splitlines()[0] + b"\n!!\n" + b"\n".join(text.splitlines()[2:]), "cannot be read"),
    ],
)
def test_a_broken_signature_file_does_not(file, signer, change, words):
    with pytest.raises(SignatureError, match=words):
        check_minisign(file, change(signed(signer)), key_of(signer))


def test_another_key_or_kind_does_not(file, signer):
    with pytest.raises(SignatureError, match="another key"):
        check_minisign(file, signed(signer), key_of(signer, b"87654321"))
    with pytest.raises(SignatureError, match="prehashed"):
        check_minisign(file, signed(signer, kind=b"Ed"), key_of(signer))


@pytest.mark.parametrize("form", ["{}", "{}  list.txt\n", "x" * 64 + "\nSHA256 (list) = {}\n"])
def test_the_right_sum_passes(file, form):
    assert check_sum(file, form.format(hashlib.sha256(CONTENT).hexdigest().upper()).encode()) is None


@pytest.mark.parametrize(
    ("sums", "words"), [(b"", "no sum"), (b"<html>", "no sum"), (b"0" * 64, "not the publisher's")]
)
def test_another_sum_does_not(file, sums, words):
    with pytest.raises(SignatureError, match=words):
        check_sum(file, sums)
