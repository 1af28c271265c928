"""What the gateway saw or did, as typed values: the words between the watcher, the store and the pages.

Two shapes. A `Blocked` is one of very many and is only ever counted: the store folds equal ones into a growing row.
A `Happening` is rare and kept one by one. A `Loss` says how much could not be seen or kept, so that no number on a
page claims more than is known.

May live here: closed enums, frozen values, and the table of harm classes.
May not: sockets, SQL, the clock, texts for people (those are the locales of the web page).
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

SECONDS_A_SLOT = 900  # the trend is kept in quarter hours: every time zone of the world starts its hours on one


class Harm(StrEnum):
    """What would be hurt if nobody cared: the three classes of requirement S1-09."""

    AVAILABILITY = "availability"
    DATA = "data"
    COMPLIANCE = "compliance"


class Kind(StrEnum):
    """Every kind of event there is. Adding one means giving it a harm class and a text in every language."""

    PACKET_REFUSED = "packet_refused"
    NAME_BLOCKED = "name_blocked"
    POLICY_APPLIED = "policy_applied"
    POLICY_CONFIRMED = "policy_confirmed"
    POLICY_ROLLED_BACK = "policy_rolled_back"
    DEVICE_QUARANTINED = "device_quarantined"
    DEVICE_RELEASED = "device_released"
    ENFORCER_LOST = "enforcer_lost"
    ENFORCER_BACK = "enforcer_back"
    RECORDS_LOST = "records_lost"
    STORE_RENEWED = "store_renewed"
    UNRESOLVED_MANY = "unresolved_many"  # a device talks to many addresses never resolved here (filters.detect)
    UNRESOLVED_STEADY = "unresolved_steady"  # or to one, again and again
    STUN_ON_DNS = "stun_on_dns"  # a video call looked for a way on UDP 53


HARM: dict[Kind, Harm] = {
    Kind.PACKET_REFUSED: Harm.DATA,
    Kind.NAME_BLOCKED: Harm.DATA,
    Kind.POLICY_APPLIED: Harm.COMPLIANCE,
    Kind.POLICY_CONFIRMED: Harm.COMPLIANCE,
    Kind.POLICY_ROLLED_BACK: Harm.AVAILABILITY,
    Kind.DEVICE_QUARANTINED: Harm.AVAILABILITY,
    Kind.DEVICE_RELEASED: Harm.COMPLIANCE,
    Kind.ENFORCER_LOST: Harm.AVAILABILITY,
    Kind.ENFORCER_BACK: Harm.AVAILABILITY,
    Kind.RECORDS_LOST: Harm.COMPLIANCE,
    Kind.STORE_RENEWED: Harm.COMPLIANCE,
    Kind.UNRESOLVED_MANY: Harm.DATA,
    Kind.UNRESOLVED_STEADY: Harm.DATA,
    Kind.STUN_ON_DNS: Harm.AVAILABILITY,
}


class LossCause(StrEnum):
    """Why records are missing. `Loss.count` is in records, except for KERNEL_OVERFLOW and STORE_FAILED: in times."""

    KERNEL_GAP = "kernel_gap"  # NFULA_SEQ jumped: so many records never reached us
    KERNEL_OVERFLOW = "kernel_overflow"  # ENOBUFS: the socket buffer ran over, the gap tells how much
    RECORD_UNREADABLE = "record_unreadable"  # a netlink message that is none
    DATAGRAM_UNREADABLE = "datagram_unreadable"  # a message on events.sock that is none
    RESOLVER = "resolver"  # the resolver's own queue ran over
    LOG_FULL = "log_full"  # questions that were counted, but not listed by their names
    BATCH_FULL = "batch_full"  # too many different things within one second
    STORE_FAILED = "store_failed"  # SQLite refused a write (disk full); the batch was kept and tried again


@dataclass(frozen=True, slots=True)
class Source:
    """Who tried: ids of the site.

    `name` is an address when no device is declared for it, and empty when only the zone may be recorded (guests) or
    nothing is known.
    """

    zone: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Something that was tried and stopped, `count` times at `at` (epoch seconds).

    `destination` is an address or a DNS name; `target` is where that is: `internet`, `gateway`, a zone id, or empty for
    names. `service` is `tcp/443`, `udp/53`, `icmp`, ... or the query type. `rule` is the rule id or `list:<list id>`.
    """

    kind: Kind
    at: float
    source: Source
    destination: str
    target: str
    service: str
    rule: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Happening:
    """One rare event: `subject` is what it is about (a generation, a device), `detail` free text from a person."""

    kind: Kind
    at: float
    subject: str = ""
    actor: str = ""
    detail: str = ""

    @property
    def harm(self) -> Harm:
        return HARM[self.kind]


@dataclass(frozen=True, slots=True)
class Loss:
    """`count` records (or times, see LossCause) that could not be seen or kept."""

    cause: LossCause
    at: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class Label:
    """What people call something. `role` is a zone's role, a device's kind or a rule's purpose; it picks the words."""

    type: Literal["zone", "device", "list", "rule"]
    id: str
    label: str
    role: str
    zone: str = ""


def slot(at: float) -> int:
    """The quarter hour of `at`, counted from 1970."""
    return int(at // SECONDS_A_SLOT)


def clean(text: str, limit: int = 255) -> str:
    """Text from outside as one bounded line of printable characters: what is stored, shown and logged.

    255 holds every DNS name in presentation form (RFC 1035, 2.3.4), except escaped ones, which are cut.
    """
    safe = "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else "�" for c in text[: limit + 1])
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"
