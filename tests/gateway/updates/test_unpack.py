"""gzip: whole files come out whole, bombs and broken files end early."""

import gzip
from pathlib import Path

import pytest

from gateway.updates.unpack import PackedError, is_packed, unpack

TEXT = b"".join(b"0.0.0.0 %d.example\n" % n for n in range(50_000))


def unpacked(tmp_path: Path, packed: bytes, bound: int = 8 << 20) -> bytes:
    (tmp_path / "packed").write_bytes(packed)
    unpack(tmp_path / "packed", tmp_path / "plain", bound)
    return (tmp_path / "plain").read_bytes()


@pytest.mark.parametrize("text", [b"", TEXT, b"a" * (4 << 20)])
def test_what_went_in_comes_out(tmp_path: Path, text: bytes):
    assert unpacked(tmp_path, gzip.compress(text)) == text


def test_several_members_are_one_file(tmp_path: Path):
    assert unpacked(tmp_path, gzip.compress(TEXT) + gzip.compress(b"end\n")) == TEXT + b"end\n"


def test_a_bomb_ends_at_the_bound(tmp_path: Path):
    with pytest.raises(PackedError, match="larger than 1 MiB"):
        unpacked(tmp_path, gzip.compress(bytes(32 << 20)), bound=1 << 20)
    assert (tmp_path / "plain").stat().st_size <= 1 << 20


@pytest.mark.parametrize("cut", [5, 1000, -1])
def test_a_cut_off_file_is_refused(tmp_path: Path, cut: int):
    with pytest.raises(PackedError, match="cut off"):
        unpacked(tmp_path, gzip.compress(TEXT)[:cut])


def test_a_damaged_file_is_refused(tmp_path: Path):
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1
    with pytest.raises(PackedError, match="cannot be unpacked"):
        unpacked(tmp_path, bytes(packed))


def test_gzip_is_told_by_its_first_octets(tmp_path: Path):
    (tmp_path / "a").write_bytes(gzip.compress(b""))
    (tmp_path / "b").write_bytes(b"")
    assert is_packed(tmp_path / "a") and not is_packed(tmp_path / "b")
