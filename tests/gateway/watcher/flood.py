"""Run in a network namespace of its own: more logged packets than the packet log's buffer holds.

`python -m tests.gateway.watcher.flood QUIET` prints how many records were seen, how many the numbers say are missing,
and how often the kernel told of an overflow (never with QUIET 1, which sets NETLINK_NO_ENOBUFS).
"""

import socket
import subprocess
import sys
from datetime import UTC

from gateway.enforcer.nflog import open_log
from gateway.store.batch import day_in
from gateway.watcher.collect import Collector
from gateway.watcher.inputs import interface_name, read_log
from gateway.watcher.sources import Directory

RULES = """
table inet flood {
    chain out {
        type filter hook output priority 0
        udp dport 9 log prefix "core:refused:cam " group 5
    }
}
"""
PACKETS = 5000
NOW = 1_800_000_000.0
SOL_NETLINK, NETLINK_NO_ENOBUFS = 270, 5


def main(quiet: int) -> str:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    log = open_log()
    log.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    log.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, quiet)
    log.settimeout(10)
    collector = Collector(Directory(None, interface_name), day_in(UTC))
    overflows: list[int] = []
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def knock(times: int) -> None:
        for _ in range(times):
            sender.sendto(b"x", ("127.0.0.1", 9))

    def take(data: bytes) -> None:
        collector.packets(data, NOW)

    knock(1)
    take(log.recv(1 << 16))
    knock(PACKETS)
    log.setblocking(False)
    assert read_log(log, take, lambda: overflows.append(1))
    log.settimeout(10)
    knock(1)
    take(log.recv(1 << 16))
    seen = sum(tally.count for tally in collector.batch.rows.values())
    lost = sum(tally.count for (_, cause), tally in collector.batch.losses.items() if cause.value == "kernel_gap")
    return f"{seen} {lost} {len(overflows)}"


if __name__ == "__main__":
    print(main(int(sys.argv[1])))
