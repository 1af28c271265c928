"""Namespaces: without a name they end by themselves, with one they are mounts and nothing else."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from gateway.lab import netns

pytestmark = pytest.mark.netns


def here():
    return Path(netns.THREAD_NETNS).stat().st_ino


NAME = f"cg-t{os.getpid()}-one"


@pytest.fixture
def named():
    netns.create(NAME)
    yield NAME
    netns.delete(NAME)


def test_a_block_inside_ends_where_it_began():
    home = here()
    made = netns.make()
    try:
        with netns.inside(made):
            assert here() == netns.inode(made) != home
        assert here() == home
        with pytest.raises(KeyError), netns.inside(made):
            raise KeyError
        assert here() == home
    finally:
        os.close(made)


def test_a_socket_belongs_to_its_namespace_wherever_it_is_used():
    made = netns.make()
    try:
        with (
            netns.open_socket(made, socket.AF_INET, socket.SOCK_DGRAM) as sock,
            pytest.raises(OSError, match="unreach"),
        ):
            sock.connect(("127.0.0.1", 9))  # its loopback is down, ours is not
    finally:
        os.close(made)


def test_a_name_is_a_mount_that_goes_with_it(named):
    place = netns.NAMED / named
    assert str(place) in Path("/proc/self/mountinfo").read_text()
    assert named in netns.names(f"cg-t{os.getpid()}-")
    netns.delete(named)
    assert str(place) not in Path("/proc/self/mountinfo").read_text()
    assert not place.exists()


def test_a_taken_name_is_left_alone(named):
    before = (netns.NAMED / named).stat().st_ino
    with pytest.raises(FileExistsError):
        netns.create(named)
    assert (netns.NAMED / named).stat().st_ino == before


def folder_mounts():
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return mounts.count(str(netns.NAMED))


def test_the_folder_of_names_is_one_mount_and_goes_with_the_last_name(named):
    before = folder_mounts()
    assert before > 0
    netns.delete(named)
    assert folder_mounts() == before - (not netns.NAMED.exists())


def test_names_of_iproute_in_between_are_not_in_the_way(named):
    other = f"{NAME}-ip"
    subprocess.run(["ip", "netns", "add", other], check=True)
    try:
        netns.delete(named)
        assert not (netns.NAMED / named).exists()
        assert other in netns.names(NAME)
    finally:
        subprocess.run(["ip", "netns", "delete", other], check=True)
    netns.delete(named)


def test_deleting_what_is_not_there_is_fine():
    netns.delete(f"cg-t{os.getpid()}-never")
    assert not netns.names(f"cg-t{os.getpid()}-never")


def test_parameters_are_those_of_the_namespace_inside():
    made = netns.make()
    try:
        with netns.inside(made):
            netns.write_sysctls({"net/ipv4/ip_forward": "1", "net/not/there": "1"})
            assert Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1"
        other = netns.make()
        with netns.inside(other):
            assert Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "0"
        os.close(other)
    finally:
        os.close(made)
