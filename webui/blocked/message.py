"""HTTP/1.x as far as a page needs it that is the same under every address: a request's head in, an answer's octets out.

The Host header is what a person or a program wanted to reach, and it is hostile: it is taken only as a plain host name
(RFC 1123, with the underscore that names in use have), an international one in its ASCII form, never as an address.

May live here: values in, values out. May not: sockets, texts for people.
Sources: RFC 9110 (semantics), RFC 9112 (messages).
"""

import re
from dataclasses import dataclass

MAX_HEAD = 8192  # octets
MAX_LANGUAGES = 200  # characters of Accept-Language
FORBIDDEN, BAD_REQUEST, TOO_LARGE = 403, 400, 431
REASONS = {FORBIDDEN: "Forbidden", BAD_REQUEST: "Bad Request", TOO_LARGE: "Request Header Fields Too Large"}

_REQUEST = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([!-~]{1,8000}) HTTP/1\.[01]\Z")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}\Z")
_PORT = re.compile(r":[0-9]{1,5}\Z")


@dataclass(frozen=True, slots=True)
class Request:
    """What counts of a request. `name`: the host name it was for, "" when it names none that could be shown."""

    method: str
    name: str
    languages: str

    @property
    def wants_body(self) -> bool:
        return self.method != "HEAD"


def read_head(data: bytes) -> Request | None:
    """The head of a request, without the empty line that ends it; None when it is no HTTP/1.x."""
    lines = [line.removesuffix("\r") for line in data.decode("latin-1").split("\n")]
    match = _REQUEST.match(lines[0])
    if match is None:
        return None
    fields: dict[str, list[str]] = {"host": [], "accept-language": []}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon and name.lower() in fields:
            fields[name.lower()].append(value.strip(" \t"))
    languages = ",".join(fields["accept-language"])[:MAX_LANGUAGES]
    return Request(match[1], _wanted(match[2], fields["host"]), languages)


def _wanted(target: str, hosts: list[str]) -> str:
    """The host of an absolute target, which counts before Host (RFC 9112, 3.2.2), else that of a single Host."""
    scheme, slashes, rest = target.partition("://")
    if slashes and scheme.lower() in ("http", "https"):
        return host_name(re.split(r"[/?#]", rest, maxsplit=1)[0])
    return host_name(hosts[0]) if len(hosts) == 1 else ""


def host_name(host: str) -> str:
    """A host name without port and final dot, in lower case; "" for an address and for whatever else is no name."""
    text = _PORT.sub("", host)
    name = text.lower().removesuffix(".") if text.isascii() else ""  # outside ASCII, lower() makes letters of signs
    return name if _NAME.match(name) else ""


def answer(status: int, page: bytes, language: str, policy: str, *, body: bool = True) -> bytes:
    """A whole answer, after which the connection ends. `policy` is its Content-Security-Policy, `body` False for HEAD.

    403, and not 200: a program that looked for something else must not take this page for it. Not 451 either, which
    speaks of a legal demand (RFC 7725). Nothing may be kept: the name may be allowed in a minute.
    """
    head = (
        f"HTTP/1.1 {status} {REASONS[status]}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(page)}",
        f"Content-Language: {language}",
        "Cache-Control: no-store",
        "Vary: Accept-Language",
        f"Content-Security-Policy: {policy}",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY",
        "Referrer-Policy: no-referrer",
        "X-Robots-Tag: noindex",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + (page if body else b"")
