"""A client's question on its way through the session, with everything its answer will need.

May live here: that value and what follows from it alone. May not: behaviour of the session.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from filters import dns_answer
from filters.dns_answer import Address, Answer, Subject
from filters.dns_errors import ExtendedError, option
from filters.dns_exchange import SendAnswer, Tried
from filters.dns_fair import Payer
from filters.dns_message import Query, Rcode, Type
from filters.dns_policy import Standing
from filters.dns_rules import Rules
from filters.names import Name, to_text
from filters.verdict import Action, Verdict

TRIALS = "trials"  # one share for all of them


@dataclass(frozen=True, slots=True)
class Waiter:
    """A question judged as `verdict` under `rules` of `standing`; it came at `began`.

    `trial`: nobody's question, to see what the client would be told."""

    query: Query
    client: Address
    zone: str
    channel: Hashable
    limit: int
    verdict: Verdict
    rules: Rules | None
    standing: Standing
    began: float
    trial: bool = False

    @property
    def name(self) -> Name:
        """The name upstreams are asked for: the question's, or its safe variant."""
        return self.verdict.target if self.verdict.action is Action.SAFE else self.query.name

    @property
    def key(self) -> bytes:
        """`name` with the question's type and class."""
        return self.name + self.query.question[-4:]

    @property
    def payer(self) -> Payer:
        """Whose share it takes while it is under way."""
        return (TRIALS, TRIALS) if self.trial else (self.zone, self.client)

    @property
    def view(self) -> str:
        return self.zone if self.rules is None else self.rules.view

    def subject(self, verdict: Verdict) -> Subject:
        return Subject(to_text(self.query.name), type_text(self.query.type), verdict)

    def send(self, answer: Answer, now: float, verdict: Verdict) -> SendAnswer | Tried:
        data = answer.render(self.query, now, self.limit)
        return Tried(self.channel, data, verdict) if self.trial else SendAnswer(self.channel, data)

    def fail(self, now: float, code: ExtendedError, text: str = "") -> SendAnswer | Tried:
        error = option(code, text)
        return self.send(dns_answer.failure(Rcode.SERVFAIL, dnssec=self.query.dnssec, error=error), now, self.verdict)


def type_text(qtype: int) -> str:
    try:
        return Type(qtype).name
    except ValueError:
        return f"TYPE{qtype}"  # RFC 3597 section 5
