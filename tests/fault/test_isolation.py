"""An isolated device falls silent within 200 ms, stays silent whatever else happens, and nobody else notices."""

import time

import pytest

from tests.fault.clinic import MEASURED_PORTS, PLATFORM_TCP, PLATFORM_UDP, Clinic
from tests.fault.flows import Flow, Traffic, running, wait_until

pytestmark = pytest.mark.netns

PROMISE = 0.2  # seconds from sending the command to the last packet that arrives anywhere
PACE = 0.005  # seconds from one packet of a flow to the next, each way
WATCHED = 0.6  # seconds the wire is watched after the command when nothing else happens
SUSPECT, NEIGHBOUR = "medecin-1", "medecin-2"


def everything(clinic: Clinic, device: str, first_port: int = 0, pace: float = PACE) -> list[Flow]:
    """Flows of a device to the internet and another zone, and from another zone to it, TCP and UDP, IPv4 and IPv6."""
    flows = []
    for number, (protocol, version) in enumerate((p, v) for p in ("tcp", "udp") for v in (4, 6)):
        port = MEASURED_PORTS[first_port + number]
        outside = PLATFORM_TCP if protocol == "tcp" else PLATFORM_UDP[first_port + number]
        flows += [
            clinic.flow(device, "internet", protocol, version, outside, interval=pace),
            clinic.flow(device, "dossiers", protocol, version, port, interval=pace),
            clinic.flow("admin", device, protocol, version, port, interval=pace),
        ]
    return flows


def subject(clinic: Clinic, by: str) -> dict[str, str]:
    """The suspect as `quarantine_add` takes it."""
    host = clinic.record.host(SUSPECT)
    return {"device": {"device": SUSPECT}, "mac": {"mac": host.mac}, "address": {"address": host.addresses[0]}}[by]


def last_breath(traffic: Traffic, command_sent: float) -> float:
    """Seconds from the command to the last packet that arrived at either end of any flow."""
    return max((at - command_sent for way in traffic.ways for at in way.after(command_sent)), default=0.0)


def talk(traffic: Traffic, seconds: float) -> None:
    """Returns when the first call has tried to go on for that long. Raises AssertionError."""
    udp = next(flow for flow in traffic.flows if flow.protocol == "udp")
    wanted = len(udp.near.out.sent) + seconds / udp.near.interval
    assert wait_until(lambda: len(udp.near.out.sent) >= wanted, 10 * seconds), "the traffic does not flow"


def passes(clinic: Clinic, device: str) -> list[str]:
    """Names of the new flows of that device that work."""
    works = []
    for far, protocol, port in (
        ("internet", "tcp", PLATFORM_TCP),
        ("internet", "udp", PLATFORM_UDP[9]),
        ("dossiers", "tcp", MEASURED_PORTS[20]),
        ("dossiers", "udp", MEASURED_PORTS[20]),
    ):
        for version in (4, 6):
            try:
                flow = clinic.flow(device, far, protocol, version, port, patience=0.1)
            except OSError:
                continue
            works.append(flow.name)
            flow.close()
    return works


@pytest.mark.parametrize("by", ["device", "mac", "address"])
@pytest.mark.parametrize("others", [0, 1], ids=["first", "second"])
def test_a_device_falls_silent_within_200_ms(clinic, figure, by, others):
    """The first isolation loads a chain, the second adds elements only."""
    if others:
        clinic.as_root("quarantine_add", device="medecin-3", reason="somebody else")
    with running(everything(clinic, SUSPECT)) as traffic, running(everything(clinic, NEIGHBOUR, 4, 0.02)) as bystanders:
        talk(traffic, 0.2)
        sent = time.time()
        clinic.as_root("quarantine_add", **subject(clinic, by), reason="odd traffic")
        answered = time.time()
        talk(traffic, WATCHED)
        took = last_breath(traffic, sent)
        assert bystanders.finish() == []
        calls = [flow for flow in traffic.flows if flow.protocol == "udp"]
        tried = min(sum(at > answered for at in way.sent) for call in calls for way in call.ways)
    figure(
        f"isolation by {by}{', somebody is isolated already' if others else ''}: last of {len(traffic.flows)} flows "
        f"silent after {took * 1000:.0f} ms, command answered after {(answered - sent) * 1000:.0f} ms"
    )
    assert took < PROMISE + (answered - sent), "on a busy machine the command itself may take its time"
    assert tried >= 5, "the device fell silent by itself"


def test_it_stays_cut_until_it_is_released(clinic, figure):
    """Through an apply, a rollback, and a `kill -9` of the enforcer; and everything works again afterwards."""
    everywhere = passes(clinic, SUSPECT)
    assert len(everywhere) == 8
    with running(everything(clinic, SUSPECT)) as traffic, running(everything(clinic, NEIGHBOUR, 4, 0.02)) as bystanders:
        talk(traffic, 0.2)
        sent = time.time()
        clinic.as_root("quarantine_add", device=SUSPECT, reason="odd traffic")
        answered = time.time()
        clinic.apply(clinic.text.replace("services: [vitale]", "services: [vitale, http]"))
        clinic.confirm()
        assert passes(clinic, SUSPECT) == []
        clinic.as_root("rollback")
        clinic.await_successor("enforcer", clinic.kill("enforcer"))
        assert passes(clinic, SUSPECT) == []
        assert [row["device"] for row in clinic.as_root("quarantine_list")["quarantine"]] == [SUSPECT]
        took, silent = last_breath(traffic, sent), time.time() - sent
        assert bystanders.finish() == []
    clinic.as_root("quarantine_remove", device=SUSPECT)
    figure(
        f"isolation: nothing passed from {took * 1000:.0f} ms to {silent:.1f} s after the command, through an apply, "
        "a rollback and a kill -9 of the enforcer; no packet of the neighbour's lost"
    )
    assert took < PROMISE + (answered - sent)
    assert passes(clinic, SUSPECT) == everywhere
