"""DNS over HTTPS against a real HTTP/2 server."""

import asyncio
import contextlib

import pytest

from filters.dns_exchange import Upstream
from gateway.resolver.transports.https import HttpsTransport
from gateway.resolver.transports.octets import TransportFailedError
from tests.gateway.resolver.transports.servers import ADDRESS, NAME, Answering, answer_in, https_server, question


@contextlib.asynccontextmanager
async def both(certificate, name=NAME):
    """A server, our end, and the connections the server saw."""
    answering = Answering()
    async with https_server(answering, certificate) as (port, seen):
        transport = HttpsTransport(Upstream(ADDRESS, port, "https", name, "/dns-query"))
        try:
            yield answering, transport, seen
        finally:
            await transport.close()


def test_questions_share_an_http2_connection(certificate):
    async def scenario():
        async with both(certificate) as (answering, transport, _):
            assert answer_in(await transport.ask(question("www.example", 7))) == (7, ["192.0.2.1"])
            rest = await asyncio.gather(*(transport.ask(question(f"n{n}.example", n)) for n in range(30)))
            assert [answer_in(reply)[0] for reply in rest] == list(range(30))
            assert answering.connections == 1
            assert set(answering.ids) == {0} and {size % 128 for size in answering.sizes} == {0}

    asyncio.run(scenario())


def test_the_request_says_no_more_than_it_must(certificate):
    async def scenario():
        async with both(certificate) as (_, transport, seen):
            await transport.ask(question("www.example", 7))
            request = seen[0].requests[0]
            assert (request[":method"], request[":path"]) == ("POST", "/dns-query")
            assert request[":authority"].partition(":")[0] == NAME
            assert set(request) == {
                ":method", ":path", ":authority", ":scheme", "accept", "accept-encoding", "content-type",
                "content-length",
            }  # fmt: skip

    asyncio.run(scenario())


def test_a_slow_answer_blocks_no_other(certificate):
    async def scenario():
        async with both(certificate) as (answering, transport, _):
            slow = asyncio.create_task(transport.ask(question("slow.example", 7)))
            await answering.arrived.get()
            assert answer_in(await transport.ask(question("www.example", 8)))[0] == 8
            assert not slow.done()
            answering.release.set()
            assert answer_in(await slow)[0] == 7
            assert answering.connections == 1

    asyncio.run(scenario())


def test_a_certificate_of_another_name_is_refused(certificate):
    async def scenario():
        async with both(certificate, "other.lab.test") as (answering, transport, _):
            with pytest.raises(TransportFailedError, match="certificate"):
                await transport.ask(question("www.example", 7))
            assert answering.asked == []

    asyncio.run(scenario())


def test_a_certificate_nobody_vouches_for_is_refused(issued):
    async def scenario():
        async with both(issued[1]) as (answering, transport, _):
            with pytest.raises(TransportFailedError, match="certificate"):
                await transport.ask(question("www.example", 7))
            assert answering.asked == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("knobs", "why"),
    [
        ({"status": "503"}, "status 503"),
        ({"status": "302", "headers": [("location", "https://elsewhere.example/")]}, "status 302"),
        ({"headers": [("content-encoding", "gzip")]}, "status 200"),
        ({"garble": bytes(65536)}, "longer"),
    ],
)
def test_what_is_no_answer_is_refused(certificate, knobs, why):
    async def scenario():
        async with both(certificate) as (answering, transport, _):
            for knob, value in knobs.items():
                setattr(answering, knob, value)
            with pytest.raises(TransportFailedError, match=why):
                await transport.ask(question("www.example", 7))

    asyncio.run(scenario())
