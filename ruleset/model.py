"""site.yaml as typed values: what a clinic may write down, with the description an editor shows beside each word.

May live here: pydantic models, the shape of each field, field descriptions. May not: anything that needs two fields of
different objects (check.py), defaults that depend on a role (packs/), or the kernel's view (compile*.py).

All models are frozen and refuse unknown keys. Ids are mapping keys and match `Id`; free text lives in `label` and
`reason` and never reaches the kernel.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from ruleset.model_base import (
    DataClass,
    DomainName,
    Endpoint,
    Expiry,
    Id,
    InterfaceName,
    IPv4,
    IPv4WithPrefix,
    IPv6,
    IPv6WithPrefix,
    Kind,
    Label,
    Language,
    Mac,
    Port,
    PortText,
    Region,
    Role,
    Strict,
    Text,
)
from ruleset.model_dns import Dns


class Contact(Strict):
    """Somebody to call. A role is enough; a name is not needed."""

    label: Label = Field(description="Who this is, for example 'Practice owner'")
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()-]{3,25}$")] | None = Field(
        None, description="Phone number, international form"
    )
    mail: Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")] | None = Field(
        None, description="Mail address"
    )


class Contacts(Strict):
    """Who is responsible (S0-01): without an owner there is no go-live."""

    owner: Contact = Field(description="The doctor or practice owner")
    deputy: Contact | None = Field(None, description="Who decides when the owner cannot be reached")
    technician: Contact | None = Field(None, description="Who maintains the network")
    vendor: Contact | None = Field(None, description="The supplier of the main medical software")


class Clinic(Strict):
    """The clinic itself."""

    label: Label = Field(description="The clinic's name as people read it")
    region: Region = Field(description="Whose rules apply; brings report and retention defaults")
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = Field(
        description="Languages of the owner's page, the first is the default"
    )
    timezone: str = Field(description="IANA time zone, for example Asia/Tokyo")
    domain: DomainName = Field("home.arpa", description="Local DNS domain (RFC 8375 default)")
    contacts: Contacts = Field(description="Who to call")


class Uplink4(Strict):
    """A fixed IPv4 address towards the internet."""

    address: IPv4WithPrefix = Field(description="Address with prefix, for example 203.0.113.2/24")
    gateway: IPv4 = Field(description="The provider's router")


class Uplink6(Strict):
    """A fixed IPv6 address towards the internet."""

    address: IPv6WithPrefix = Field(description="Address with prefix, for example 2001:db8::2/64")
    gateway: IPv6 = Field(description="The provider's router")


class Rate(Strict):
    """Contracted speed in Mbit/s."""

    down: Annotated[float, Field(gt=0, le=100_000, strict=True)] = Field(description="Towards the clinic, Mbit/s")
    up: Annotated[float, Field(gt=0, le=100_000, strict=True)] = Field(description="Towards the internet, Mbit/s")


class Uplink(Strict):
    """One way to the internet."""

    port: InterfaceName = Field(description="Network port, for example eth0")
    label: Label | None = Field(None, description="Name for people")
    ipv4: Literal["dhcp", "none"] | Uplink4 = Field("dhcp", description="dhcp, none, or a fixed address")
    ipv6: Literal["ra", "none"] | Uplink6 = Field("ra", description="ra (router advertisement), none, or fixed")
    rate: Rate | None = Field(None, description="Contracted speed; needed for queueing video first")


class Trunk(Strict):
    """The port that carries the VLANs to the switch."""

    port: InterfaceName = Field(description="Network port, for example eth1")


class DhcpRange(Strict):
    """Addresses handed out to devices without a fixed one."""

    first: IPv4 = Field(description="First address")
    last: IPv4 = Field(description="Last address, included")


class Zone(Strict):
    """A VLAN or a port with a role; the role brings the default policy."""

    role: Role = Field(description="What lives here; decides the default policy")
    label: Label | None = Field(None, description="Name for people")
    vlan: Annotated[int, Field(ge=1, le=4094, strict=True)] | None = Field(
        None, description="VLAN id on the trunk (IEEE 802.1Q)"
    )
    port: InterfaceName | None = Field(None, description="A port of its own instead of a VLAN")
    ipv4: IPv4WithPrefix | None = Field(None, description="The gateway's address, for example 10.20.20.1/24")
    ipv6: IPv6WithPrefix | None = Field(None, description="The gateway's IPv6 address with prefix (/64)")
    dhcp: DhcpRange | None = Field(None, description="Dynamic IPv4 range")


class Device(Strict):
    """A device that the clinic owns."""

    zone: Id = Field(description="The zone it belongs to")
    label: Label | None = Field(None, description="Name for people, any language")
    mac: Mac = Field(description="Hardware address, for example 02:00:00:20:00:11")
    ipv4: IPv4 | None = Field(None, description="Fixed IPv4 address")
    ipv6: IPv6 | None = Field(None, description="Fixed IPv6 address")
    kind: Kind = Field(description="What it is; some default permits go to kinds")
    criticality: Annotated[int, Field(ge=1, le=4, strict=True)] = Field(
        3, description="1 = care stops without it, 4 = nobody notices"
    )
    data: DataClass = Field("none", description="The most sensitive data it holds")


class Service(Strict):
    """A named set of ports."""

    label: Label | None = Field(None, description="Name for people")
    tcp: tuple[Port | PortText, ...] = Field((), description="TCP ports or ranges such as 5000-5010")
    udp: tuple[Port | PortText, ...] = Field((), description="UDP ports or ranges")


Endpoints = Annotated[
    tuple[Endpoint, ...],
    BeforeValidator(lambda v: (v,) if isinstance(v, str) else v),
    Field(min_length=1),
]


class Accountable(Strict):
    """What every exception carries (S0-28): why, who answers for it, until when."""

    reason: Text = Field(description="Why this is needed, in words the owner understands")
    owner: Label = Field(description="Who answers for it")
    expires: Expiry = Field(description="Last day, for example 2027-03-31")


class Permit(Accountable):
    """Something that the default policy does not allow and this clinic needs."""

    from_: Endpoints = Field(alias="from", description="Devices or zones")
    to: Endpoints = Field(description="Devices, zones, 'internet', 'gateway', or addresses on the internet")
    services: Annotated[tuple[Id, ...], Field(min_length=1)] = Field(description="Services by name")


class Forward(Accountable):
    """A port open to the internet; the strongest exception there is."""

    uplink: Id = Field(description="The uplink it is open on")
    protocol: Literal["tcp", "udp"] = Field(description="tcp or udp")
    port: Port = Field(description="Port on the outside")
    to: Id = Field(description="The device that answers")
    to_port: Port | None = Field(None, description="Port on the device, when another")


class VideoGrant(Accountable):
    """Approved video platforms for some zones or devices."""

    zones: tuple[Id, ...] = Field((), description="Zones that may use them")
    devices: tuple[Id, ...] = Field((), description="Devices that may use them")
    platforms: Annotated[tuple[Id, ...], Field(min_length=1)] = Field(description="Platforms of the catalogue")


class Waiver(Accountable):
    """A signed exception to a rule of the house."""

    covers: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9:-]{0,60}$")] = Field(
        description="A permit's id, 'forward:ID', or an invariant's id"
    )


def _whole_number(value: object) -> object:
    if type(value) is not int:
        raise ValueError("must be a whole number, without quotes")
    return value


Version = Annotated[Literal[1], BeforeValidator(_whole_number)]


class Site(Strict):
    """One clinic, one file."""

    version: Version = Field(description="Version of this format")
    clinic: Clinic
    uplinks: Annotated[dict[Id, Uplink], Field(min_length=1)] = Field(description="Ways to the internet")
    trunk: Trunk | None = Field(None, description="The VLAN trunk to the switch")
    zones: Annotated[dict[Id, Zone], Field(min_length=1)] = Field(description="Zones by id")
    devices: dict[Id, Device] = Field(default_factory=dict, description="Devices by id")
    services: dict[Id, Service] = Field(
        default_factory=dict, description="Services of this clinic, beside the usual ones"
    )
    permits: dict[Id, Permit] = Field(default_factory=dict, description="Exceptions to the default policy")
    forwards: dict[Id, Forward] = Field(default_factory=dict, description="Ports open to the internet")
    dns: Dns = Field(Dns.model_validate({}), description="Name resolution")
    video: dict[Id, VideoGrant] = Field(default_factory=dict, description="Approved video platforms")
    packs: tuple[Id, ...] = Field((), description="Reusable policy, for example a region's")
    waivers: dict[Id, Waiver] = Field(default_factory=dict, description="Signed exceptions to the house rules")
