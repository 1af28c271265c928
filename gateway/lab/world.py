"""`python -m gateway.lab.world LAB`: everything in the lab that is not the gateway and has to answer.

One process, sockets in many namespaces: the internet's DNS, web and echo servers, and on every device the services that
somebody in the clinic may use.

May live here: opening those sockets and serving until SIGTERM. May not: what is answered (dns_server.py, web_server.py)
or which ports there are (world_plan.py).
"""

import asyncio
import functools
import os
import signal
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable

from gateway.lab import netns
from gateway.lab.dns_server import NameServer, Udp, serve_tcp
from gateway.lab.dnssec import Signer
from gateway.lab.folder import Folder
from gateway.lab.web_server import EchoDatagrams, serve_echo, serve_http
from gateway.lab.world_plan import ECHO_PORT, WorldPlan, read_plan

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BACKLOG = 512
REUSE_V6 = (socket.AF_INET6, socket.AF_INET)


def main(arguments: list[str]) -> int:
    """Serves until SIGTERM or SIGINT; exit status 0 then."""
    folder = Folder(arguments[0])
    asyncio.run(_serve(folder, read_plan(folder.world)))
    return 0


async def _serve(folder: Folder, plan: WorldPlan) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    internet = netns.open_named(plan.internet)
    try:
        await _internet(folder, plan, internet)
    finally:
        os.close(internet)
    for device in plan.devices:
        descriptor = netns.open_named(device.namespace)
        try:
            for port in device.tcp:
                await _tcp(descriptor, port, serve_http if port in (80, 8080) else serve_echo)
            for port in device.udp:
                await _udp_echo(descriptor, port)
        finally:
            os.close(descriptor)
    folder.world_ready.touch()
    await stop.wait()


async def _internet(folder: Folder, plan: WorldPlan, internet: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.certificate)
    await _tcp(internet, 443, serve_http, context)
    await _tcp(internet, 80, serve_http)
    await _tcp(internet, ECHO_PORT, serve_echo)
    await _udp_echo(internet, ECHO_PORT)
    signer = Signer(folder.dnssec_key)
    folder.anchor.write_text(signer.anchor(), encoding="ascii")  # in place: it may be mounted already
    names = NameServer(plan.names, signer)
    await _tcp(internet, 53, functools.partial(serve_tcp, names))
    for family in (socket.AF_INET, socket.AF_INET6):
        Udp(names, _bound(internet, family, socket.SOCK_DGRAM, 53)).start()


async def _tcp(namespace: int, port: int, handler: Handler, context: ssl.SSLContext | None = None) -> None:
    sock = _bound(namespace, socket.AF_INET6, socket.SOCK_STREAM, port, both=True)
    await asyncio.start_server(handler, sock=sock, ssl=context, backlog=BACKLOG)


async def _udp_echo(namespace: int, port: int) -> None:
    for family in (socket.AF_INET, socket.AF_INET6):
        sock = _bound(namespace, family, socket.SOCK_DGRAM, port)
        await asyncio.get_running_loop().create_datagram_endpoint(EchoDatagrams, sock=sock)


def _bound(namespace: int, family: int, kind: int, port: int, both: bool = False) -> socket.socket:
    sock = netns.open_socket(namespace, family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
    sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))  # noqa: S104 - inside the lab's namespace
    return sock


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
