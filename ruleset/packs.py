"""Packs: reusable policy. `base` and `encrypted-dns` are always there; a site adds others by name.

May live here: the shape of a pack file and reading the shipped ones. May not: what a pack means (resolve.py).
Packs are our own data, so a mistake in one is a bug and raises; site files never do.
"""

from functools import cache
from importlib import resources
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import BeforeValidator, Field

from ruleset.document import Document, read_document
from ruleset.model_base import DomainName, Endpoint, Id, Kind, Port, PortText, Role, Strict

BASE = "base"
ALWAYS = (BASE, "encrypted-dns")

Roles = Annotated[tuple[Role, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]


class PackService(Strict):
    """Ports under a name; `echo` adds ICMP and ICMPv6 echo requests."""

    tcp: tuple[Port | PortText, ...] = ()
    udp: tuple[Port | PortText, ...] = ()
    echo: bool = False


class PackGrant(Strict):
    """A default permission between roles, narrowed to kinds of devices or to learned names."""

    from_: Roles = Field(alias="from")
    to: Endpoint
    services: tuple[Id, ...]
    why: str
    from_kinds: tuple[Kind, ...] = ()
    to_kinds: tuple[Kind, ...] = ()
    names: tuple[DomainName, ...] = ()


class PackRefusal(Strict):
    """Ports, addresses, or these ports at these addresses, that are refused towards the internet."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    tcp: tuple[Port | PortText, ...] = ()
    udp: tuple[Port | PortText, ...] = ()
    why: str


class Pack(Strict):
    """One pack file."""

    pack: Id
    label: str
    services: dict[Id, PackService] = Field(default_factory=dict)
    grants: dict[Id, PackGrant] = Field(default_factory=dict)
    exceptions: dict[Role, dict[str, tuple[Id, ...]]] = Field(default_factory=dict)
    refusals: dict[Id, PackRefusal] = Field(default_factory=dict)
    protected_names: tuple[DomainName, ...] = ()
    closed_names: tuple[DomainName, ...] = ()
    resolver_names: tuple[DomainName, ...] = ()


class LoadedPack(Strict):
    """A pack with the lines its entries stand at."""

    pack: Pack
    file: str
    lines: dict[str, int]


def pack_names() -> tuple[str, ...]:
    """The packs that ship with the product and that a site may name."""
    folder = resources.files("ruleset") / "packs"
    names = (entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(sorted(name for name in names if name not in ALWAYS))


@cache
def load_pack(name: str) -> LoadedPack:
    """Reads a shipped pack. Raises ValueError when the pack itself is broken."""
    file = f"ruleset/packs/{name}.yaml"
    document = read_document((resources.files("ruleset") / "packs" / f"{name}.yaml").read_bytes(), file)
    if document.problems:
        raise ValueError("; ".join(p.line() for p in document.problems))
    return LoadedPack(pack=Pack.model_validate(document.data), file=file, lines=_lines(document))


def _lines(document: Document) -> dict[str, int]:
    return {f"{path[0]}.{path[1]}": mark.line for path, mark in document.keys.items() if len(path) == 2}
