"""Transports are made once, by kind, and ended; a library's own error is the server's failure."""

import asyncio

import pytest

from filters.dns_exchange import Upstream
from gateway.resolver.transports import carrier
from gateway.resolver.transports.octets import TransportFailedError
from tests.gateway.resolver.transports.servers import (
    ADDRESS,
    NAME,
    Answering,
    answer_in,
    https_server,
    question,
    quic_server,
    tls_server,
)


def test_each_kind_goes_its_own_way(certificate):
    async def scenario():
        seen = [Answering(), Answering(), Answering()]
        made = carrier.Carrier()
        async with (
            tls_server(seen[0], certificate) as tls,
            https_server(seen[1], certificate) as (https, _),
            quic_server(seen[2], certificate) as quic,
        ):
            upstreams = (
                Upstream(ADDRESS, tls, "tls", NAME),
                Upstream(ADDRESS, https, "https", NAME, "/dns-query"),
                Upstream(ADDRESS, quic, "quic", NAME),
            )
            for number in (1, 2):
                for upstream in upstreams:
                    reply = await made.ask(upstream, question("www.example", number))
                    assert answer_in(reply) == (number, ["192.0.2.1"])
            await made.close()
        assert [(one.connections, len(one.asked)) for one in seen] == [(1, 2)] * 3

    asyncio.run(scenario())


def test_transports_are_bounded(certificate, monkeypatch):
    monkeypatch.setattr(carrier, "MAX_TRANSPORTS", 2)

    async def scenario():
        made = carrier.Carrier()
        for last in range(1, 6):
            with pytest.raises(TransportFailedError):
                await made.ask(Upstream(f"127.99.0.{last}", 9, "tls", NAME), question("www.example", 1))
        assert len(made._making) == 2
        await made.close()

    asyncio.run(scenario())


def test_plain_dns_is_refused():
    with pytest.raises(TransportFailedError, match="plain"):
        carrier.make(Upstream(ADDRESS))
