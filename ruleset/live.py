"""LiveState: what changes between two policies and is nevertheless an input of every compile.

May live here: values for quarantines and for what the kernel can do. May not: asking the kernel (the enforcer does).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One isolated device: its MAC (lower case, may be empty) and every address known for it, both families."""

    device: str
    mac: str
    addresses: tuple[str, ...]
    reason: str
    actor: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Features:
    """What this kernel has; the policy loads without any of them."""

    flow_offload: bool = False
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveState:
    """Everything outside site.yaml that a compile needs."""

    quarantine: tuple[Quarantined, ...] = ()
    features: Features = Features()


NOTHING_LIVE = LiveState()
