"""Video platforms: the catalogue of where their calls live.

May live here: the shape of a platform file and reading the shipped ones. May not: who may use them (resolve.py).
"""

from datetime import date
from functools import cache
from importlib import resources
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ruleset.document import read_document
from ruleset.model_base import DomainName, Id, Port, PortText, Strict


class PlatformFlow(Strict):
    """Ports of one protocol that the platform uses."""

    protocol: Literal["tcp", "udp"]
    ports: Annotated[tuple[Port | PortText, ...], Field(min_length=1)]


class Platform(Strict):
    """One entry: what the vendor publishes, when it was read, and how sure we are."""

    platform: Id
    label: str
    vendor: str
    source: str
    seen: Annotated[date, BeforeValidator(lambda v: date.fromisoformat(v) if isinstance(v, str) else v)]
    confidence: Literal["high", "medium", "low"]
    domains: tuple[DomainName, ...]
    flows: tuple[PlatformFlow, ...]
    ipv4: tuple[IPv4Network, ...] = ()
    ipv6: tuple[IPv6Network, ...] = ()


def platform_names() -> tuple[str, ...]:
    """Ids of the shipped platforms."""
    folder = resources.files("ruleset") / "platforms"
    return tuple(sorted(e.name.removesuffix(".yaml") for e in folder.iterdir() if e.name.endswith(".yaml")))


@cache
def load_platform(name: str) -> Platform:
    """Reads a shipped entry. Raises ValueError when the file itself is broken."""
    file = f"ruleset/platforms/{name}.yaml"
    document = read_document((resources.files("ruleset") / "platforms" / f"{name}.yaml").read_bytes(), file)
    if document.problems:
        raise ValueError("; ".join(p.line() for p in document.problems))
    return Platform.model_validate(document.data)
