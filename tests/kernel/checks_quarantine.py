"""Isolation while flows take the fast path, by the enforcer's own command: everything of a device stops at once.

Offloaded packets skip every later hook. What stops them is the ingress chain, by the device's addresses, and the end of
the conntrack entry, because the fast path does not use a flow whose entry is dying (nf_flow_table_core.c): only that
stops what the internet sends to a translated address.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.enforcer import change
from gateway.enforcer.arguments import Arguments
from gateway.enforcer.change import Order, Who
from gateway.enforcer.commands import COMMANDS, Call
from gateway.enforcer.confirm import Origin
from gateway.enforcer.core import Core
from gateway.lab import netns
from gateway.paths import Paths
from tests.kernel import traffic
from tests.kernel.clinic import Clinic
from tests.kernel.lab_nft import LabNft

Figures = dict[str, object]
SERVER4, SERVER6 = "198.51.100.7", "2001:db8:fffe::7"
OTHER4 = "198.51.100.9"
PROMISE = 0.2  # seconds from the command to the last packet that passes
SILENCE = 1.5  # seconds nothing may arrive afterwards: longer than the kernel's own garbage collection takes
WHO = Who("technician", Origin("console", None, "local console"))


@contextmanager
def enforced(clinic: Clinic) -> Iterator[Core]:
    """The enforcer's core in the gateway, the French policy applied by it and confirmed."""
    with TemporaryDirectory() as folder, netns.inside(clinic.gateway):
        paths = Paths(Path(folder, "state"), Path(folder, "run"))
        paths.run.mkdir()
        core = Core(paths, LabNft())
        change.apply(core, Order(clinic.site, "cabinet-fr.yaml", WHO, 90.0))
        change.confirm(core, WHO)
        yield core


def command(core: Core, name: str, **arguments: object) -> dict[str, object]:
    return COMMANDS[name](Call(core, WHO, Arguments(name, arguments)))


def check_the_first_isolated_device_is_silent_at_once(clinic: Clinic) -> Figures:
    """The policy's chain gets its rules first."""
    inner = clinic.address("dossiers", 4)
    with (
        enforced(clinic) as core,
        traffic.call(clinic, "accueil", SERVER4) as udp4,
        traffic.call(clinic, "accueil", SERVER6) as udp6,
        traffic.connection(clinic, "accueil", OTHER4) as outward,
        traffic.connection(clinic, "accueil", inner, at="dossiers") as between,
    ):
        return _stops(clinic, core, "accueil", {SERVER4: udp4, SERVER6: udp6, OTHER4: outward, inner: between})


def check_a_second_isolated_device_is_silent_at_once(clinic: Clinic) -> Figures:
    """The chain holds its rules already, so no policy needs to be loaded."""
    with (
        enforced(clinic) as core,
        traffic.call(clinic, "tablette", SERVER4) as udp4,
        traffic.call(clinic, "tablette", SERVER6) as udp6,
    ):
        command(core, "quarantine_add", device="telephone-patient", reason="test")
        return _stops(clinic, core, "tablette", {SERVER4: udp4, SERVER6: udp6})


def check_isolating_and_releasing_one_device_costs_the_others_nothing(clinic: Clinic) -> Figures:
    with enforced(clinic) as core, traffic.call(clinic, "tablette", OTHER4) as other:
        for name, more in (("quarantine_add", {"reason": "test"}), ("quarantine_remove", {})):
            for device in ("telephone-patient", "accueil", "camera-entree"):
                other.after(20)
                command(core, name, device=device, **more)
        with traffic.call(clinic, "accueil", SERVER4) as released:
            released.after(20)
            assert traffic.offloaded(clinic, SERVER4), traffic.flows(clinic, SERVER4)
        other.stop()
        assert other.lost() == 0, (other.up, other.down)
    return {"messages of another device": other.up.sent + other.down.sent, "lost": 0}


def _stops(clinic: Clinic, core: Core, device: str, talks: dict[str, traffic.Talk]) -> Figures:
    """Isolate `device` amid offloaded flows; nothing of them may arrive later than the promise, at either end."""
    for server, talk in talks.items():
        talk.after(50)
        assert traffic.offloaded(clinic, server), traffic.flows(clinic, server)
    begun = time.monotonic()
    command(core, "quarantine_add", device=device, reason="test")
    done = time.monotonic() - begun
    time.sleep(SILENCE)  # nothing may arrive in this time: the one wait that no event could end
    late = {}
    for server, talk in talks.items():
        late[server] = (talk.up.last - begun, talk.down.last - begun)
    worst = max(seconds for pair in late.values() for seconds in pair)
    left = [line for server in talks for line in traffic.flows(clinic, server)]
    assert worst < PROMISE, f"last packets (up, down) after {late} s; the command took {done:.3f} s"
    assert not left, f"flows left: {left}"
    return {"last packet after, ms": round(max(worst, 0.0) * 1000), "command took, ms": round(done * 1000)}
