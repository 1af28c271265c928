"""The `dns` part of site.yaml: who answers names, what is blocked for whom, what is written down.

May live here: pydantic models with their descriptions. May not: checks between objects (check_dns.py).
"""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ruleset.model_base import DomainName, Id, IPv4, IPv6, Label, ListPath, Port, Strict

Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Block = Literal["nxdomain", "nodata", "null", "page"]
HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[a-zA-Z0-9.-]{1,253}(:[0-9]{1,5})?/[!-~]{0,500}$")]
# Categories of lists whose entries are addresses, for the kernel's sets: refused whole, or their encrypted DNS only.
ADDRESSES, DOH_ADDRESSES = "addresses", "doh-addresses"
ADDRESS_CATEGORIES = frozenset({ADDRESSES, DOH_ADDRESSES})
Minisign = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{56}$")]


class DnsUpstream(Strict):
    """A resolver with a transport of its own."""

    server: IPv4 | IPv6 = Field(description="Its address; never a name, which nobody could look up yet")
    transport: Literal["plain", "tls", "https", "quic"] = Field(
        "plain", description="plain (port 53), tls (RFC 7858), https (RFC 8484) or quic (RFC 9250)"
    )
    name: DomainName | None = Field(None, description="The name its certificate must carry")
    path: Annotated[str, StringConstraints(pattern=r"^/[!-~]{0,200}$")] = Field("/dns-query", description="For https")
    port: Port | None = Field(None, description="When another than the transport's own")


class DnsForward(Strict):
    """Names that only certain resolvers know; never filtered, never asked anywhere else."""

    names: Annotated[tuple[DomainName, ...], Field(min_length=1)] = Field(
        description="Names with all below, as oqs-pdl.org"
    )
    servers: Annotated[tuple[IPv4 | IPv6, ...], Field(min_length=1)] = Field(
        description="The closed network's resolvers"
    )


class DnsList(Strict):
    """A block list: a file that a person puts there, or one that the gateway fetches."""

    path: ListPath = Field(description="File below the lists folder")
    url: HttpsUrl | None = Field(None, description="Where the publisher offers it, by HTTPS")
    label: Label | None = Field(None, description="Name for people")
    category: Id | None = Field(
        None,
        description="What it holds, for example malware, tracking, doh; addresses or doh-addresses: no names",
    )
    licence: Label | None = Field(None, description="The publisher's terms, shown beside the list")
    hours: Annotated[int, Field(ge=1, le=720, strict=True)] = Field(24, description="Hours between two looks for news")
    minisign: Minisign | None = Field(None, description="The publisher's minisign public key")
    sha256: HttpsUrl | None = Field(None, description="Where the publisher offers the SHA-256 sum")


class Schedule(Strict):
    """Hours of the week, in the clinic's time zone; `to` before `from` goes over midnight."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = Field(description="Days on which it begins")
    from_: Clock = Field(alias="from", description="Begin, for example 08:30")
    to: Clock = Field(description="End, for example 18:00")


class DnsOverlay(Strict):
    """Another policy for a device or for certain hours; what is not given stays as it is in the zone."""

    lists: tuple[Id, ...] | None = Field(None, description="Block lists instead of the zone's")
    categories: tuple[Id, ...] | None = Field(None, description="Categories instead of the zone's")
    block: Block | None = Field(None, description="How a blocked name is answered")
    allow: tuple[DomainName, ...] = Field((), description="Names that no list blocks, besides the zone's")
    deny: tuple[DomainName, ...] = Field((), description="Names that are blocked, besides the zone's")
    only: tuple[DomainName, ...] | None = Field(None, description="Nothing but these names: for cameras and machines")
    safe_search: Annotated[bool | None, Field(strict=True)] = Field(
        None, description="Search engines answer with their safe variant"
    )


class DnsZone(Strict):
    """DNS policy of one zone."""

    lists: tuple[Id, ...] = Field((), description="Block lists that apply")
    categories: tuple[Id, ...] = Field((), description="Categories whose lists apply")
    block: Block = Field("nxdomain", description="How a blocked name is answered")
    allow: tuple[DomainName, ...] = Field((), description="Names that no list blocks here")
    deny: tuple[DomainName, ...] = Field((), description="Names that are blocked here besides the lists")
    only: tuple[DomainName, ...] | None = Field(None, description="Nothing but these names: for cameras and machines")
    safe_search: StrictBool = Field(False, description="Search engines answer with their safe variant")
    during: dict[Id, DnsOverlay] = Field(default_factory=dict, description="Another policy within a schedule")


class DnsLog(Strict):
    """What is written down of questions; logs are personal data."""

    detail: Literal["off", "zone", "device"] = Field("zone", description="Who is named: nobody, the zone, the device")
    days: Annotated[int, Field(ge=1, le=400, strict=True)] = Field(30, description="Days until it is erased")


class Dns(Strict):
    """Names: who answers them, what is blocked."""

    upstreams: tuple[IPv4 | IPv6 | DnsUpstream, ...] = Field(
        (), description="Resolvers the gateway asks; none: its own recursive resolver"
    )
    forward: dict[Id, DnsForward] = Field(default_factory=dict, description="Names for certain resolvers only")
    lists: dict[Id, DnsList] = Field(default_factory=dict, description="Block lists by id")
    zones: dict[Id, DnsZone] = Field(default_factory=dict, description="Policy by zone")
    devices: dict[Id, DnsOverlay] = Field(default_factory=dict, description="Policy by device, over its zone's")
    schedules: dict[Id, Schedule] = Field(default_factory=dict, description="Hours by name")
    protected: tuple[DomainName, ...] = Field((), description="Names of vendors and services that no list may block")
    remove_ech: StrictBool = Field(
        True, description="Remove encrypted hello keys from answers, so that names stay visible"
    )
    log: DnsLog = Field(DnsLog.model_validate({}), description="The query log")
