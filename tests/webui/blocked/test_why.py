"""Asking the resolver: an answer is taken for what it is, everything else is no answer."""

import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.webui.seed import enforcer
from webui.blocked.page import UNKNOWN, Why
from webui.blocked.why import SECONDS, ask, read


def verdict(reason: Any, list_: Any = "", blocks: Any = True) -> dict[str, Any]:
    return {"verdict": {"action": "page", "reason": reason, "list": list_, "blocks": blocks}}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (verdict("listed", "malware"), Why("listed", "malware")),
        (verdict("denied"), Why("denied")),
        (verdict("granted", blocks=False), Why("granted", blocks=False)),
        (verdict("allowed", blocks=False), Why("allowed", blocks=False)),
        (verdict("not_listed", blocks=False), UNKNOWN),  # it may lead to a name that is
        ({}, UNKNOWN),
        ({"verdict": "blocked"}, UNKNOWN),
        (verdict(7, ["x"]), Why("", "")),
        (verdict("x" * 65, "y" * 65), Why("", "")),
        (verdict("listed", "malware", "yes"), UNKNOWN),
    ],
)
def test_an_answer_of_any_shape(answer: dict[str, Any], why: Why):
    assert read(answer) == why


def test_the_resolver_is_asked_as_the_client(tmp_path: Path):
    with enforcer(tmp_path / "control.sock", explain=verdict("listed", "malware")):
        assert ask(tmp_path / "control.sock", "evil.example", "10.20.20.11") == Why("listed", "malware")


def test_a_resolver_that_refuses_is_not_there_or_says_nothing_is_no_answer(tmp_path: Path):
    with enforcer(tmp_path / "refusing.sock"):
        assert ask(tmp_path / "refusing.sock", "evil.example", "10.20.20.11") == UNKNOWN
    assert ask(tmp_path / "absent.sock", "evil.example", "10.20.20.11") == UNKNOWN
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(os.fspath(tmp_path / "silent.sock"))
        silent.listen()
        begun = time.monotonic()
        assert ask(tmp_path / "silent.sock", "evil.example", "10.20.20.11") == UNKNOWN
        assert time.monotonic() - begun >= SECONDS
