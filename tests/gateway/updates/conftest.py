"""A publisher: a real HTTPS server on loopback, with a certificate authority of its own, that can misbehave."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway.enforcer.addresses import SPECIAL
from gateway.lab import authority
from gateway.updates.sources import Source, Untouchable
from gateway.updates.update import Outcome, Room, update

NOW = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)


@dataclass
class Page:
    """What a path answers. `breaks`: the connection ends after so many octets; `hangs`: after them nothing comes."""

    body: bytes = b""
    status: int = 200
    etag: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    breaks: int | None = None
    hangs: bool = False
    says_length: bool = True


class Server(ThreadingHTTPServer):
    """Threads are waited for."""

    daemon_threads = False

    def handle_error(self, *_: object) -> None:
        """Clients that break off are what some tests are about."""


class Publisher:
    """`pages` by path; `asked`: the headers of every request; `half_sent` is set when a hanging page hangs."""

    def __init__(self, folder: Path) -> None:
        self.authority, certificate = folder / "authority.pem", folder / "server.pem"
        authority.make(self.authority, certificate, ["localhost"])
        self.pages: dict[str, Page] = {}
        self.asked: list[Message] = []
        self.half_sent, self.closing = threading.Event(), threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server = Server(("127.0.0.1", 0), self._handler())
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def url(self, path: str = "/list") -> str:
        return f"https://localhost:{self.server.server_port}{path}"

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                publisher.asked.append(self.headers)
                publisher.answer(self)

            def log_message(self, *_: object) -> None:
                """Silence."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        page = self.pages.get(request.path, Page(status=404))
        status, body, headers = page.status, page.body, dict(page.headers)
        if page.etag:
            headers["ETag"] = page.etag
            if request.headers.get("If-None-Match") == page.etag:
                status, body = 304, b""
        wanted = request.headers.get("Range")
        if wanted and request.headers.get("If-Range") == page.etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                status, body = 416, b""
            else:
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
                status, body = 206, body[start:]
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if page.says_length:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: page.breaks])
        request.wfile.flush()
        if page.hangs:
            self.half_sent.set()
            self.closing.wait(30)
        request.close_connection = True


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    folder = tmp_path / "publisher"
    folder.mkdir()
    served = Publisher(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(served.authority))  # OpenSSL's own variable
    try:
        yield served
    finally:
        served.close()


def hosts(count: int, word: str = "bad") -> bytes:
    return b"".join(b"0.0.0.0 %s-%d.example\n" % (word.encode(), n) for n in range(count))


@dataclass
class Bench:
    """A list of the publisher's and everything an update of it needs."""

    publisher: Publisher
    source: Source
    room: Room
    handed: list[tuple[str, str]]

    @property
    def file(self) -> Path:
        return self.room.lists / self.source.path

    @property
    def work(self) -> Path:
        return self.room.lists / ".updates" / self.source.name

    def serve(self, body: bytes, path: str = "/list", **rest: object) -> None:
        self.publisher.pages[path] = Page(body, **rest)

    def update(self, *, force: bool = True, **changes: object) -> Outcome:
        return update(self.source, replace(self.room, **changes), force=force)


@pytest.fixture
def bench(publisher: Publisher, tmp_path: Path) -> Bench:
    handed: list[tuple[str, str]] = []
    lists = tmp_path / "lists"
    lists.mkdir()
    room = Room(
        lists, Untouchable(("ameli.fr", "zoom.us"), SPECIAL), lambda n, f: handed.append((n, f.read_text())), NOW
    )
    return Bench(publisher, Source("malware", "lists/malware.hosts", publisher.url()), room, handed)


class Signer:
    """A publisher's minisign key, made and used with openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
        self.public = self._openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")[-32:]

    def sign(self, message: bytes) -> bytes:
        (self.folder / "message").write_bytes(message)
        return self._openssl("pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "message")

    def _openssl(self, *words: str) -> bytes:
        return subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, check=True).stdout


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    folder = tmp_path / "signer"
    folder.mkdir()
    return Signer(folder)
