"""Two loads for the bench, at the speed of system calls: one TCP stream, and small UDP packets of one flow.

May live here: sending, receiving, counting for a given time. May not: namespaces, rulesets, judging.

Sender and receiver of the stream are pinned to CPUs of their own where there are two: their wandering would be most of
what is measured. Small packets go by sendmmsg(2); the whole way to the receiver's interface is walked inside that call.
"""

import ctypes
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

BATCH = 64
STREAM_CHUNK = 1 << 18
CONNECT_SECONDS = 5.0

_libc = ctypes.CDLL(None, use_errno=True)


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("sent", ctypes.c_uint))


def stream(listener: socket.socket, connect: Callable[[], socket.socket], seconds: float) -> float:
    """Bits a second that arrive over one TCP connection. `connect` makes it; `listener` listens at its other end."""
    cpus = sorted(os.sched_getaffinity(0))
    received = 0
    sender = connect()
    receiver, _ = listener.accept()
    with sender, receiver:
        pusher = threading.Thread(target=_push, args=(sender, cpus[-1]), daemon=True)
        pusher.start()
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {cpus[0]})
        begun = time.perf_counter()
        try:
            while (elapsed := time.perf_counter() - begun) < seconds:
                received += receiver.recv_into(bytearray(STREAM_CHUNK), STREAM_CHUNK, socket.MSG_TRUNC)
        finally:
            os.sched_setaffinity(0, before)
            receiver.shutdown(socket.SHUT_RDWR)
            pusher.join()
    return received * 8 / elapsed


def _push(sender: socket.socket, cpu: int) -> None:
    os.sched_setaffinity(0, {cpu})
    data = bytes(STREAM_CHUNK)
    try:
        while True:
            sender.send(data)
    except OSError:
        return


def small_packets(sender: socket.socket, payload: int, seconds: float, arrived: Callable[[], int]) -> float:
    """Packets a second that arrive, out of a connected UDP socket. `arrived` reads the receiver's counter."""
    buffer = ctypes.create_string_buffer(payload)
    vector = _Vector(ctypes.addressof(buffer), payload)
    messages = (_Message * BATCH)()
    for message in messages:
        message.header.vectors = ctypes.pointer(vector)
        message.header.vector_count = 1
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        first, begun = arrived(), time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < seconds:
            _libc.sendmmsg(sender.fileno(), messages, BATCH, 0)
        return (arrived() - first) / elapsed
    finally:
        os.sched_setaffinity(0, before)


def received_packets(ifname: str) -> int:
    """How many packets an interface of the calling thread's namespace has received."""
    for line in Path("/proc/thread-self/net/dev").read_text(encoding="ascii").splitlines():
        name, _, counters = line.partition(":")
        if name.strip() == ifname:
            return int(counters.split()[1])
    raise OSError(f"no interface {ifname}")
