"""The client against a real socket whose other end the test plays."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.wire import MAX_FRAME, encode

Play = Callable[[socket.socket], None]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Serve each given scene to one connection, in order."""
    threads = []
    listener = socket.socket(socket.AF_UNIX)

    def serve(*scenes: Play) -> Path:
        path = tmp_path / "s"
        listener.bind(str(path))
        listener.listen()

        def work() -> None:
            for scene in scenes:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(5)
                    scene(connection)

        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()
        return path

    yield serve
    for thread in threads:
        thread.join(5)
    listener.close()


def answer(*messages: dict[str, object]) -> Play:
    def scene(connection: socket.socket) -> None:
        connection.recv(65536)
        for message in messages:
            connection.sendall(encode(message))

    return scene


def test_a_result_comes_back_without_its_envelope(served: Callable[..., Path]) -> None:
    with EnforcerClient(served(answer({"ok": True, "generation": 3}))) as client:
        assert client.call("status") == {"generation": 3}


def test_progress_is_told_on_the_way(served: Callable[..., Path]) -> None:
    told: list[tuple[str, int, int]] = []
    path = served(answer({"progress": "parse", "step": 1, "of": 2}, {"ok": True}))
    with EnforcerClient(path, on_progress=lambda *step: told.append(step)) as client:
        client.call("apply", site_text="", site_path="")
    assert told == [("parse", 1, 2)]


def test_a_refusal_is_an_exception_with_its_code_and_details(served: Callable[..., Path]) -> None:
    path = served(answer({"ok": False, "code": "pending", "message": "cause", "hint": "way out", "problems": [1]}))
    with EnforcerClient(path) as client, pytest.raises(Refused) as refused:
        client.call("apply")
    assert (refused.value.code, refused.value.details) == ("pending", {"problems": [1]})
    assert str(refused.value) == "cause (way out)"


def test_no_socket_is_unavailable_and_names_it(tmp_path: Path) -> None:
    with pytest.raises(EnforcerUnavailable, match="absent"):
        EnforcerClient(tmp_path / "absent").call("status")


def test_an_end_before_the_answer_is_unavailable_and_the_command_is_not_sent_again(served: Callable[..., Path]) -> None:
    received: list[bytes] = []
    path = served(lambda connection: received.append(connection.recv(65536)), lambda c: received.append(c.recv(65536)))
    with EnforcerClient(path) as client, pytest.raises(EnforcerUnavailable, match="`apply`"):
        client.call("apply")
    assert len(received) == 1
    socket.socket(socket.AF_UNIX).connect(str(path))  # release the second scene


def test_a_connection_that_the_other_side_ended_while_idle_is_opened_anew(served: Callable[..., Path]) -> None:
    path = served(answer({"ok": True, "n": 1}), answer({"ok": True, "n": 2}))
    with EnforcerClient(path) as client:
        assert client.call("status") == {"n": 1}
        client._socket.recv(1)  # wait until the end has arrived
        assert client.call("status") == {"n": 2}


def test_garbage_from_the_other_side_is_unavailable(served: Callable[..., Path]) -> None:
    path = served(lambda connection: connection.sendall(b"\xff\n"))
    with EnforcerClient(path) as client, pytest.raises(EnforcerUnavailable):
        client.call("status")


def test_descriptors_come_with_the_answer(served: Callable[..., Path]) -> None:
    reading, writing = os.pipe()

    def scene(connection: socket.socket) -> None:
        connection.recv(65536)
        socket.send_fds(connection, [encode({"ok": True})], [reading])

    with EnforcerClient(served(scene)) as client:
        _, descriptors = client.call_with_descriptors("log_fd")
    os.write(writing, b"x")
    assert os.read(descriptors[0], 1) == b"x"
    for descriptor in (reading, writing, *descriptors):
        os.close(descriptor)


def test_a_request_over_the_limit_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        EnforcerClient(tmp_path / "absent").call("apply", site_text="x" * MAX_FRAME)
    assert refused.value.code == "too-large"
