"""Where the product keeps its state and its sockets: the one place that knows file names.

May live here: pure path arithmetic and the two environment variables that move it.
May not: opening, creating or reading any of these files.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATE_VARIABLE = "CLINICGATE_STATE"
RUN_VARIABLE = "CLINICGATE_RUN"
DEFAULT_STATE = Path("/var/lib/clinicgate")
DEFAULT_RUN = Path("/run/clinicgate")
SYSTEM_ACCESS = Path("/etc/clinicgate/access.yaml")


@dataclass(frozen=True, slots=True)
class Paths:
    """The two roots: `state` survives a reboot, `run` does not."""

    state: Path
    run: Path

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> "Paths":
        """Read CLINICGATE_STATE and CLINICGATE_RUN; an unset or empty variable means the default."""
        env = os.environ if environment is None else environment
        return cls(
            state=Path(env.get(STATE_VARIABLE) or DEFAULT_STATE),
            run=Path(env.get(RUN_VARIABLE) or DEFAULT_RUN),
        )

    # --- run: sockets and what a boot creates anew
    @property
    def enforcer_socket(self) -> Path:
        return self.run / "enforcer.sock"

    @property
    def events_socket(self) -> Path:
        """Unix datagram socket on which the watcher hears the resolver."""
        return self.run / "events.sock"

    @property
    def resolver_folder(self) -> Path:
        """The resolver's own: what it says about itself, what it remembers until the next boot."""
        return self.run / "resolver"

    @property
    def resolver_status(self) -> Path:
        """JSON, `lists`: of each block list id, rules, rejects, compiled_at and problem. For everybody to read."""
        return self.resolver_folder / "status.json"

    @property
    def resolver_vitals(self) -> Path:
        """JSON: how the resolver fares, written every few seconds. For everybody to read."""
        return self.resolver_folder / "vitals.json"

    @property
    def resolver_cache(self) -> Path:
        return self.resolver_folder / "cache"

    @property
    def resolver_socket(self) -> Path:
        """Unix socket on which the resolver answers people: why a name is answered as it is."""
        return self.resolver_folder / "control.sock"

    @property
    def leases(self) -> Path:
        """Who has which address by DHCP, as dnsmasq writes it."""
        return self.run / "leases"

    @property
    def access_files(self) -> tuple[Path, ...]:
        """Who has which role, the first existing one counts: a lab's own file, then the system's."""
        return (self.run / "access.json", SYSTEM_ACCESS)

    # --- state: what must survive a power cut
    @property
    def generations(self) -> Path:
        return self.state / "generations"

    def generation(self, number: int) -> Path:
        """The folder of one generation: site.yaml, ruleset.nft, live.json, meta.json."""
        return self.generations / str(number)

    @property
    def current(self) -> Path:
        """A file holding the number of the last confirmed generation and of the one before it."""
        return self.state / "current"

    @property
    def pending(self) -> Path:
        """Exists while an applied policy waits for its confirm."""
        return self.state / "pending.json"

    @property
    def quarantine(self) -> Path:
        return self.state / "quarantine.json"

    @property
    def allowances(self) -> Path:
        """Names that people allowed for a while."""
        return self.state / "allowances.json"

    @property
    def feeds(self) -> Path:
        """One file a feed of addresses, as it was loaded."""
        return self.state / "feeds"

    @property
    def audit(self) -> Path:
        return self.state / "audit.jsonl"

    @property
    def audit_anchors(self) -> Path:
        return self.state / "audit.anchors"

    @property
    def events_database(self) -> Path:
        return self.state / "events.sqlite"

    @property
    def lists(self) -> Path:
        return self.state / "lists"

    @property
    def compiled(self) -> Path:
        """Compiled lists and the key of their hashes; the folder is the resolver's own."""
        return self.state / "compiled"
