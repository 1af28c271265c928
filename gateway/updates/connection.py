"""One request by HTTPS: the certificate is always checked, and the address spoken to is the one that was looked at.

May live here: looking up, connecting, one request, the end at a deadline. May not: what is asked for (fetch.py).
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

HTTPS_PORT = 443
MAX_ADDRESSES = 4  # of a server
WAIT_SECONDS = 20.0  # for a connection, and for each piece of the answer


class RefusedAddressError(Exception):
    """It will not be spoken to; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go. `addresses` were looked up and looked at; no second look-up can change them."""

    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def target_of(url: str, *, public_only: bool) -> Target:
    """Look the host up. Raises RefusedAddressError, OSError.

    `public_only`: nothing but the public internet, for an address that another server told and not the site's author.
    """
    parts = _parts(url)
    host, port = parts.hostname or "", parts.port or HTTPS_PORT
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label that is no label
        raise RefusedAddressError("its address holds what no address should") from None
    addresses = tuple(str(entry[4][0]).split("%")[0] for entry in found)[:MAX_ADDRESSES]
    if public_only and any(not ip_address(address).is_global for address in addresses):
        raise RefusedAddressError("it leads to a private address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port, path, addresses)


def following(url: str, location: str) -> str:
    """Where a redirect leads, from `url`. Raises RefusedAddressError."""
    try:
        return urljoin(url, location)
    except ValueError:
        raise RefusedAddressError("it leads to an address that cannot be read") from None


def same_place(one: str, other: str) -> bool:
    """Whether both addresses name the same server."""
    first, second = _parts(one), _parts(other)
    return (first.hostname, first.port or HTTPS_PORT) == (second.hostname, second.port or HTTPS_PORT)


@contextlib.contextmanager
def answer(target: Target, headers: Mapping[str, str], seconds: float) -> Iterator[http.client.HTTPResponse]:
    """The answer to a GET, its body unread; after `seconds` in all the connection is cut, however slowly it drips.

    A body that is cut looks as one that ended: its length must be compared.

    Raises OSError (ssl.SSLError is one), http.client.HTTPException.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(_connected(target))
        cut = threading.Timer(seconds, _cut, (stack.enter_context(plain.dup()),))
        stack.callback(cut.cancel)
        cut.daemon = True
        cut.start()
        secure = stack.enter_context(context.wrap_socket(plain, server_hostname=target.host))
        connection = http.client.HTTPConnection(target.host, target.port, timeout=WAIT_SECONDS)
        connection.sock = secure
        stack.callback(connection.close)
        connection.request("GET", target.path, headers={"Host": _host(target), **headers})
        yield connection.getresponse()


def _connected(target: Target) -> socket.socket:
    """To the first address that answers. Raises OSError, the last address's."""
    *others, last = target.addresses
    for address in others:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, target.port), WAIT_SECONDS)
    return socket.create_connection((last, target.port), WAIT_SECONDS)


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it ended just now
        connection.shutdown(socket.SHUT_RDWR)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise RefusedAddressError("its address cannot be read") from None
    if parts.scheme != "https" or not parts.hostname:
        raise RefusedAddressError("it does not lead to an https address")
    if parts.username is not None or not url.isascii() or not url.isprintable() or " " in url:
        raise RefusedAddressError("its address holds what no address should")
    return parts


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == HTTPS_PORT else f"{name}:{target.port}"
