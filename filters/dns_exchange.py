"""The words between the session, which decides, and the resolver, which has the sockets.

Events go in, commands come out; both are plain values, so a conversation is a list of them and a test needs no network.

May live here: event and command types, bounds and times of an exchange. May not: behaviour.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from filters.dns_answer import Address, Subject
from filters.dns_schedule import Moment
from filters.names import Name
from filters.verdict import Verdict

DNS_PORT = 53
Transport = Literal["plain", "tls", "https", "quic"]


@dataclass(frozen=True, slots=True)
class Upstream:
    """A resolver we ask. `name` is what its certificate must carry, `path` where it takes questions over HTTPS."""

    address: str
    port: int = DNS_PORT
    transport: Transport = "plain"
    name: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, and bounds on what may be under way. A stub client gives up after about five seconds."""

    attempt: float = 0.8  # then the next upstream is asked, while an answer of this one still counts
    stream_attempt: float = 2.0
    whole: float = 4.5
    attempts: int = 6  # for one question, TCP retries included
    sick: float = 20.0  # an upstream that did not answer is asked last for this long
    pin: float = 0.25  # an answer waits no longer for its pin
    pin_slack: float = 300.0  # a pin outlives the TTL: browsers and apps keep addresses longer than they may
    pin_floor: float = 60.0
    exchanges: int = 512
    waiters: int = 256  # questions waiting for one exchange
    of_waiters: int = 8  # and of them those of one client
    held: int = 1024  # answers waiting for a pin
    of_client: int = 128  # questions of one client under way
    client_rate: float = 20_000.0  # datagrams of one client a second, whatever they cost
    client_burst: int = 40_000
    rate: float = 1000.0  # questions of one client a second that upstreams must be asked for
    burst: int = 4000
    stale: float = 1.8  # then what is past its time is answered while the asking goes on (RFC 8767 section 5)


@dataclass(frozen=True, slots=True)
class PinGrant:
    """Clients of `zone` (with `clients`: only these) may use names below `suffixes`: their addresses are pinned."""

    zone: str
    suffixes: frozenset[Name]
    clients: frozenset[Address] = frozenset()


# --- events


@dataclass(frozen=True, slots=True)
class ClientDatagram:
    """A message of a client. `channel` says where its answer goes; it is the resolver's own, only handed back.

    `trial`: a person asks what that client would be told. It is answered all the same, by `Tried`, and leaves no trace:
    no account, no pin, nothing of the client's share.
    """

    data: bytes
    client: Address
    zone: str
    channel: Hashable
    stream: bool = False
    trial: bool = False


@dataclass(frozen=True, slots=True)
class UpstreamDatagram:
    """A message that came in on the socket of attempt `token`, from `source`."""

    token: int
    source: Upstream
    data: bytes


@dataclass(frozen=True, slots=True)
class UpstreamLost:
    """Attempt `token` cannot succeed: refused, unreachable, closed."""

    token: int


@dataclass(frozen=True, slots=True)
class PinDone:
    """The enforcer's answer to a RequestPin."""

    token: int
    ok: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; due at least every 50 ms while the session is busy."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clinic's own time, told about once a second: schedules begin and end, allowances run out."""

    moment: Moment


Event = ClientDatagram | UpstreamDatagram | UpstreamLost | PinDone | Tick | Clock

# --- commands


@dataclass(frozen=True, slots=True)
class SendAnswer:
    channel: Hashable
    data: bytes


@dataclass(frozen=True, slots=True)
class Tried:
    """The answer to a trial, and the verdict it was given by."""

    channel: Hashable
    data: bytes
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AskUpstream:
    """Send `data` from a socket of its own (a random port, connected to `upstream`) and keep listening on it."""

    token: int
    upstream: Upstream
    stream: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class ForgetUpstream:
    """Close the socket of attempt `token`: its question is settled."""

    token: int


@dataclass(frozen=True, slots=True)
class RequestPin:
    """Let `client` reach `addresses` for `ttl` seconds, and say when that is in the kernel."""

    token: int
    client: Address
    addresses: tuple[Address, ...]
    ttl: int
    name: str


class Told(StrEnum):
    """What an Account is about."""

    BLOCKED = "dns_blocked"
    PROTECTED_HIT = "dns_protected_hit"  # a list names something that must not be blocked
    PIN_FAILED = "dns_pin_failed"
    UPSTREAMS_SILENT = "dns_upstreams_silent"


@dataclass(frozen=True, slots=True)
class Account:
    """Something worth counting for the owner."""

    told: Told
    client: Address
    zone: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class ViewsChanged:
    """The rules changed: who keeps the table of a client must ask for it again."""


Command = SendAnswer | Tried | AskUpstream | ForgetUpstream | RequestPin | Account | ViewsChanged


@dataclass(slots=True)
class Counters:
    """What the session saw since it began, by kind; for health and tests."""

    questions: int = 0
    faults: int = 0
    refused: int = 0
    cached: int = 0
    joined: int = 0
    asked: int = 0
    retried: int = 0
    strangers: int = 0  # replies of the wrong source, id or question
    garbage: int = 0  # replies that are no DNS messages
    answered: int = 0  # exchanges that ended with an upstream's answer
    failed: int = 0  # and those that ended without
    overload: int = 0  # questions and connections turned away, here or before they came here
    unrouted: int = 0  # names of a closed network without a resolver
    stale: int = 0
    prefetched: int = 0
    rebound: int = 0  # answers that pointed into the clinic
    pins: int = 0
    pins_failed: int = 0
