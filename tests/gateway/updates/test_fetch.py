"""Conversations with a real HTTPS server that keeps to the rules, and with one that does not."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.lab import authority
from gateway.updates.fetch import NO_VERSION, Bounds, Fetched, FetchError, Version, fetch
from tests.gateway.updates.conftest import Page, Publisher

TEXT = b"".join(b"0.0.0.0 bad-%d.example\n" % n for n in range(5000))


@dataclass
class Getter:
    publisher: Publisher
    place: Path

    def __call__(self, page: Page, known: Version = NO_VERSION, **bounds) -> Fetched | None:
        self.publisher.pages["/list"] = page
        return fetch(self.publisher.url(), self.place, known, Bounds(**bounds))


@pytest.fixture
def get(publisher, tmp_path) -> Getter:
    return Getter(publisher, tmp_path / "download")


def test_a_new_file_lies_there_whole_with_its_version(get):
    got = get(Page(TEXT, etag='"1"', headers={"Last-Modified": "Fri, 01 Jan 2027 00:00:00 GMT"}))
    assert got == Fetched(Version('"1"', "Fri, 01 Jan 2027 00:00:00 GMT"), packed=False)
    assert get.place.read_bytes() == TEXT


def test_an_old_one_is_not_sent_again(get):
    assert get(Page(TEXT, etag='"1"'), Version('"1"', "yesterday")) is None
    assert (
        get.publisher.asked[0]["If-None-Match"] == '"1"' and get.publisher.asked[0]["If-Modified-Since"] == "yesterday"
    )
    assert not get.place.exists()


def test_a_broken_download_goes_on_where_it_ended(get):
    with pytest.raises(FetchError, match="broke off after 40000 octets, the next try goes on there"):
        get(Page(TEXT, etag='"1"', breaks=40_000))
    assert get(Page(TEXT, etag='"1"')) is not None
    assert get.publisher.asked[1]["Range"] == "bytes=40000-" and get.place.read_bytes() == TEXT


@pytest.mark.parametrize("etag", ['"2"', ""])
def test_a_download_starts_anew_when_the_file_changed_meanwhile(get, etag):
    with pytest.raises(FetchError):
        get(Page(b"x" * 80_000, etag='"1"', breaks=40_000))
    assert get(Page(TEXT, etag=etag)) is not None
    assert get.place.read_bytes() == TEXT


def test_no_part_is_asked_for_without_a_strong_version(get):
    for etag in ("", 'W/"1"'):
        with pytest.raises(FetchError):
            get(Page(TEXT, etag=etag, breaks=40_000))
    assert [asked["Range"] for asked in get.publisher.asked] == [None, None]


def test_a_whole_file_from_an_earlier_try_is_fetched_again(get):
    page = Page(TEXT, etag='"1"')
    get(page)
    assert get(page) is not None and get.place.read_bytes() == TEXT
    assert [asked["Range"] for asked in get.publisher.asked] == [None, f"bytes={len(TEXT)}-", None]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Page(status=404), "the server says 404"),
        (Page(status=500, body=b"<html>"), "the server says 500"),
        (Page(TEXT, headers={"Content-Encoding": "br"}), "packed it as br"),
        (Page(TEXT, status=206, headers={"Content-Range": "bytes 5-9/10"}), "another part"),
        (Page(status=302, headers={"Location": "http://localhost/x"}), "redirected: .*no.* https"),
        (Page(status=302, headers={"Location": "https://127.0.0.1:1/x"}), "redirected: .*private"),
        (Page(status=302, headers={"Location": "https://169.254.169.254/x"}), "redirected: .*private"),
        (Page(status=302, headers={"Location": "/list"}), "more than 5 times"),
        (Page(status=302, headers={"Location": "https://[::1"}), "redirected"),
    ],
)
def test_answers_that_bring_nothing(get, page, words):
    with pytest.raises(FetchError, match=words):
        get(page)


def test_a_redirect_within_the_place_is_followed(get):
    get.publisher.pages["/new"] = Page(TEXT, etag='"n"')
    got = get(Page(status=301, headers={"Location": "/new"}))
    assert got is not None and got.version.etag == '"n"' and get.place.read_bytes() == TEXT


def test_a_file_beyond_the_bound_is_not_taken(get):
    with pytest.raises(FetchError, match="larger than 0 MiB"):
        get(Page(TEXT), octets=1000)
    assert not get.place.exists()


def chunked(*chunks: bytes) -> Page:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return Page(body, headers={"Transfer-Encoding": "chunked"}, says_length=False)


def test_a_file_in_chunks_is_taken_up_to_the_bound_and_only_whole(get):
    assert get(chunked(TEXT, b"")) is not None and get.place.read_bytes() == TEXT
    with pytest.raises(FetchError, match="IncompleteRead"):
        get(chunked(TEXT))
    with pytest.raises(FetchError, match="larger than 0 MiB"):
        get(chunked(*[TEXT] * 10, b""), octets=len(TEXT) + 1)
    assert not get.place.exists()


def test_a_file_of_unknown_length_is_not_taken(get):
    with pytest.raises(FetchError, match="does not say how long it is"):
        get(Page(TEXT, says_length=False))


def test_a_server_that_stops_sending_is_left(get):
    with pytest.raises(FetchError, match="broke off after 1000 octets"):
        get(Page(TEXT, breaks=1000, hangs=True), seconds=0.5)


def test_a_strangers_certificate_is_refused(get, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    authority.make(tmp_path / "other/root.pem", tmp_path / "other/server.pem", ["localhost"])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other/root.pem"))
    with pytest.raises(FetchError, match=r"(?i)certificate verify failed"):
        get(Page(TEXT))
    assert not get.publisher.asked


def test_a_certificate_for_another_name_is_refused(get):
    get.publisher.pages["/list"] = Page(TEXT)
    with pytest.raises(FetchError, match=r"(?i)certificate verify failed"):
        fetch(get.publisher.url().replace("localhost", "127.0.0.1"), get.place)


def test_nobody_there(get):
    get.publisher.pages["/list"] = Page(TEXT)
    with pytest.raises(FetchError, match="refused"):
        fetch("https://localhost:1/list", get.place)
