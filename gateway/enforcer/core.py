"""What all commands share: the parts of a running enforcer, what is loaded, and putting a generation into the kernel.

May live here: the parts, `install`, the memory of what is loaded. May not: the order of an apply (change.py), a start
(startup.py), answers to people (status.py), sockets, roles.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gateway import durable
from gateway.attribution import believed
from gateway.audit import AuditLog
from gateway.enforcer import clock, features, policy, sysctl
from gateway.enforcer.addresses import never_outside
from gateway.enforcer.allowances import Allowances
from gateway.enforcer.clock import Moment
from gateway.enforcer.closed import ISOLATION_TEXT, closed_ruleset
from gateway.enforcer.elements import Elements
from gateway.enforcer.feeds import Feeds
from gateway.enforcer.generations import CLOSED, Generations
from gateway.enforcer.kernel_nft import Nft, NftError
from gateway.enforcer.loader import Loader, ReadBackError
from gateway.enforcer.pending import Pending
from gateway.enforcer.pins import Pins
from gateway.enforcer.policy import Policy
from gateway.enforcer.probes import PROBES, Probe
from gateway.enforcer.quarantine import Quarantine, as_dict
from gateway.neighbours import neighbours
from gateway.netlink import NetlinkError
from gateway.paths import Paths
from gateway.wire import KERNEL_REFUSED, CommandRefused
from ruleset.compile import compile_ruleset
from ruleset.live import LiveState, Quarantined
from ruleset.resolved import ResolvedSite

ERRORS_KEPT = 20
SAVE_AGAIN = 30.0  # seconds between two tries to save on a disk that is full
UNLOADABLE = (NftError, ReadBackError, NetlinkError, CommandRefused, OSError, ValueError)


@dataclass(slots=True)
class Loaded:
    """What the kernel holds: a generation's number, its policy (None: the closed one, or a text that stood in)."""

    number: int = CLOSED
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that went wrong, for `status`. `at` in seconds since 1970."""

    at: float
    what: str


@dataclass
class Core:
    """Two locks, taken in this order: `changing` for a whole change (probes may take seconds), `loading` from a compile
    to the load of its result (some 100 ms). The sets have locks of their own and wait for neither."""

    paths: Paths
    nft: Nft
    probes: tuple[Probe, ...] = PROBES
    changing: threading.RLock = field(default_factory=threading.RLock)
    loading: threading.RLock = field(default_factory=threading.RLock)
    loaded: Loaded = field(default_factory=Loaded)
    pending: Pending | None = None
    wake: threading.Event = field(default_factory=threading.Event)
    unsaved: str = ""  # why the disk does not know who is isolated now

    def __post_init__(self) -> None:
        self.started = clock.now()
        self.store = Generations(self.paths)
        self.audit = AuditLog(self.paths.audit, self.paths.audit_anchors)
        self.loader = Loader(self.nft)
        self.features = features.ask(self.nft)
        self.quarantine = Quarantine(self.paths.quarantine, Elements())
        self.pins = Pins(Elements(), lambda site: believed(neighbours(), site))
        self.allowances = Allowances(self.paths.allowances)
        self.feeds = Feeds(self.paths.feeds, Elements())
        self.troubles: deque[Trouble] = deque(maxlen=ERRORS_KEPT)

    @property
    def site(self) -> ResolvedSite | None:
        """The site whose policy is loaded."""
        return self.loaded.policy.resolved if self.loaded.policy else None

    def live(self) -> LiveState:
        return LiveState(self.quarantine.records, features.for_compile(self.features))

    def live_bytes(self) -> bytes:
        """For the generation: the live state it was compiled with."""
        live = self.live()
        told = {
            "quarantine": [as_dict(record) for record in live.quarantine],
            "flow_offload": live.features.flow_offload,
            "interfaces": list(live.features.interfaces),
        }
        return (json.dumps(told, indent=1, sort_keys=True) + "\n").encode()

    def trouble(self, what: str) -> None:
        self.troubles.append(Trouble(clock.now().wall, what))

    def sensible_now(self, now: Moment) -> datetime:
        """The wall clock; if it stands before this program was written, as on a box without a battery, the time of the
        newest generation: a permit that expired must not come back with a clock that starts in the past."""
        if now.wall >= clock.WRITTEN:
            return now.utc()
        newest = next((meta.at for meta in self.store.metas()), now.wall)
        return datetime.fromtimestamp(newest, UTC)

    def isolate(self, record: Quarantined) -> tuple[Quarantined, int]:
        """Packets stop, then flows end, then the disk knows; answer: the record, and how many flows ended.

        A disk that takes nothing frees nobody: see `unsaved`. Raises CommandRefused when the loaded policy cannot
        isolate: a saved text that stood in for a compiled one."""
        kept = self.quarantine.enter(record)
        ended: list[int] = []  # at once after a load, when there was one
        self.refresh(clock.now(), lambda: ended.append(self.quarantine.end_flows(kept)))
        killed = ended[0] if ended else self.quarantine.end_flows(kept)
        self.save_isolated()
        if self.loaded.policy is None and self.loaded.number != CLOSED:
            raise CommandRefused(
                KERNEL_REFUSED,
                "the loaded policy is a saved text, which may hold no isolation",
                "the device is on the list; `clinicgate apply SITE` makes it hold",
            )
        return kept, killed

    def release(self, records: Sequence[Quarantined]) -> None:
        self.quarantine.remove(records)
        self.refresh(clock.now())
        self.save_isolated()

    def save_isolated(self) -> float:
        """Who is isolated goes to the disk; `unsaved` says why it is not there. Answer: when to try again, seconds."""
        try:
            self.quarantine.save()
        except OSError as error:
            if not self.unsaved:
                self.trouble(f"who is isolated cannot be saved: {error}")
                self.wake.set()  # once: whoever tries again must not be woken by it
            self.unsaved = str(error)
            return SAVE_AGAIN
        self.unsaved = ""
        return float("inf")

    def refresh(self, now: Moment, then: Callable[[], object] = lambda: None) -> list[str]:
        """Compile the loaded site again, for the present time and live state; load it if it differs.

        Chains are replaced, established flows go on; `then` follows a load at once. Answer: rule ids no longer in
        force. Raises one of UNLOADABLE.
        """
        with self.loading:
            old = self.loaded.policy
            if old is None:
                return []
            ruleset = compile_ruleset(old.resolved, self.live(), self.sensible_now(now))
            if ruleset == old.ruleset:
                return []
            self.loader.update(ruleset, then)
            self.loaded = Loaded(self.loaded.number, replace(old, ruleset=ruleset))
            self.after_empty()
            return sorted(set(old.ruleset.origins) - set(ruleset.origins))

    def install(self, number: int) -> None:
        """Put a saved generation (or CLOSED) into the kernel. Raises one of UNLOADABLE when it cannot be done.

        Compiled anew from its site, because permits expire and kernels change; if that fails, its own text.
        """
        with self.loading:
            if number == CLOSED:
                self.loader.put(closed_ruleset())
                self.adopt(Loaded())
                return
            meta, now = self.store.meta(number), self.sensible_now(clock.now())
            try:
                prepared = policy.prepare(self.store.site(number), meta.site_path if meta else "", self.live(), now)
                self.loader.put(prepared.ruleset)
            except UNLOADABLE as error:
                self.trouble(f"generation {number} does not compile and load any more ({error}); trying its saved text")
                self.loader.load_fresh(self.store.text(number) + ISOLATION_TEXT)
                self.adopt(Loaded(number, None))
                return
            self.adopt(Loaded(number, prepared))

    def install_first(self, candidates: list[int]) -> int:
        """The first of `candidates` that loads; answer: which. Raises the last one's error when none does."""
        for number in candidates[:-1]:
            try:
                self.install(number)
            except UNLOADABLE as error:
                self.trouble(f"generation {number} cannot be loaded: {error}")
            else:
                return number
        self.install(candidates[-1])
        return candidates[-1]

    def adopt(self, loaded: Loaded) -> None:
        """After every load: isolation back in the sets, what may be pinned, and the kernel's switches."""
        self.loaded = loaded
        self.quarantine.restore(self.site)
        self.pins.restore(self.site, never_outside(self.site))
        switches = sysctl.CLOSED if loaded.number == CLOSED else sysctl.ROUTER
        self.after_empty()
        for trouble in sysctl.write(sysctl.uplinks(self.site) + switches):
            self.trouble(trouble)
        self.wake.set()

    def after_empty(self) -> None:
        """If a load had to empty the sets, fill them again."""
        if self.loader.take_emptied():
            self.quarantine.restore(self.site)
            self.pins.forget()
            self.feeds.restore()

    def forget_pending(self) -> None:
        durable.remove(self.paths.pending)
        self.pending = None
