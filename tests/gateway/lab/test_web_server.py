"""The lab's web and echo servers over real connections."""

import asyncio

from gateway.lab.web_server import EchoDatagrams, serve_echo, serve_http


async def talk(handler, data):
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(data)
    writer.write_eof()
    got = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    server.close()
    return got


def test_a_page_names_the_host_and_nothing_in_it_becomes_markup():
    got = asyncio.run(talk(serve_http, b"GET / HTTP/1.1\r\nHost: <b>x</b>.test\r\nConnection: close\r\n\r\n"))
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"&lt;b&gt;x&lt;/b&gt;.test" in got
    assert b"<b>" not in got


def test_one_connection_serves_several_requests():
    request = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"
    assert asyncio.run(talk(serve_http, request * 3)).count(b"HTTP/1.1 200 OK") == 3


def test_as_many_bytes_as_asked():
    got = asyncio.run(talk(serve_http, b"GET /bytes/100000 HTTP/1.1\r\nConnection: close\r\n\r\n"))
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"Content-Length: 100000" in head
    assert len(body) == 100000


def test_what_is_no_request_ends_the_connection():
    assert asyncio.run(talk(serve_http, b"\x16\x03\x01" * 10)) == b""


def test_an_echo_sends_back_everything():
    assert asyncio.run(talk(serve_echo, b"abc" * 1000)) == b"abc" * 1000


def test_datagrams_come_back():
    class Ear(asyncio.DatagramProtocol):
        def __init__(self, heard):
            self.heard = heard

        def datagram_received(self, data, addr):
            self.heard.set_result(data)

    async def both():
        loop = asyncio.get_running_loop()
        heard = loop.create_future()
        there, _ = await loop.create_datagram_endpoint(EchoDatagrams, local_addr=("127.0.0.1", 0))
        here, _ = await loop.create_datagram_endpoint(lambda: Ear(heard), remote_addr=there.get_extra_info("sockname"))
        here.sendto(b"voice")
        got = await asyncio.wait_for(heard, 5)
        here.close()
        there.close()
        return got

    assert asyncio.run(both()) == b"voice"
