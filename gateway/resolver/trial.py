"""One question run through the session as if a client had asked it, and everything there is to tell about the answer.

Nothing of it counts as the client's: no account, no pin, nothing of its share (the session's `trial`).

May live here: making that question, reading the answer back. May not: the socket people ask on (control.py).
"""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import dns.edns
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from filters.dns_exchange import ClientDatagram, Tried
from filters.dns_explain import verdict_dict
from filters.names import Name, to_text
from filters.verdict import Verdict
from gateway.resolver.asker import Asker

if TYPE_CHECKING:
    from gateway.resolver.service import Resolver

LONGEST_SECONDS = 10.0  # the session gives up long before
PAYLOAD = 1232


class Trial:
    """The way back of one trial: its answer with the verdict, None for a question that is not taken at all."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[tuple[bytes, Verdict | None]] = asyncio.get_running_loop().create_future()

    def send(self, data: bytes) -> None:
        self._settle(data, None)

    def tried(self, told: Tried) -> None:
        self._settle(told.data, told.verdict)

    def _settle(self, data: bytes, verdict: Verdict | None) -> None:
        if not self.answer.done():  # whoever asked may be gone
            self.answer.set_result((data, verdict))


async def ask_as(resolver: "Resolver", asker: Asker, name: Name, qtype: dns.rdatatype.RdataType) -> dict[str, Any]:
    """Plain values: what the client would be told, why, how long it took, whether the cache knew it.

    Raises TimeoutError.
    """
    question = dns.message.make_query(f"{to_text(name)}.", qtype, use_edns=0, payload=PAYLOAD)
    trial, before, began = Trial(), resolver.session.counters.cached, time.perf_counter()
    resolver.take(ClientDatagram(question.to_wire(), asker.client, asker.zone, trial, stream=True, trial=True))
    cached = resolver.session.counters.cached > before  # nothing else can have happened in between
    async with asyncio.timeout(LONGEST_SECONDS):
        data, verdict = await trial.answer
    took = time.perf_counter() - began
    return {
        "zone": asker.zone,
        "client": str(asker.client),
        "milliseconds": round(took * 1000, 3),
        "from_cache": cached,
        "verdict": None if verdict is None else verdict_dict(verdict),
        **read_answer(data),
    }


def read_answer(data: bytes) -> dict[str, Any]:
    """Code, records and Extended DNS Errors (RFC 8914) of a message of ours, as text."""
    message = dns.message.from_wire(data)
    errors = [option for option in message.options if isinstance(option, dns.edns.EDEOption)]
    return {
        "rcode": dns.rcode.to_text(message.rcode()),
        "answers": [line for rrset in message.answer for line in rrset.to_text().splitlines()],
        "errors": [{"code": int(one.code), "text": one.text or ""} for one in errors],
    }


def type_of(text: str) -> dns.rdatatype.RdataType:
    """A record type by its name or TYPE123 (RFC 3597 section 5). Raises ValueError."""
    try:
        return dns.rdatatype.from_text(text)
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"{text[:20]!a} is no record type") from None
