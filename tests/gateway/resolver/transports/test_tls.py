"""DNS over TLS against a real server: reuse, order, certificates, the end of connections."""

import asyncio
import contextlib

import pytest

from filters.dns_exchange import Upstream
from gateway.resolver.transports import tls
from gateway.resolver.transports.octets import TransportFailedError
from tests.gateway.resolver.transports.servers import ADDRESS, NAME, Answering, answer_in, question, tls_server


@contextlib.asynccontextmanager
async def both(certificate, name=NAME):
    """A server, and our end."""
    answering = Answering()
    async with tls_server(answering, certificate) as port:
        transport = tls.TlsTransport(Upstream(ADDRESS, port, "tls", name))
        try:
            yield answering, transport
        finally:
            await transport.close()


def test_questions_share_a_connection_and_come_back_with_their_ids(certificate):
    async def scenario():
        async with both(certificate) as (answering, transport):
            first = answer_in(await transport.ask(question("www.example", 7)))
            rest = await asyncio.gather(*(transport.ask(question(f"n{n}.example", n)) for n in range(50)))
            assert first == (7, ["192.0.2.1"])
            assert [answer_in(reply)[0] for reply in rest] == list(range(50))
            assert answering.connections == 1
            assert {size % 128 for size in answering.sizes} == {0}

    asyncio.run(scenario())


def test_equal_ids_do_not_meet_and_a_slow_answer_blocks_no_other(certificate):
    async def scenario():
        async with both(certificate) as (answering, transport):
            slow = asyncio.create_task(transport.ask(question("slow.example", 7)))
            assert answer_in(await transport.ask(question("www.example", 7))) == (7, ["192.0.2.1"])
            assert not slow.done()
            answering.release.set()
            assert answer_in(await slow)[0] == 7
            assert answering.connections == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["other.lab.test", ""])
def test_a_certificate_of_another_name_is_refused(certificate, name):
    async def scenario():
        async with both(certificate, name) as (answering, transport):
            with pytest.raises(TransportFailedError, match=r"mismatch|match"):
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


def test_a_connection_the_server_ended_is_made_again(certificate):
    async def scenario():
        async with both(certificate) as (answering, transport):
            await transport.ask(question("www.example", 7))
            connection = await transport._connection()
            connection._stream.writer.transport.abort()
            assert answer_in(await transport.ask(question("www.example", 8)))[0] == 8
            assert answering.connections == 2

    asyncio.run(scenario())


def test_a_server_that_gives_nonsense_is_no_answer(certificate, monkeypatch):
    monkeypatch.setattr(tls, "REPLY_SECONDS", 0.2)

    async def scenario():
        async with both(certificate) as (answering, transport):
            answering.garble = b"\xff" * 5
            with pytest.raises(TransportFailedError, match="ended"):
                await transport.ask(question("www.example", 7))
            answering.garble = b"\xff" * 40  # an id that nobody asked with, almost always
            with pytest.raises(TransportFailedError, match="in time"):
                await transport.ask(question("www.example", 7))

    asyncio.run(scenario())


def test_a_silent_connection_is_not_used_again(certificate, monkeypatch):
    monkeypatch.setattr(tls, "REPLY_SECONDS", 0.05)
    monkeypatch.setattr(tls, "SILENT_SECONDS", 0.01)

    async def scenario():
        async with both(certificate) as (_, transport):
            connection = await transport._connection()
            with pytest.raises(TransportFailedError, match="in time"):
                await transport.ask(question("never.example", 7))
            assert not connection.open
            assert (await transport._connection()) is not connection

    asyncio.run(scenario())


def test_a_port_nobody_listens_on_fails_at_once(certificate):
    async def scenario():
        transport = tls.TlsTransport(Upstream("127.99.0.54", 9, "tls", NAME))
        with pytest.raises(TransportFailedError, match=r"refused|Connect"):
            await transport.ask(question("www.example", 7))
        await transport.close()

    asyncio.run(scenario())


def test_questions_under_way_are_bounded(certificate, monkeypatch):
    monkeypatch.setattr(tls, "MAX_PENDING", 2)

    async def scenario():
        async with both(certificate) as (answering, transport):
            await transport._connection()
            waiting = [asyncio.create_task(transport.ask(question("slow.example", n))) for n in range(2)]
            await answering.arrived.get()
            await answering.arrived.get()
            with pytest.raises(TransportFailedError, match="too many"):
                await transport.ask(question("www.example", 7))
            answering.release.set()
            await asyncio.gather(*waiting)

    asyncio.run(scenario())
