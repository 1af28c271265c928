"""Who asks whom for names."""

from gateway.lab.etc import resolv_conf, write_etc
from gateway.lab.folder import Folder


def test_a_device_asks_its_gateway_and_a_stranger_the_internet(small, small_topology):
    device = resolv_conf(small_topology.host("reception-1"), small)
    assert device == "search home.arpa\nnameserver 10.20.20.1\nnameserver 2001:db8:20:20::1\n"
    assert resolv_conf(small_topology.host("attacker"), small) == "nameserver 198.51.100.53\n"


def test_every_host_has_its_files(small, small_topology, tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.lab.folder.LABS", tmp_path)
    folder = Folder("t1")
    write_etc(folder, small_topology, small)
    for host in small_topology.hosts:
        assert host.name in folder.etc(host.name, "hosts").read_text()
        assert "nameserver" in folder.etc(host.name, "resolv.conf").read_text()
