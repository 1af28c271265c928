"""The shipped packs are whole, and agree with the promises of the house."""

import pytest

from ruleset.model import Role
from ruleset.packs import ALWAYS, BASE, load_pack, pack_names
from ruleset.resolved import GATEWAY, INTERNET
from ruleset.services import pack_services, traffic

ALL = (*ALWAYS, *pack_names())
ROLES = set(Role.__args__)
NO_INTERNET = ("med", "cam", "prn")


def test_what_is_always_there_is_not_named():
    assert not set(ALWAYS) & set(pack_names()) and set(pack_names()) >= {"jp", "fr", "imaging"}


def test_an_unknown_pack_is_a_mistake_of_ours():
    with pytest.raises(FileNotFoundError):
        load_pack("atlantis")


@pytest.mark.parametrize("name", ALL)
def test_a_pack_is_called_like_its_file_and_knows_its_lines(name):
    loaded = load_pack(name)
    assert loaded.pack.pack == name
    lines = load_text(name)
    for grant in loaded.pack.grants:
        assert lines[loaded.lines[f"grants.{grant}"] - 1].strip().startswith(f"{grant}:")


def load_text(name):
    from importlib import resources

    return (resources.files("ruleset") / "packs" / f"{name}.yaml").read_text().splitlines()


@pytest.mark.parametrize("name", ALL)
def test_grants_name_what_exists_and_say_why(name):
    loaded = load_pack(name)
    known = pack_services((load_pack(BASE), loaded))
    for grant_id, grant in loaded.pack.grants.items():
        assert set(grant.services) <= set(known), grant_id
        assert grant.to in ROLES | {INTERNET, GATEWAY}, grant_id
        assert grant.why and len(f"pack:{name}:{grant_id}") < 100


@pytest.mark.parametrize("name", ALL)
def test_no_pack_gives_cameras_printers_or_devices_the_internet(name):
    pack = load_pack(name).pack
    assert not [i for i, g in pack.grants.items() if g.to == INTERNET and set(g.from_) & set(NO_INTERNET)]
    assert not [role for role in NO_INTERNET if INTERNET in pack.exceptions.get(role, {})]


@pytest.mark.parametrize("name", ALL)
def test_no_pack_lets_servers_start_towards_pcs_or_guests_inside(name):
    pack = load_pack(name).pack
    assert not [i for i, g in pack.grants.items() if "srv" in g.from_ and g.to in ("pc", "staffwifi", "mgmt")]
    assert not [i for i, g in pack.grants.items() if "guest" in g.from_ and g.to not in (INTERNET, GATEWAY)]
    assert pack.exceptions.get("guest", {}) == {}


@pytest.mark.parametrize("name", ALL)
def test_exceptions_name_roles_and_services(name):
    known = {*pack_services((load_pack(BASE), load_pack(name))), "any"}
    for role, targets in load_pack(name).pack.exceptions.items():
        assert set(targets) <= ROLES | {INTERNET, GATEWAY}, role
        assert {s for services in targets.values() for s in services} <= known, role


def test_no_service_is_defined_twice():
    names = [service for name in ALL for service in load_pack(name).pack.services]
    assert len(names) == len(set(names))


def test_the_ports_that_are_always_refused_are_the_agreed_ones():
    refused = {"tcp": set(), "udp": set()}
    for refusal in load_pack(BASE).pack.refusals.values():
        for item in traffic(refusal.tcp, refusal.udp):
            refused[item.protocol] |= {p for r in item.ports for p in range(r.first, r.last + 1)}
    assert refused["tcp"] >= {23, 25, 135, 139, 445, 853, 1433, 3306, 3389, 5900}
    assert refused["udp"] >= {69, 137, 161, 162, 853}


def test_only_management_reaches_the_page_and_ssh_by_default():
    pack = load_pack(BASE).pack
    may = {
        role for g in pack.grants.values() if g.to == GATEWAY and {"ui", "ssh"} & set(g.services) for role in g.from_
    }
    assert may == {"mgmt"}


def test_japan_protects_the_names_of_eligibility():
    assert set(load_pack("jp").pack.closed_names) >= {"flets-east.jp", "onshikaku.org", "oqs-pdl.org"}
