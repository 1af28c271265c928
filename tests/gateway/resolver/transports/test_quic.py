"""DNS over QUIC against a real server."""

import asyncio
import contextlib

import pytest

from filters.dns_exchange import Upstream
from gateway.resolver.transports import quic
from gateway.resolver.transports.octets import TransportFailedError
from tests.gateway.resolver.transports.servers import ADDRESS, NAME, Answering, answer_in, question, quic_server


@contextlib.asynccontextmanager
async def both(certificate, name=NAME):
    """A server, and our end."""
    answering = Answering()
    async with quic_server(answering, certificate) as port:
        transport = quic.QuicTransport(Upstream(ADDRESS, port, "quic", name))
        try:
            yield answering, transport
        finally:
            await transport.close()


def test_questions_share_a_connection(certificate):
    async def scenario():
        async with both(certificate) as (answering, transport):
            assert answer_in(await transport.ask(question("www.example", 7))) == (7, ["192.0.2.1"])
            rest = await asyncio.gather(*(transport.ask(question(f"n{n}.example", n)) for n in range(30)))
            assert [answer_in(reply)[0] for reply in rest] == list(range(30))
            assert answering.connections == 1
            assert set(answering.ids) == {0} and {size % 128 for size in answering.sizes} == {0}

    asyncio.run(scenario())


def test_a_slow_answer_blocks_no_other(certificate):
    async def scenario():
        async with both(certificate) as (answering, transport):
            slow = asyncio.create_task(transport.ask(question("slow.example", 7)))
            assert answer_in(await transport.ask(question("www.example", 8)))[0] == 8
            assert not slow.done()
            answering.release.set()
            assert answer_in(await slow)[0] == 7

    asyncio.run(scenario())


def test_a_certificate_of_another_name_is_refused(certificate):
    async def scenario():
        async with both(certificate, "other.lab.test") as (answering, transport):
            with pytest.raises(TransportFailedError, match="certificate"):
                await transport.ask(question("www.example", 7))
            assert answering.asked == []

    asyncio.run(scenario())


def test_a_certificate_nobody_vouches_for_is_refused(issued):
    async def scenario():
        async with both(issued[1]) as (answering, transport):
            with pytest.raises(TransportFailedError, match="certificate"):
                await transport.ask(question("www.example", 7))
            assert answering.asked == []

    asyncio.run(scenario())


def test_a_silent_connection_is_not_used_again(certificate, monkeypatch):
    monkeypatch.setattr(quic, "REPLY_SECONDS", 0.05)
    monkeypatch.setattr(quic, "SILENT_SECONDS", 0.01)

    async def scenario():
        async with both(certificate) as (answering, transport):
            with pytest.raises(TransportFailedError, match="in time"):
                await transport.ask(question("never.example", 7))
            monkeypatch.setattr(quic, "REPLY_SECONDS", 2.0)
            assert answer_in(await transport.ask(question("www.example", 8)))[0] == 8
            assert answering.connections == 2

    asyncio.run(scenario())
