"""The whole way of a list: new, same, held back, broken, killed, and always a good list in its place."""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.client import EnforcerUnavailable
from gateway.resolver.journal import Journal
from gateway.resolver.shelf import Shelf
from gateway.updates import record
from gateway.updates.compiled import CompiledFolder
from gateway.updates.confined import ROOT
from tests.gateway.updates.conftest import NOW, hosts
from tests.gateway.updates.test_signature import key_of, signed

GOOD = hosts(1000)


@pytest.fixture
def good(bench):
    """A bench whose list was fetched once."""
    bench.serve(GOOD, etag='"1"')
    assert bench.update().what == "new"
    return bench


def known(bench):
    return record.read(bench.work / "record.json")


def test_a_new_list_is_in_its_place_for_everybody_to_read(good):
    assert good.file.read_bytes() == GOOD and good.file.stat().st_mode & 0o777 == 0o644
    assert known(good).about.rules == 1000 and known(good).planned == NOW + timedelta(hours=24)
    assert sorted(file.name for file in good.work.iterdir()) == ["record.json"]


@pytest.fixture
def shelf(good, tmp_path):
    """The resolver's, which finds the lists compiled by the updates."""
    folder = CompiledFolder(tmp_path / "compiled")
    good.room = replace(good.room, compiled=folder)
    return Shelf(good.room.lists, folder, Journal(), tmp_path / "status.json")


def test_a_good_version_is_compiled_before_it_is_in_its_place(good, shelf, tmp_path):
    wanted = {"malware": good.source.path}
    assert shelf.load(wanted) == {} and len(shelf.waiting) == 1  # fetched when nothing was compiled
    good.serve(hosts(1001), etag='"2"')
    good.update()
    assert shelf.changed(wanted) and len(shelf.load(wanted)["malware"].file) == 1001 and shelf.waiting == ()
    assert {file.name for file in good.work.iterdir()} == {"record.json", "before"}
    assert known(good).about.memory > 1 << 20


def test_what_is_held_back_is_not_compiled(good, shelf, tmp_path):
    good.serve(hosts(300), etag='"2"')
    assert good.update().what == "held back"
    assert [file.name for file in (tmp_path / "compiled").iterdir()] == ["key"]
    assert sorted(file.name for file in good.work.iterdir()) == ["record.json"]


def test_a_folder_for_compiled_lists_that_cannot_be_used_is_no_reason_to_fail(good, shelf, tmp_path):
    (tmp_path / "compiled").write_text("no folder")
    good.serve(hosts(1001), etag='"2"')
    assert good.update().what == "new" and good.file.read_bytes() == hosts(1001)


def test_nothing_new_touches_nothing(good):
    before = good.file.stat()
    later = NOW + timedelta(days=1)
    assert good.update(now=later, force=False).what == "same"
    assert good.file.stat() == before and known(good).fresh == later


def test_nobody_is_asked_before_it_is_time(good):
    assert good.update(force=False).what == "early" and len(good.publisher.asked) == 1


def test_the_next_version_replaces_it_and_the_one_before_is_kept_for_a_month(good):
    good.serve(hosts(1100), etag='"2"')
    assert good.update().what == "new"
    assert good.file.read_bytes() == hosts(1100) and (good.work / "before").read_bytes() == GOOD
    good.update(now=NOW + timedelta(days=30))
    assert (good.work / "before").exists()
    good.update(now=NOW + timedelta(days=31))
    assert not (good.work / "before").exists() and good.file.read_bytes() == hosts(1100)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no line of its beginning"),
        (b"<!DOCTYPE html>\n<html>Gateway error</html>\n", "web page"),
        (b"\x7fELF\0\0\0\1\n" * 50, "not UTF-8 text"),
        (hosts(300), "300 rules instead of 1000, a change of -70 %"),
        (hosts(1700), "a change of +70 %"),
        (GOOD[:-5], "cut off"),
        (gzip.compress(GOOD)[:-50], "cut off"),
    ],
)
def test_a_doubtful_version_is_held_back(good, body, words):
    good.serve(body, etag='"2"')
    outcome = good.update()
    assert outcome.what == "held back" and words in outcome.words
    assert good.file.read_bytes() == GOOD
    assert known(good).held and words in known(good).trouble and known(good).planned == NOW + timedelta(hours=1)
    assert sorted(file.name for file in good.work.iterdir()) == ["record.json"]


def test_a_person_takes_the_change(good):
    good.serve(hosts(300), etag='"2"')
    assert good.update(accept_change=True).what == "new" and good.file.read_bytes() == hosts(300)


def test_a_hit_on_a_protected_name_is_told_and_many_hold_it_back(good):
    good.serve(GOOD + b"0.0.0.0 www.ameli.fr\n", etag='"2"')
    assert "hits protected names, which stay free: ameli.fr" in good.update().words
    names = tuple(f"health-{n}.example" for n in range(4))
    good.serve(GOOD + b"".join(b"0.0.0.0 %s\n" % name.encode() for name in names), etag='"3"')
    outcome = good.update(untouchable=replace(good.room.untouchable, names=names))
    assert outcome.what == "held back" and "hits 4 protected names" in outcome.words


def test_a_failure_is_asked_again_sooner_and_says_why(good):
    good.publisher.pages.clear()
    assert good.update().words == "the server says 404 Not Found"
    assert (known(good).failures, known(good).planned) == (1, NOW + timedelta(hours=1))
    good.update()
    assert (known(good).failures, known(good).planned) == (2, NOW + timedelta(hours=2))


def test_a_packed_list_is_unpacked(good):
    good.serve(gzip.compress(hosts(1001)), etag='"2"')
    assert good.update().what == "new" and good.file.read_bytes() == hosts(1001)


def test_a_bomb_is_held_back_and_leaves_nothing(good):
    good.serve(gzip.compress(bytes(140 << 20), 1), etag='"2"')
    outcome = good.update()
    assert "unpacked it is larger than 128 MiB" in outcome.words and good.file.read_bytes() == GOOD
    assert sorted(file.name for file in good.work.iterdir()) == ["record.json"]


@pytest.mark.parametrize(("headers", "body"), [({}, GOOD), ({"Content-Encoding": "gzip"}, gzip.compress(GOOD))])
def test_signature_and_sum_of_the_publisher_are_checked(bench, signer, headers, body):
    bench.source = replace(bench.source, minisign=key_of(signer), sha256=bench.publisher.url("/sums"))
    bench.serve(body, headers=headers)
    bench.serve(signed(signer, GOOD), "/list.minisig")
    bench.serve(hashlib.sha256(GOOD).hexdigest().encode(), "/sums")
    assert bench.update().what == "new"
    bench.serve(hosts(1001))
    assert "not the publisher's file" in bench.update().words
    bench.serve(signed(signer, hosts(1001)), "/list.minisig")
    assert "SHA-256" in bench.update().words
    del bench.publisher.pages["/list.minisig"]
    assert bench.update().words == "the server says 404 Not Found" and bench.file.read_bytes() == GOOD


def test_an_address_list_is_handed_to_the_enforcer(bench):
    bench.source = replace(bench.source, category="addresses")
    bench.serve(b'{"cidr":"1.10.16.0/20"}\n{"cidr":"10.0.0.0/8"}\n{"type":"metadata","records":2,"copyright":"(c)"}\n')
    assert bench.update().what == "new"
    assert bench.handed == [("malware", "1.10.16.0/20\n")] and known(bench).about.terms == "(c)"


def test_an_address_list_is_offered_again_until_the_enforcer_takes_it(bench):
    def away(name, file):
        raise EnforcerUnavailable("no enforcer")

    bench.source = replace(bench.source, category="addresses")
    bench.serve(b"1.10.16.0/20\n")
    assert "not in the kernel's sets yet: no enforcer" in bench.update(hand_over=away).words
    assert bench.update(force=False).what == "early" and bench.handed == [("malware", "1.10.16.0/20\n")]
    assert bench.update(force=False).what == "early" and len(bench.handed) == 1 and known(bench).handed


def test_a_path_out_of_the_folder_is_refused(bench):
    bench.source = replace(bench.source, path="lists/../../x")
    assert "leads out" in bench.update().words


def test_a_list_without_an_address_is_a_persons_matter(bench):
    bench.source = replace(bench.source, url="")
    assert bench.update().what == "by hand"


KILLED = """
import json, os, signal, sys
from dataclasses import replace
from gateway.updates import confined, record, update
from gateway.updates.place import Place
from tests.gateway.updates.conftest import NOW
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
where = sys.argv[1]
if where == "reading": confined.inspect_names = die
if where == "before the swap": Place.install = die
if where == "after the swap": Place.forget_download = die
from pathlib import Path
room = update.Room(Path(sys.argv[2]), update.Untouchable((), ()), die, NOW)
update.update(update.Source("malware", "lists/malware.hosts", sys.argv[3]), room, force=True)
"""


def killed(bench, where: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", KILLED, where, str(bench.room.lists), bench.source.url]
    return subprocess.Popen(words, env=os.environ | {"PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("where", ["reading", "before the swap", "after the swap"])
def test_a_kill_leaves_a_whole_list_and_the_next_update_mends_the_rest(good, where):
    good.serve(hosts(1001), etag='"2"')
    assert killed(good, where).wait(30) == -signal.SIGKILL
    assert good.file.read_bytes() == (hosts(1001) if where == "after the swap" else GOOD)
    assert good.update().what == "new"
    assert good.file.read_bytes() == hosts(1001) and known(good).about.rules == 1001
    assert good.update().what == "same"


def test_a_kill_while_it_downloads_leaves_the_last_good_list(good):
    good.serve(hosts(1001), etag='"2"', breaks=20_000, hangs=True)
    process = killed(good, "")
    assert good.publisher.half_sent.wait(30)
    process.kill()
    process.wait(30)
    assert good.file.read_bytes() == GOOD
    good.serve(hosts(1001), etag='"2"')
    assert good.update().what == "new" and good.file.read_bytes() == hosts(1001)


def test_the_record_says_what_was_rejected(bench):
    bench.serve(hosts(50) + b"0.0.0.0 bad-1.example\n0.0.0.0 \x1b[31m\n")
    bench.update()
    told = json.loads((bench.work / "record.json").read_text())["about"]
    assert sum(told["rejects"].values()) == 2 and "\x1b" not in json.dumps(told, ensure_ascii=False)
