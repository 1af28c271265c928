"""What every answer carries and every request must have, around the whole application, its error pages included.

Nothing may be loaded from elsewhere and nothing may frame the page. A browser in the clinic that visits a hostile site
could be told that the site's name lies at this address (DNS rebinding): so the Host header must be an address, a name
of this machine, or the clinic's own domain, and nothing else is answered.

May live here: headers and that check. May not: routes.
"""

from collections.abc import Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
NAMES = {"localhost"}
MISDIRECTED = 421  # RFC 9110, 15.5.20


class Guarded:
    """Wraps an ASGI application. `own_domain()` is the clinic's local domain, asked anew for each odd Host."""

    def __init__(self, app: ASGIApp, own_domain: Callable[[], str]) -> None:
        self._app = app
        self._own_domain = own_domain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._is_ours(_host(scope)):
            await self._app(scope, receive, _with_headers(send))
        else:
            await _refuse(_with_headers(send))

    def _is_ours(self, host: str) -> bool:
        if host in NAMES or _is_address(host):
            return True
        domain = self._own_domain().lower().rstrip(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _host(scope: MutableMapping[str, Any]) -> str:
    """The name in the Host header without its port; empty when there is none or more than one."""
    values = [value for name, value in scope.get("headers", []) if name == b"host"]
    text = values[0].decode("latin-1").strip().lower() if len(values) == 1 else ""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if ":" in text else text


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(n, v) for n, v in message.get("headers", []) if n.lower() not in {name for name, _ in RAW_HEADERS}]
            message = {**message, "headers": [*kept, *RAW_HEADERS]}
        await send(message)

    return sending


async def _refuse(send: Send) -> None:
    body = b"This name is not one of this gateway's."
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": MISDIRECTED, "headers": headers})
    await send({"type": "http.response.body", "body": body})
