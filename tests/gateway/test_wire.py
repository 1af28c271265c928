"""Framing and envelopes: whatever bytes arrive, the answer is a message or one of two typed errors."""

import json

import pytest

from gateway import wire
from gateway.wire import CommandRefused, FrameReader, Request, WireError, encode, parse_request, request_line


def test_messages_arrive_whole_however_they_were_cut() -> None:
    data = encode({"a": 1}) + encode({"b": "受付"})
    for size in (1, 3, len(data)):
        reader = FrameReader()
        got = [m for at in range(0, len(data), size) for m in reader.feed(data[at : at + size])]
        assert got == [{"a": 1}, {"b": "受付"}]
        assert not reader.partial


def test_a_line_that_never_ends_is_refused_at_the_limit() -> None:
    reader = FrameReader(limit=100)
    assert list(reader.feed(b"x" * 99)) == []
    with pytest.raises(WireError, match="longer than 100"):
        list(reader.feed(b"x"))


def test_a_message_over_the_limit_is_not_encoded() -> None:
    with pytest.raises(WireError, match="limit"):
        encode({"site_text": "x" * wire.MAX_FRAME})


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"1", b"\xff\xfe", b'{"a": NaN}', b"[" * 200_000, b'{"a":' * 50_000, b"null", b'"text"']
)
def test_garbage_is_a_wire_error(line: bytes) -> None:
    with pytest.raises(WireError):
        list(FrameReader().feed(line + b"\n"))


def test_a_request_survives_the_way() -> None:
    request = Request("apply", {"site_text": "a\nb"}, "alice", 1700000000.5)
    (message,) = FrameReader().feed(request_line(request))
    assert parse_request(message) == request


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"command": ""},
        {"command": "x" * 65},
        {"command": 1},
        {"command": "status", "args": []},
        {"command": "status", "actor": ""},
        {"command": "status", "actor": 7},
        {"command": "status", "connection_opened": "now"},
        {"command": "status", "connection_opened": True},
        {"command": "status", "connection_opened": float("inf")},
        {"command": "status", "role": "technician"},
    ],
)
def test_a_wrong_envelope_is_refused_by_name(message: dict[str, object]) -> None:
    with pytest.raises(CommandRefused) as refused:
        parse_request(message)
    assert refused.value.code == wire.BAD_REQUEST
    assert refused.value.message


def test_a_refusal_carries_code_message_hint_and_details() -> None:
    refusal = wire.refusal(CommandRefused("x", "cause", "way out", problems=[{"line": 3}]))
    assert refusal == {"ok": False, "code": "x", "message": "cause", "hint": "way out", "problems": [{"line": 3}]}


def test_a_result_cannot_deny_itself() -> None:
    assert wire.result({"ok": False, "n": 1}) == {"ok": True, "n": 1}


def test_lone_surrogates_do_not_break_the_framing() -> None:
    line = encode({"name": json.loads('"\\ud800"')})
    assert line.endswith(b"\n")
    assert line.isascii()
