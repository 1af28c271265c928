"""From the resolver's configuration and its compiled lists to the policy the session judges by.

May live here: this translation. May not: reading sites (config.py) or list files (shelf.py), judging.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from filters.dns_listed import AnyList
from filters.dns_local import LocalHost, LocalNames
from filters.dns_policy import DnsPolicy
from filters.dns_rules import BLOCKS, Address, DevicePolicy, Lists, Overlay, ZonePolicy
from filters.dns_schedule import DAY, Moment, hours
from filters.dns_session import SessionConfig
from filters.dns_shape import Shaping
from filters.names import SuffixSet
from gateway.resolver.config import ResolverConfig, ZoneConfig, suffix_names
from ruleset.model_dns import DnsOverlay


def session_config(config: ResolverConfig, lists: Mapping[str, AnyList], key: bytes = b"unkeyed") -> SessionConfig:
    """The pure part of a configuration. A list that could not be had is left out. Raises BadNameError.

    `key`: of lists that are no files.
    """
    shelf = _Lists(lists, config.categories)
    named = {
        device.name: DevicePolicy(device.name, device.zone, shelf.overlay(device.overlay)) for device in config.devices
    }
    policy = DnsPolicy(
        zones={zone.name: shelf.zone(zone) for zone in config.zones},
        local=local_names(config),
        protected=SuffixSet(suffix_names(config.protected)),
        resolvers=SuffixSet(suffix_names(config.resolvers)),
        key=key,
        closed=SuffixSet(config.routes),
        devices={address: named[device.name] for device in config.devices for address in device.addresses},
        named=named,
        schedules={name: hours(one.days, one.from_, one.to) for name, one in config.schedules.items()},
        allowances=config.allowances,
    )
    shaping = Shaping(config.remove_ech, config.networks)
    return SessionConfig(
        policy, config.upstreams, routes=config.routes, pins=config.pins, shaping=shaping, log=config.log
    )


def local_names(config: ResolverConfig, leased: Sequence[LocalHost] = ()) -> LocalNames:
    """The clinic's own names, declared ones first. Raises BadNameError."""
    return LocalNames(config.domain, (*config.hosts, *leased), config.networks)


def devices_of(policy: DnsPolicy, seen: Mapping[Address, str]) -> dict[Address, DevicePolicy]:
    """Whose policy counts for an address: what was `seen` (address -> device), declared ones before it."""
    return {**{a: policy.named[name] for a, name in seen.items() if name in policy.named}, **policy.devices}


def moment_of(now: datetime, timezone: str) -> Moment:
    """The clinic's minute of the week at `now` (with a time zone of its own)."""
    local = now.astimezone(ZoneInfo(timezone))
    return Moment(local.weekday() * DAY + local.hour * 60 + local.minute, now.timestamp())


class _Lists:
    """Ids and categories of lists -> those that could be had."""

    def __init__(self, lists: Mapping[str, AnyList], categories: Mapping[str, str]) -> None:
        self._lists, self._categories = lists, categories

    def zone(self, zone: ZoneConfig) -> ZonePolicy:
        words = zone.policy
        return ZonePolicy(
            lists=self._named(words.lists),
            block=BLOCKS[words.block],
            categories=self._of(words.categories),
            allow=SuffixSet(suffix_names(words.allow)),
            deny=SuffixSet(suffix_names(words.deny)),
            only=None if words.only is None else SuffixSet(suffix_names(words.only)),
            safe_search=words.safe_search,
            page=zone.addresses,
            during=tuple((schedule, self.overlay(overlay)) for schedule, overlay in words.during.items()),
        )

    def overlay(self, words: DnsOverlay) -> Overlay:
        return Overlay(
            lists=None if words.lists is None else self._named(words.lists),
            categories=None if words.categories is None else self._of(words.categories),
            block=None if words.block is None else BLOCKS[words.block],
            allow=SuffixSet(suffix_names(words.allow)),
            deny=SuffixSet(suffix_names(words.deny)),
            only=None if words.only is None else SuffixSet(suffix_names(words.only)),
            safe_search=words.safe_search,
        )

    def _named(self, ids: Iterable[str]) -> Lists:
        return tuple(self._lists[name] for name in ids if name in self._lists)

    def _of(self, categories: Iterable[str]) -> Lists:
        wanted = frozenset(categories)
        return self._named(name for name, category in self._categories.items() if category in wanted)
