"""Why a name is blocked for a client: the running resolver is asked, which judges it as it judged the question.

It may be busy, starting or not there at all: then the page says less, and it says it at once.

May live here: that question and the reading of its answer. May not: texts for people, policy.
"""

from pathlib import Path
from typing import Any

from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from webui.blocked.page import UNKNOWN, Why

SECONDS = 1.0
MAX_WORD = 64


def ask(resolver: Path, name: str, client: str) -> Why:
    """What the resolver on that socket says; UNKNOWN when it says nothing. Blocks for up to a second a message."""
    try:
        with EnforcerClient(resolver, SECONDS) as connection:
            return read(connection.call("explain", name=name, client=client))
    except (EnforcerUnavailable, Refused, OSError):
        return UNKNOWN


def read(answer: dict[str, Any]) -> Why:
    """An answer to `explain`, whatever its shape."""
    verdict = answer.get("verdict")
    if not isinstance(verdict, dict):
        return UNKNOWN
    words = [verdict.get(key) for key in ("reason", "list")]
    reason, list_ = (word if isinstance(word, str) and len(word) <= MAX_WORD else "" for word in words)
    if verdict.get("blocks") is True:
        return Why(reason, list_)
    # A name that only leads to a blocked one is not listed itself; what a person allowed is open by now.
    return Why(reason, blocks=False) if reason in ("granted", "allowed") else UNKNOWN
