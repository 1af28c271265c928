"""The fast path: which flows take it, which must not, and what a change of policy does to them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gateway.enforcer.loader import Loader
from gateway.lab import netns
from ruleset.live import LiveState, Quarantined
from tests.kernel import traffic
from tests.kernel.clinic import Clinic
from tests.kernel.lab_nft import LabNft

Figures = dict[str, object]
SERVER4, SERVER6 = "198.51.100.7", "2001:db8:fffe::7"
MESSAGES = 100
BEFORE_OFFLOAD = 40  # packets a flow may show the forward hook before it takes the fast path
RELOADS = 8


def loaded(clinic: Clinic) -> Loader:
    """The production policy with its flow table, in the gateway."""
    loader = Loader(LabNft())
    loader.put(clinic.compiled())
    return loader


def check_the_policy_loads_with_flowtable_and_ingress_chain(clinic: Clinic) -> Figures:
    with netns.inside(clinic.gateway):
        loader = loaded(clinic)
        found = loader.listing()
    assert found.flowtables == {"fast"}
    assert found.rules["ingress"] == ("core:quarantine",)
    assert "core:offload" in found.rules["forward"]
    return {}


def check_tcp_over_ipv4_with_translation_takes_the_fast_path(clinic: Clinic) -> Figures:
    return _takes_fast_path(clinic, SERVER4)


def check_tcp_over_ipv6_takes_the_fast_path(clinic: Clinic) -> Figures:
    return _takes_fast_path(clinic, SERVER6)


def check_tcp_between_two_vlans_takes_the_fast_path(clinic: Clinic) -> Figures:
    return _takes_fast_path(clinic, clinic.address("dossiers", 4), at="dossiers")


def check_udp_takes_the_fast_path(clinic: Clinic) -> Figures:
    with netns.inside(clinic.gateway):
        loaded(clinic)
    with traffic.slow_path(clinic, SERVER4) as slow, traffic.call(clinic, "accueil", SERVER4) as talk:
        return _mostly_fast(clinic, SERVER4, talk, slow)


def _takes_fast_path(clinic: Clinic, server: str, at: str = "internet") -> Figures:
    with netns.inside(clinic.gateway):
        loaded(clinic)
    with traffic.slow_path(clinic, server) as slow, traffic.connection(clinic, "accueil", server, at=at) as talk:
        return _mostly_fast(clinic, server, talk, slow)


def _mostly_fast(clinic: Clinic, server: str, talk: traffic.Talk, slow: Callable[[], int]) -> Figures:
    talk.after(MESSAGES)
    assert traffic.offloaded(clinic, server), traffic.flows(clinic, server)
    seen = slow()
    assert seen < BEFORE_OFFLOAD, f"{seen} packets took the slow path"
    return {"messages": 2 * MESSAGES, "on the slow path": seen}


def check_a_pending_flow_is_never_offloaded_until_it_is_verified(clinic: Clinic) -> Figures:
    """ct mark bit 0x1 means: still has to prove itself, so its packets must keep meeting the policy."""
    with netns.inside(clinic.gateway):
        loaded(clinic)
    _mark(clinic, "ct mark set ct mark or 0x1")
    with traffic.slow_path(clinic, SERVER4) as slow, traffic.connection(clinic, "accueil", SERVER4) as talk:
        talk.after(MESSAGES)
        assert not any("[OFFLOAD]" in line for line in traffic.flows(clinic, SERVER4))
        pending = slow()
        assert pending >= 2 * MESSAGES, f"only {pending} packets of a pending flow met the policy"
        _mark(clinic, "ct mark set ct mark and 0xfffffffe")
        took = traffic.until(lambda: traffic.offloaded(clinic, SERVER4), "a verified flow is not offloaded")
    return {"packets on the slow path while pending": pending, "offloaded after verification, s": round(took, 3)}


def _mark(clinic: Clinic, statement: str) -> None:
    """Stands for the part of the policy that asks a flow for proof."""
    head = "type filter hook prerouting priority -140; policy accept;"
    rule = f"ip daddr {SERVER4} {statement}"
    traffic.nft(
        clinic,
        f"add table inet proof\ndelete table inet proof\ntable inet proof {{ chain ask {{ {head}\n{rule}\n}}\n}}",
    )


def check_offloaded_flows_survive_changes_of_policy_without_loss(clinic: Clinic) -> Figures:
    """Each change deletes the flow table and adds it again in the transaction that replaces the chains."""
    with netns.inside(clinic.gateway):
        loader = loaded(clinic)
    someone = Quarantined("", "", ("10.33.80.77",), "test", "test", datetime(2027, 1, 1, tzinfo=UTC))
    lives = [LiveState(quarantine, clinic.features()) for quarantine in ((), (someone,))]
    with (
        traffic.call(clinic, "accueil", SERVER4) as udp,
        traffic.call(clinic, "tablette", SERVER6) as udp6,
        traffic.connection(clinic, "accueil", "198.51.100.8") as tcp,
    ):
        talks = (udp, udp6, tcp)
        for number in range(RELOADS):
            for talk in talks:
                talk.after(5)
            for address in (SERVER4, SERVER6, "198.51.100.8"):
                traffic.until(lambda: traffic.offloaded(clinic, address), f"{address} is not on the fast path again")  # noqa: B023
            with netns.inside(clinic.gateway):
                loader.put(clinic.compiled(lives[(number + 1) % 2]))
        for talk in talks:
            talk.after(20)
            talk.stop()
        assert [talk.lost() for talk in talks] == [0, 0, 0], [(t.up, t.down) for t in talks]
        again = [traffic.retransmitted(side.socket) for side in (tcp.up, tcp.down)]
        assert again == [0, 0], f"segments sent again: {again}"
        messages = sum(talk.up.sent + talk.down.sent for talk in talks)
    return {"reloads": RELOADS, "messages": messages, "lost": 0}


def check_a_policy_without_flowtable_loads_over_one_with_it_and_back(clinic: Clinic) -> Figures:
    """A kernel update, or an interface that is gone: the table goes while flows are in it."""
    with netns.inside(clinic.gateway):
        loader = loaded(clinic)
    without = LiveState((), replace(clinic.features(), flow_offload=False))
    with traffic.call(clinic, "accueil", SERVER4) as talk:
        for live, flowtables in ((without, set()), (None, {"fast"}), (without, set())):
            talk.after(10)
            with netns.inside(clinic.gateway):
                loader.put(clinic.compiled(live))
                assert loader.listing().flowtables == flowtables
        talk.after(10)
        talk.stop()
        assert talk.lost() == 0, (talk.up, talk.down)
    return {"lost": 0}
