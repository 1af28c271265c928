"""Fetching one file: only when it is new, going on where the last try broke off, bounded in octets and time.

RFC 9110: conditional requests (section 13), Range and If-Range (sections 13.1.5, 14.2), redirects (section 15.4).

May live here: the conversation with a publisher's server. May not: sockets (connection.py), what the file is worth.
"""

import http.client
import os
import re
from dataclasses import dataclass
from pathlib import Path

from gateway import durable
from gateway.updates.connection import RefusedAddressError, answer, following, same_place, target_of
from ruleset.problems import printable

MAX_OCTETS = 100 << 20
TOTAL_SECONDS = 900.0
MAX_REDIRECTS = 5
CHUNK = 1 << 16
MAX_TAG = 500  # characters of an ETag or a date that are kept
_RANGE = re.compile(r"bytes (\d{1,12})-\d{1,12}/(\d{1,12}|\*)")
_REDIRECTS = (301, 302, 303, 307, 308)


class FetchError(Exception):
    """No file, and why; the next try may go on where this one ended."""


@dataclass(frozen=True, slots=True)
class Version:
    """What a server calls a version of a file; empty where it does not say."""

    etag: str = ""
    modified: str = ""


NO_VERSION = Version()


@dataclass(frozen=True, slots=True)
class Bounds:
    octets: int = MAX_OCTETS
    seconds: float = TOTAL_SECONDS


WHOLE_LIST = Bounds()


@dataclass(frozen=True, slots=True)
class Fetched:
    """`version` of the file that now lies at the place asked for; `packed`: it is gzip by Content-Encoding."""

    version: Version
    packed: bool


def fetch(url: str, place: Path, known: Version = NO_VERSION, bounds: Bounds = WHOLE_LIST) -> Fetched | None:
    """The file at `url` lies whole at `place`; None: it is still the `known` version. Raises FetchError.

    `place` and `place`.json beside it may hold the beginning of an earlier try.
    """
    start, moved = url, False
    try:
        for _ in range(MAX_REDIRECTS + 1):
            target = target_of(url, public_only=not same_place(url, start))
            beginning = _beginning(place, start)
            with answer(target, _headers(beginning, known), bounds.seconds) as got:
                if got.status in _REDIRECTS:
                    moved = True
                    url = following(url, got.headers.get("Location") or "")
                    continue
                if got.status == 416:  # the beginning is no beginning of what is there now
                    _forget(place)
                    continue
                return _take(got, place, start, beginning, bounds)
    except RefusedAddressError as error:
        raise FetchError(f"{'redirected: ' if moved else ''}{error}") from None
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"{_kept(place)}{printable(str(error) or type(error).__name__)}") from None
    raise FetchError(f"redirected more than {MAX_REDIRECTS} times")


def _headers(beginning: tuple[int, Version] | None, known: Version) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "clinicgate", "Accept": "*/*"}
    if beginning is not None:
        size, version = beginning
        return headers | {"Range": f"bytes={size}-", "If-Range": version.etag or version.modified}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.modified:
        headers["If-Modified-Since"] = known.modified
    return headers


def _take(
    got: http.client.HTTPResponse, place: Path, url: str, beginning: tuple[int, Version] | None, bounds: Bounds
) -> Fetched | None:
    if got.status == 304:
        return None
    if got.status not in (200, 206):
        raise FetchError(f"the server says {got.status} {printable(got.reason, 60)}")
    offset = 0
    if got.status == 206:
        match = _RANGE.fullmatch(got.headers.get("Content-Range") or "")
        if beginning is None or match is None or int(match[1]) != beginning[0]:
            _forget(place)
            raise FetchError("the server sent another part than it was asked for")
        offset = beginning[0]
    encoding = (got.headers.get("Content-Encoding") or "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise FetchError(f"the server packed it as {printable(encoding, 40)}, which nobody asked for")
    version = Version(_tag(got.headers.get("ETag")), _tag(got.headers.get("Last-Modified")))
    if offset == 0:
        _forget(place)
        durable.write_json(_about(place), {"url": url, "etag": version.etag, "modified": version.modified})
    _write(got, place, offset, bounds.octets)
    return Fetched(version, "gzip" in encoding)


def _write(got: http.client.HTTPResponse, place: Path, offset: int, bound: int) -> None:
    """The body behind the `offset` octets that are there."""
    told = got.length
    if told is None and not got.chunked:
        raise FetchError("the server does not say how long it is, so nobody could tell whether it is whole")
    if told is not None and offset + told > bound:
        raise FetchError(f"it is larger than {bound >> 20} MiB")
    size = offset
    with place.open("r+b" if offset else "wb") as file:
        file.seek(offset)
        while chunk := got.read1(CHUNK):
            size += len(chunk)
            if size > bound:
                _forget(place)
                raise FetchError(f"it is larger than {bound >> 20} MiB")
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if told is not None and size != offset + told:
        raise FetchError(f"{_kept(place)}the connection ended")


def _beginning(place: Path, url: str) -> tuple[int, Version] | None:
    """How much of which version is there already; only a strong ETag or a date can be asked to go on."""
    about = durable.read_json(_about(place)) or {}
    version = Version(_tag(about.get("etag")), _tag(about.get("modified")))
    try:
        size = place.stat().st_size
    except OSError:
        return None
    if about.get("url") != url or size == 0 or version.etag.startswith("W/") or version == NO_VERSION:
        return None
    return size, version


def _kept(place: Path) -> str:
    try:
        size = place.stat().st_size
    except OSError:
        return ""
    return f"broke off after {size} octets, the next try goes on there: " if size else ""


def _forget(place: Path) -> None:
    place.unlink(missing_ok=True)
    _about(place).unlink(missing_ok=True)


def _about(place: Path) -> Path:
    return place.with_name(place.name + ".json")


def _tag(text: object) -> str:
    """A header's value as it may be sent back."""
    value = text if isinstance(text, str) else ""
    return value if len(value) <= MAX_TAG and value.isascii() and value.isprintable() else ""
