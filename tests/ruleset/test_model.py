"""The shape of site.yaml: what each field takes and what it refuses."""

from datetime import date, datetime

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from ruleset import model, model_base, model_dns
from ruleset.model import Device, Dns, Endpoints, Expiry, Id, Permit, Service, Site, Strict, Uplink, Zone

DEVICE = {"zone": "pc", "mac": "02:00:00:00:20:01", "kind": "pc"}
SIGNED = {"reason": "r", "owner": "o", "expires": "2028-03-31"}


def models():
    everything = vars(model_base) | vars(model_dns) | vars(model)
    return [m for m in everything.values() if isinstance(m, type) and issubclass(m, BaseModel) and m is not BaseModel]


def refused(kind, /, **data):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(data)
    return [".".join(map(str, e["loc"])) for e in caught.value.errors()]


def test_every_model_is_frozen_and_refuses_unknown_keys():
    for kind in models():
        assert issubclass(kind, Strict), kind
        assert kind.model_config["extra"] == "forbid" and kind.model_config["frozen"], kind


WRONG = {bool: ("yes", 1, "true", 0.0), int: ("3", 3.0, True), float: ("3", True)}
PLAIN_FIELDS = [
    (kind, field.alias or name, wrong)
    for kind in models()
    for name, field in kind.model_fields.items()
    for plain in WRONG
    if field.annotation in (plain, plain | None)
    for wrong in WRONG[plain]
]


def test_there_are_plain_fields():
    assert len({(kind, name) for kind, name, _ in PLAIN_FIELDS}) > 8


@pytest.mark.parametrize(("kind", "name", "wrong"), PLAIN_FIELDS, ids=lambda v: getattr(v, "__name__", repr(v)))
def test_no_field_converts_silently(kind, name, wrong):
    assert name in refused(kind, **{name: wrong})


def test_every_field_of_every_model_is_described_for_the_editor():
    below_site = {"Strict", "Accountable", "Site"}
    silent = [
        f"{kind.__name__}.{name}"
        for kind in models()
        if kind.__name__ not in below_site
        for name, field in kind.model_fields.items()
        if not field.description
    ]
    assert silent == []


@pytest.mark.parametrize("text", ["a", "pc-1", "a" * 31])
def test_ids_are_plain_words(text):
    assert TypeAdapter(Id).validate_python(text) == text


@pytest.mark.parametrize("text", ["", "A", "1a", "-a", "a_b", "a.b", "a" * 32, "a\n", "é", "ａ", 7])
def test_other_words_are_no_ids(text):
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(text)


@pytest.mark.parametrize("mac", ["02:00:00:00:20:01", "02-00-00-00-20-01", "02:00:0A:0b:20:01"])
def test_hardware_addresses_are_kept_in_lower_case_with_colons(mac):
    value = Device.model_validate(DEVICE | {"mac": mac}).mac
    assert value == mac.lower().replace("-", ":")


@pytest.mark.parametrize(
    "mac", ["02:00:00:00:20", "02:00:00:00:20:01:02", "0200.0000.2001", "gg:00:00:00:20:01", 2, ""]
)
def test_other_texts_are_no_hardware_addresses(mac):
    assert refused(Device, **(DEVICE | {"mac": mac})) == ["mac"]


@pytest.mark.parametrize("port", [0, 65536, -1, "80", "a-b", "1-2-3", 1.5, True])
def test_what_is_no_port_is_refused(port):
    assert refused(Service, tcp=[port])


def test_ports_and_ranges_are_taken():
    assert Service.model_validate({"tcp": [1, 65535, "5000-5010"]}).tcp == (1, 65535, "5000-5010")


@pytest.mark.parametrize("vlan", [0, 4095, "20", 20.5])
def test_vlan_ids_go_from_1_to_4094(vlan):
    assert refused(Zone, role="pc", vlan=vlan) == ["vlan"]


@pytest.mark.parametrize("port", ["eth0", "enp3s0", "wlan-1", "a"])
def test_interface_names_are_short_words(port):
    assert Zone.model_validate({"role": "pc", "port": port}).port == port


@pytest.mark.parametrize("port", ["", "eth0.1", "eth 0", 'eth0"', "0eth", "a" * 11, "eth0\n", "../x"])
def test_other_texts_are_no_interface_names(port):
    assert refused(Zone, role="pc", port=port) == ["port"]


def test_an_uplink_asks_its_provider_when_nothing_is_said():
    uplink = Uplink.model_validate({"port": "eth0"})
    assert (uplink.ipv4, uplink.ipv6, uplink.rate) == ("dhcp", "ra", None)


def test_a_day_stays_a_day_and_a_moment_a_moment():
    expiry = TypeAdapter(Expiry)
    assert type(expiry.validate_python("2027-03-31")) is date
    assert expiry.validate_python("2027-03-31T18:00+09:00") == datetime.fromisoformat("2027-03-31T18:00+09:00")


@pytest.mark.parametrize("text", ["2027-02-30", "tomorrow", "", 20270331, None, "2027-3-31", "31.03.2027"])
def test_other_texts_are_no_end(text):
    assert refused(Permit, **{"from": "pc", "to": "emr", "services": ["ssh"]} | SIGNED | {"expires": text}) == [
        "expires"
    ]


def test_one_endpoint_may_stand_without_a_list():
    assert TypeAdapter(Endpoints).validate_python("pc") == ("pc",)
    assert TypeAdapter(Endpoints).validate_python(["pc", "srv"]) == ("pc", "srv")
    with pytest.raises(ValidationError):
        TypeAdapter(Endpoints).validate_python([])


@pytest.mark.parametrize("missing", ["reason", "owner", "expires"])
def test_every_exception_is_signed_and_ends(missing):
    data = {"from": "pc", "to": "emr", "services": ["ssh"]} | SIGNED
    del data[missing]
    assert refused(Permit, **data) == [missing]


@pytest.mark.parametrize("path", ["/etc/shadow", "../x", "", "a b", "x\n", "-", "a" * 201])
def test_a_list_lies_below_its_folder(path):
    if path == "-":
        assert Dns.model_validate({"lists": {"a": {"path": path}}}).lists["a"].path == "-"
    else:
        assert refused(Dns, lists={"a": {"path": path}})


def test_the_smallest_site_has_an_uplink_and_a_zone():
    assert {"version", "clinic", "uplinks", "zones"} == set(refused(Site))
    assert "uplinks" in refused(Site, uplinks={}) and "zones" in refused(Site, zones={})


def test_the_schema_for_editors_names_every_section():
    schema = Site.model_json_schema(by_alias=True)
    assert set(schema["properties"]) >= {"clinic", "uplinks", "zones", "devices", "permits", "waivers"}
    assert "from" in schema["$defs"]["Permit"]["properties"]
