"""The rules of one view: a zone's policy, with the schedules that are on, a device's own policy and grants over it.

    ZonePolicy <- each active schedule's Overlay, in the site's order <- the device's Overlay <- allowances = Rules

May live here: these values and how they combine. May not: what a rule does to a question (dns_policy.py), the clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address

from filters.dns_listed import AnyList, Listed
from filters.names import Name, SuffixSet
from filters.verdict import Action

Address = IPv4Address | IPv6Address
Lists = tuple[AnyList, ...]
BLOCKS: dict[str, Action] = {
    "nxdomain": Action.NXDOMAIN, "nodata": Action.NODATA, "null": Action.NULL, "page": Action.PAGE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overlay:
    """Another policy over a zone's. None: as it is below; `allow` and `deny` come on top of what is below."""

    lists: Lists | None = None
    categories: Lists | None = None
    block: Action | None = None
    allow: SuffixSet = field(default_factory=SuffixSet)
    deny: SuffixSet = field(default_factory=SuffixSet)
    only: SuffixSet | None = None
    safe_search: bool | None = None


@dataclass(frozen=True, slots=True)
class ZonePolicy:
    """Lists in the order they are asked, `categories` the lists chosen by category; how a blocked name is answered.

    `only`: nothing but these names, None for no such limit. `page`: the zone's gateway, where the block page is
    served. `during`: (schedule, overlay) in the site's order.
    """

    lists: Lists = ()
    block: Action = Action.NXDOMAIN
    categories: Lists = ()
    allow: SuffixSet = field(default_factory=SuffixSet)
    deny: SuffixSet = field(default_factory=SuffixSet)
    only: SuffixSet | None = None
    safe_search: bool = False
    page: tuple[Address, ...] = ()
    during: tuple[tuple[str, Overlay], ...] = ()


@dataclass(frozen=True, slots=True)
class DevicePolicy:
    """A declared device with a policy of its own. `zone`: where it belongs; elsewhere it is like anybody."""

    name: str
    zone: str
    overlay: Overlay


@dataclass(frozen=True, slots=True)
class Allowance:
    """A person's "allow this for a while": `name` and all below, until `until` (epoch seconds), because of `reason`.

    For everybody in `zone`, or for one `device` of it, which then is one of the policy's `named` ones.
    """

    name: Name
    zone: str
    until: float
    actor: str
    reason: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts for one view now; `view` names it (a zone, or zone/device)."""

    view: str
    zone: str
    lists: Listed
    block: Action
    allow: SuffixSet
    deny: SuffixSet
    only: SuffixSet | None
    safe_search: bool
    page: tuple[Address, ...]
    granted: Mapping[Name, Allowance] = field(default_factory=dict)


def combine(
    zone: str, policy: ZonePolicy, active: frozenset[str], device: DevicePolicy | None, granted: Iterable[Allowance]
) -> Rules:
    """The rules of a zone, or of a device in it, while the schedules `active` are on and `granted` hold."""
    for schedule, overlay in policy.during:
        if schedule in active:
            policy = _over(policy, overlay)
    if device is not None:
        policy = _over(policy, device.overlay)
    return Rules(
        view=zone if device is None else f"{zone}/{device.name}",
        zone=zone,
        lists=Listed((*policy.lists, *policy.categories)),
        block=policy.block,
        allow=policy.allow,
        deny=policy.deny,
        only=policy.only,
        safe_search=policy.safe_search,
        page=policy.page,
        granted={one.name: one for one in sorted(granted, key=lambda one: one.until)},
    )


def _over(policy: ZonePolicy, overlay: Overlay) -> ZonePolicy:
    return replace(
        policy,
        lists=policy.lists if overlay.lists is None else overlay.lists,
        categories=policy.categories if overlay.categories is None else overlay.categories,
        block=overlay.block or policy.block,
        allow=policy.allow | overlay.allow,
        deny=policy.deny | overlay.deny,
        only=policy.only if overlay.only is None else overlay.only,
        safe_search=policy.safe_search if overlay.safe_search is None else overlay.safe_search,
    )
