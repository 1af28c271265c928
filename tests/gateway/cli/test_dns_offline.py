"""Explaining a name from a site file and its lists alone: no process of the product is running."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli.dns_offline import list_file
from tests.gateway.cli.conftest import Done

Cli = Callable[..., Done]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    (tmp_path / "malware.hosts").write_text("# title\n0.0.0.0 bad.example\n")
    return tmp_path


def test_a_listed_name_is_explained_with_list_and_line(clinicgate: Cli, naika: Path, lists: Path) -> None:
    done = clinicgate("dns", "explain", "bad.example", "--from", "reception-1", "--site", naika, "--lists", lists)
    assert done.returncode == 0, done.stderr
    assert "asked by reception-1 (10.10.20.11, zone pc)" in done.stdout
    assert "list malware (malware.hosts), line 2" in done.stdout
    assert "that line now reads: 0.0.0.0 bad.example" in done.stdout
    assert "--device reception-1" in done.stdout


def test_what_the_packs_protect_is_told(clinicgate: Cli, naika: Path, lists: Path) -> None:
    text = naika.read_text().replace("dns:\n", "dns:\n  protected: [vendor.example]\n", 1)
    assert "vendor.example" in text
    site = lists / "site.yaml"
    site.write_text(text)
    (lists / "malware.hosts").write_text("0.0.0.0 a.vendor.example\n")
    words = ("dns", "explain", "a.vendor.example", "--from", "pc", "--site", site, "--lists", lists, "--json")
    told = json.loads(clinicgate(*words).stdout)
    assert (told["verdict"]["reason"], told["verdict"]["list"], told["protected"]) == (
        "protected", "malware", "vendor.example",
    )  # fmt: skip


@pytest.mark.parametrize("text", [None, "<html>error</html>\n"])
def test_a_list_that_cannot_be_had_is_told(clinicgate: Cli, naika: Path, lists: Path, text: str | None) -> None:
    (lists / "malware.hosts").unlink()
    if text is not None:
        (lists / "malware.hosts").write_text(text)
    done = clinicgate("dns", "explain", "bad.example", "--from", "pc", "--site", naika, "--lists", lists)
    assert done.returncode == 1 and "List not read: malware:" in done.stdout
    assert "UNDECIDED: list malware could not be read" in done.stdout and "PASSES" not in done.stdout


def test_a_list_of_others_does_not_matter(clinicgate: Cli, naika: Path, lists: Path) -> None:
    (lists / "malware.hosts").unlink()
    done = clinicgate("dns", "explain", "bad.example", "--from", "srv", "--site", naika, "--lists", lists)
    assert done.returncode == 0 and "PASSES THE FILTER" in done.stdout, done.stderr


@pytest.mark.parametrize("word", ["10.10.20.11", "2001:DB8:10:20::11", "02-00-0A-0A-14-0B"])
def test_an_address_or_mac_of_a_device_is_that_device(clinicgate: Cli, naika: Path, lists: Path, word: str) -> None:
    done = clinicgate("dns", "explain", "bad.example", "--from", word, "--site", naika, "--lists", lists)
    assert "asked by reception-1 (" in done.stdout and "--device reception-1" in done.stdout, done.stderr


def test_who_may_not_ask_is_told_so(clinicgate: Cli, naika: Path, lists: Path) -> None:
    done = clinicgate("dns", "explain", "bad.example", "--from", "camera-1", "--site", naika, "--lists", lists)
    assert "camera-1 may not ask the gateway for names: zone cam, refused by core:refused:cam" in done.stdout
    done = clinicgate("dns", "explain", "bad.example", "--from", "pc", "--site", naika, "--lists", lists)
    assert "may not ask" not in done.stdout


def test_a_moment_is_the_clinics(clinicgate: Cli, naika: Path, lists: Path) -> None:
    words = ("dns", "explain", "bad.example", "--from", "pc", "--site", naika, "--lists", lists)
    assert "2026-11-23 10:00 JST" in clinicgate(*words, "--at", "2026-11-23T10:00").stdout


def test_errors_have_a_way_out(clinicgate: Cli, naika: Path, broken: Path, lists: Path) -> None:
    done = clinicgate("dns", "explain", "a.example", "--from", "nobody", "--site", naika, "--lists", lists)
    assert done.returncode == 1 and "its zones:" in done.stderr
    done = clinicgate("dns", "explain", "a.example", "--from", "reception-l", "--site", naika, "--lists", lists)
    assert done.returncode == 1 and "reception-1?" in done.stderr
    done = clinicgate("dns", "explain", "a.example", "--from", "pc", "--site", broken, "--lists", lists)
    assert done.returncode == 1 and "no zone 'mgmnt'" in done.stderr


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "absent", "."])
def test_no_list_lies_outside_its_folder(lists: Path, path: str) -> None:
    (lists.parent / "outside").write_text("x")
    with pytest.raises(FileNotFoundError, match="no file"):
        list_file(lists, path)
    (lists.parent / "outside").unlink()
