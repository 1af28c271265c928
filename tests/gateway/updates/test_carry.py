"""Lists from a file or a stick: chosen by name, judged as fetched ones are."""

import gzip
import hashlib
import os
from dataclasses import replace

import pytest

from gateway.updates.carry import CarryError, carry
from gateway.updates.sources import Source, Untouchable
from gateway.updates.update import Room
from tests.gateway.updates.conftest import NOW, hosts
from tests.gateway.updates.test_signature import key_of, signed

SOURCES = (Source("malware", "lists/malware.hosts"), Source("ads", "ads.txt"), Source("ads-2", "more/ads.txt"))
GOOD = hosts(100)


@pytest.fixture
def room(tmp_path):
    (tmp_path / "lists").mkdir()
    return Room(tmp_path / "lists", Untouchable((), ()), lambda name, file: None, NOW)


@pytest.fixture
def stick(tmp_path):
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def test_a_file_is_told_by_its_name(room, stick):
    (stick / "malware.hosts").write_bytes(GOOD)
    ((name, outcome),) = carry(stick / "malware.hosts", SOURCES, room)
    assert (name, outcome.what) == ("malware", "new")
    assert (room.lists / "lists/malware.hosts").read_bytes() == GOOD


def test_a_folder_brings_every_list_it_has_packed_or_not(room, stick):
    (stick / "malware.hosts.gz").write_bytes(gzip.compress(GOOD))
    (stick / "ads.txt").write_bytes(hosts(5))
    (stick / "holiday.jpg").write_bytes(b"\xff\xd8")
    assert [(n, o.what) for n, o in carry(stick, SOURCES, room)] == [(s.name, "new") for s in SOURCES]
    assert (room.lists / "lists/malware.hosts").read_bytes() == GOOD


def test_another_name_needs_the_list(room, stick):
    (stick / "x").write_bytes(GOOD)
    with pytest.raises(CarryError, match="does not tell for which list") as refused:
        carry(stick / "x", SOURCES, room)
    assert "malware (malware.hosts)" in refused.value.hint and "--list" in refused.value.hint
    assert carry(stick / "x", SOURCES, room, "malware")[0][1].what == "new"


def test_a_wrong_path_and_a_folder_without_lists_are_told_apart(room, stick):
    with pytest.raises(CarryError, match="no such file or folder"):
        carry(stick / "absent", SOURCES, room, "malware")
    (stick / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(CarryError, match="none of its files has the name") as refused:
        carry(stick, SOURCES, room)
    assert "malware (malware.hosts)" in refused.value.hint


def test_a_name_of_two_lists_needs_the_list(room, stick):
    (stick / "ads.txt").write_bytes(GOOD)
    with pytest.raises(CarryError, match="several lists"):
        carry(stick / "ads.txt", SOURCES, room)


def test_a_doubtful_file_is_held_back(room, stick):
    (stick / "malware.hosts").write_bytes(GOOD)
    carry(stick, SOURCES, room)
    (stick / "malware.hosts").write_bytes(hosts(10))
    assert carry(stick, SOURCES, room)[0][1].what == "held back"
    assert (room.lists / "lists/malware.hosts").read_bytes() == GOOD


def test_a_link_or_a_pipe_on_the_stick_is_not_read(room, stick, tmp_path):
    (tmp_path / "secret").write_bytes(GOOD)
    (stick / "malware.hosts").symlink_to(tmp_path / "secret")
    os.mkfifo(stick / "ads.txt")
    outcomes = carry(stick, SOURCES[:2], room)
    assert [o.what for _, o in outcomes] == ["failed", "failed"] and "it is no file" in outcomes[1][1].words
    assert not (room.lists / "lists/malware.hosts").exists()


def test_a_signature_the_site_asks_for_must_lie_beside(room, stick, signer):
    signing = (replace(SOURCES[0], minisign=key_of(signer)),)
    (stick / "malware.hosts").write_bytes(GOOD)
    assert ".minisig" in carry(stick, signing, room)[0][1].words
    (stick / "malware.hosts.minisig").write_bytes(signed(signer, GOOD))
    assert carry(stick, signing, room)[0][1].what == "new"


def test_a_sum_beside_it_is_checked(room, stick):
    (stick / "malware.hosts").write_bytes(GOOD)
    (stick / "malware.hosts.sha256").write_text("0" * 64)
    assert "SHA-256" in carry(stick, SOURCES, room)[0][1].words
    (stick / "malware.hosts.sha256").write_text(hashlib.sha256(GOOD).hexdigest())
    assert carry(stick, SOURCES, room)[0][1].what == "new"
