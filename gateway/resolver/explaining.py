"""Why a question would be answered as it would be, from a configuration and its policy, running or not.

May live here: reading what was asked, putting the explanation together. May not: the running resolver, sockets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dns.rdatatype import RdataType

from filters.dns_explain import explanation
from filters.dns_policy import DnsPolicy
from filters.names import BadNameError, Name, from_text, to_text
from gateway.arguments import Arguments
from gateway.resolver.asker import Asker, UnknownAskerError, asker_of
from gateway.resolver.config import ResolverConfig
from gateway.resolver.policy import moment_of
from gateway.resolver.trial import type_of
from gateway.wire import BAD_REQUEST, NOT_FOUND, CommandRefused

MAX_NAME = 1024  # characters: an international name is longer than its octets
LATEST = 1 << 34  # seconds since 1970: the year 2514


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for what; `about` is that as it is told back."""

    name: Name
    type: RdataType
    asker: Asker
    about: Mapping[str, Any]


def question_of(config: ResolverConfig, policy: DnsPolicy, args: Arguments) -> Question:
    """Takes `name`, `type` and `client`. Raises CommandRefused."""
    text, client = args.text("name", MAX_NAME), args.text("client", 64)
    kind = args.text("type", 16, "A")
    if not config.zones:
        raise CommandRefused(NOT_FOUND, "no site is applied, so no zone is served", "`clinicgate apply SITE`")
    try:
        name, qtype = from_text(text), type_of(kind)
        asker = asker_of(client, config, policy)
    except BadNameError as error:
        raise CommandRefused(BAD_REQUEST, f"{text[:80]!a} is no name: {error}", "write it as www.example.com") from None
    except UnknownAskerError as error:
        raise CommandRefused(NOT_FOUND, str(error), error.hint) from None
    except ValueError as error:
        raise CommandRefused(BAD_REQUEST, str(error), "for example A, AAAA, HTTPS, MX") from None
    about = {
        "name": to_text(name), "type": kind.upper(), "from": client, "kind": asker.kind, "zone": asker.zone,
        "client": str(asker.client),
    }  # fmt: skip
    return Question(name, qtype, asker, about)


def explain_in(config: ResolverConfig, policy: DnsPolicy, args: Arguments, now: float) -> dict[str, Any]:
    """The `explain` command: plain values. `now`, unless the arguments say `at`, in seconds since 1970."""
    asked = question_of(config, policy, args)
    at = args.number("at", 0, LATEST) if args.has("at") else now
    args.done()
    when = moment_of(datetime.fromtimestamp(at, UTC), config.timezone)
    found = explanation(policy, asked.asker.zone, asked.asker.client, asked.name, when, asked.type)
    file = config.lists.get(found.verdict.list, "")
    return {**asked.about, "at": at, "timezone": config.timezone, "file": file, **found.as_dict()}
