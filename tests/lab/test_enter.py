"""A program on a host sees that host's network, names and trust, and the machine stays as it is."""

from pathlib import Path

import pytest

from gateway.lab.enter import run_in
from gateway.lab.errors import LabError

pytestmark = pytest.mark.netns
FETCH = "import urllib.request as u; print(u.urlopen('https://www.example.com/', timeout=5).read().decode())"


def test_files_name_and_interfaces_are_the_hosts(clinic, capfd):
    before = Path("/etc/resolv.conf").read_text()
    assert run_in("reception-1", ["sh", "-c", "cat /etc/resolv.conf; hostname; ls /sys/class/net"], clinic.lab) == 0
    out = capfd.readouterr().out
    assert "nameserver 10.20.20.1" in out
    assert out.split()[-3:] == ["reception-1", "eth0", "lo"]
    assert Path("/etc/resolv.conf").read_text() == before
    assert not Path("/etc/netns").exists()


@pytest.mark.parametrize(
    ("argv", "status"),
    [(["false"], 1), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137), (["/no/such"], 127)],
)
def test_the_status_is_the_programs(clinic, argv, status):
    assert run_in("emr", argv, clinic.lab) == status


def test_names_and_certificates_of_the_lab_are_trusted(clinic, capfd):
    assert run_in("reception-1", ["python3", "-c", FETCH], clinic.lab) == 0
    assert "This is www.example.com in the lab" in capfd.readouterr().out


def test_arguments_arrive_as_they_are(clinic, capfd):
    run_in("emr", ["printf", "%s|", "a b", "$HOME", "'", '"', "--", "*"], clinic.lab)
    assert capfd.readouterr().out == "a b|$HOME|'|\"|--|*|"


def test_on_the_gateway_the_product_finds_its_enforcer(clinic, capfd):
    assert (
        run_in("gateway", ["sh", "-c", "echo $CLINICGATE_RUN; test -S $CLINICGATE_RUN/enforcer.sock"], clinic.lab) == 0
    )
    assert str(clinic.folder.gateway.run) in capfd.readouterr().out


def test_what_is_not_there_is_told(clinic):
    with pytest.raises(LabError, match=r"no host 'nobody'.*reception-1"):
        run_in("nobody", ["true"], clinic.lab)
    with pytest.raises(LabError, match="no lab none"):
        run_in("emr", ["true"], "none")
    with pytest.raises(LabError, match="nothing to run"):
        run_in("emr", [], clinic.lab)
