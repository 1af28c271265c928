"""The block page's server over real sockets: every client gets its answer or its end, and never the whole server."""

import asyncio
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.webui.blocked.test_page import CLINIC, LISTED
from webui.blocked import server as module
from webui.blocked.message import MAX_HEAD
from webui.blocked.page import Clinic, Why
from webui.blocked.server import MAX_ASKING, MAX_OF_ONE_CLIENT, Server
from webui.listen import listen_on

GET = b"GET / HTTP/1.1\r\nHost: evil.example\r\nAccept-Language: en\r\n\r\n"
LOCAL = {4: "127.0.0.1", 6: "::1"}


class Running:
    """The server in a thread with a loop of its own, and what it was asked."""

    def __init__(self, clinic: Clinic = CLINIC) -> None:
        self.asked: list[tuple[str, str]] = []
        self.begun = threading.Semaphore(0)
        self.slow = threading.Semaphore(1000)  # how often the resolver answers at once
        self.server = Server(self._ask)
        self.server.clinic = clinic
        self.ports: dict[int, int] = {}
        self.loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self.loop.run_until_complete, args=(self._run(),))

    def _ask(self, name: str, client: str) -> Why:
        self.asked.append((name, client))
        self.begun.release()
        assert self.slow.acquire(timeout=30)
        return LISTED

    async def _run(self) -> None:
        opened = []
        for family, address in LOCAL.items():
            listener = listen_on(address, 0)
            self.ports[family] = listener.getsockname()[1]
            opened.append(await self.server.open(listener))
        self._ready.set()
        await self._stop.wait()
        for one in opened:
            one.close()
        await self.server.close()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()
        self.loop.close()

    def connect(self, family: int = 4) -> socket.socket:
        return socket.create_connection((LOCAL[family], self.ports[family]), timeout=30)

    def say(self, data: bytes, family: int = 4) -> bytes:
        """Everything that is answered to these octets, until the server ends the connection."""
        with self.connect(family) as client:
            client.sendall(data)
            return everything(client)


def everything(client: socket.socket) -> bytes:
    data = b""
    try:
        while part := client.recv(65536):
            data += part
    except ConnectionResetError:
        pass
    return data


@contextmanager
def running(clinic: Clinic = CLINIC) -> Iterator[Running]:
    one = Running(clinic)
    one.start()
    try:
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def page() -> Iterator[Running]:
    with running() as one:
        yield one


@pytest.mark.parametrize("family", [4, 6])
def test_a_browser_is_told_what_was_blocked(page: Running, family: int):
    head, _, body = page.say(GET, family).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n") and b"Content-Language: en" in head
    assert b"evil.example" in body and b"Malware sites" in body
    assert page.asked[-1] == ("evil.example", LOCAL[family])


@pytest.mark.parametrize("options", [[], ["--http1.0"], ["--head"], ["--data", "x" * 50000], ["--request", "BREW"]])
def test_curl_gets_a_whole_answer(page: Running, options: list[str]):
    command = ["curl", "--silent", "--show-error", "--max-time", "30", "--write-out", "\n%{http_code} %{size_download}"]
    address = f"http://evil.example:{page.ports[4]}/path?query"
    resolve = f"evil.example:{page.ports[4]}:127.0.0.1"
    done = subprocess.run(
        [*command, *options, "--resolve", resolve, address], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    code, size = done.stdout.rsplit("\n", 1)[1].split()
    assert code == "403" and (int(size) == 0) is (options == ["--head"])


def test_who_is_still_sending_is_not_reset(page: Running, monkeypatch: pytest.MonkeyPatch):
    """A reset may take the answer with it before the client has read it."""
    monkeypatch.setattr(module, "REST_SECONDS", 100.0)
    with page.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 8\r\n\r\nhalf")
        assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 403"
        client.sendall(b"rest")
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


def test_nobody_is_asked_about_what_is_no_name(page: Running):
    before = len(page.asked)
    answer = page.say(b"GET / HTTP/1.1\r\nHost: <b>x</b>\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ") and b"<b>" not in answer and len(page.asked) == before


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n", b"EHLO x\r\n\r\n", b"\n\n"])
def test_another_protocol_is_told_so(page: Running, data: bytes):
    assert page.say(data).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_head_that_does_not_end_is_cut_off(page: Running):
    answer = page.say(b"GET / HTTP/1.1\r\nX: " + b"x" * (MAX_HEAD + 10))
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_one_who_says_nothing_is_left(page: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.05)
    assert page.say(b"GET / HT") == b""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may be busy while connections are held open on purpose."""
    monkeypatch.setattr(module, "HEAD_SECONDS", 100.0)
    monkeypatch.setattr(module, "LIFE_SECONDS", 100.0)


@pytest.mark.usefixtures("patient")
def test_one_client_takes_no_more_than_its_share_and_gets_it_back(page: Running):
    waiting = [page.connect() for _ in range(MAX_OF_ONE_CLIENT)]
    try:
        for client in waiting:
            client.sendall(b"GET / HTTP/1.1\r\n")
        assert page.say(GET) == b"", "one too many"
        assert page.say(GET, 6).startswith(b"HTTP/1.1 403 "), "another client is served"
        waiting[0].sendall(b"Host: a.example\r\n\r\n")
        assert everything(waiting[0]).startswith(b"HTTP/1.1 403 ")
        waiting[0].close()
        for _ in range(200):
            if page.say(GET).startswith(b"HTTP/1.1 403 "):
                break
        else:
            pytest.fail("its place was not given back")
    finally:
        for client in waiting:
            client.close()


@pytest.mark.usefixtures("patient")
def test_a_resolver_that_hangs_holds_up_a_few_and_no_more():
    with running() as page:
        page.slow = threading.Semaphore(0)
        waiting = [page.connect() for _ in range(MAX_ASKING)]
        try:
            for client in waiting:
                client.sendall(GET)
            for _ in waiting:
                assert page.begun.acquire(timeout=30), "the resolver is asked"
            assert b"one of those that are not opened here" in page.say(GET), "told less, at once"
            page.slow.release(MAX_ASKING + 1)
            assert all(b"Malware sites" in everything(client) for client in waiting)
        finally:
            for client in waiting:
                client.close()
        assert b"Malware sites" in page.say(GET)


def test_visitors_are_known_by_the_address_they_came_to():
    visitors = Clinic(("en",), "Field technician", "+81 3 0000 0002", visitors=frozenset({"::1"}))
    with running(visitors) as page:
        assert b"Field technician" in page.say(GET, 4)
        assert b"Field technician" not in page.say(GET, 6)


def test_the_end_does_not_wait_for_those_who_dawdle():
    with running() as page:
        client = page.connect()
        client.sendall(b"GET / HTTP/1.1\r\n")
        page.say(GET)
    with client:
        assert everything(client) == b""
