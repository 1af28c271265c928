"""Conversations with a session: events in, commands out, time in steps."""

import itertools

import dns.message
import dns.rcode

from filters.dns_exchange import (
    Account,
    AskUpstream,
    Command,
    Event,
    ForgetUpstream,
    SendAnswer,
    Timing,
    UpstreamDatagram,
)
from filters.dns_session import Session, SessionConfig
from tests.filters.dns_tools import asked, read, reply_to, texts


class Talk:
    """A session, a clock, and what was said."""

    def __init__(self, config: SessionConfig, timing: Timing | None = None) -> None:
        ids = itertools.count(1)
        self.session, self.now = Session(config, lambda: next(ids), timing), 1000.0

    def say(self, event: Event) -> list[Command]:
        return self.session.handle(event, self.now)

    def ask(self, *args: str, **more: object) -> list[Command]:
        return self.say(asked(*args, **more))

    def answer(self, ask: Command, *records: str, **more: object) -> list[Command]:
        assert isinstance(ask, AskUpstream)
        heard = self.say(UpstreamDatagram(ask.token, ask.upstream, reply_to(ask.data, *records, **more)))
        assert ForgetUpstream(ask.token) in heard
        return [command for command in heard if not isinstance(command, ForgetUpstream)]

    def fetch(self, *args: str, records: tuple[str, ...], **more: object) -> list[Command]:
        """Ask, let the upstream answer, return what follows."""
        (ask,) = self.ask(*args, **more)
        return self.answer(ask, *records)


def sent(commands: list[Command]) -> list[dns.message.Message]:
    return [read(command.data) for command in commands if isinstance(command, SendAnswer)]


def answered(commands: list[Command]) -> tuple[str, list[str]]:
    (message,) = sent(commands)
    return dns.rcode.to_text(message.rcode()), texts(message)


def told(commands: list[Command]) -> list[Account]:
    return [command for command in commands if isinstance(command, Account)]
