"""802.1Q on the wire: who is answered, with which tag, and what never crosses from one VLAN to another."""

from ipaddress import ip_address

from pyroute2 import IPRoute

from gateway.enforcer import sysctl
from gateway.enforcer.loader import Loader
from gateway.lab import netns
from gateway.lab.frames import Segment, frame, recognise
from tests.kernel.clinic import Clinic
from tests.kernel.lab_nft import LabNft
from tests.kernel.trunk import BROADCAST, Question, Trunk

Figures = dict[str, object]
NOT_CONFIGURED = (1, 2, 19, 21, 99, 255, 1000, 4094)
ALL_NODES, ALL_HOSTS = "33:33:00:00:00:01", "01:00:5e:00:00:01"


def loaded(clinic: Clinic) -> None:
    """The production policy and the kernel's switches as the enforcer sets them."""
    with netns.inside(clinic.gateway):
        Loader(LabNft()).put(clinic.compiled())
        assert sysctl.write(sysctl.ROUTER) == []


def _zones(clinic: Clinic) -> dict[int, str]:
    """VLAN id -> the gateway's IPv4 address there."""
    return {clinic.vlan(s.name): str(next(a for a in s.gateways if a.version == 4)) for s in clinic.resolved.segments}


def check_each_zone_answers_in_its_own_vlan_only(clinic: Clinic) -> Figures:
    loaded(clinic)
    with Trunk(clinic) as trunk:
        for number, (vlan, gateway) in enumerate(_zones(clinic).items()):
            asked = Question(gateway, gateway.rpartition(".")[0] + f".{200 + number}")
            replies = [seen.vlan for seen in trunk.until_answer(asked, vlan) if asked.is_answered_by(seen)]
            assert replies == [vlan], f"asked in VLAN {vlan}, answered in {replies}"
    return {"zones": len(_zones(clinic))}


def check_a_vlan_nobody_configured_stays_silent(clinic: Clinic) -> Figures:
    """Unknown tags, no tag, the priority tag (VLAN 0), and two tags: no reply, not with any tag."""
    loaded(clinic)
    zones = _zones(clinic)
    stacks = [(vlan,) for vlan in NOT_CONFIGURED] + [(), (0,), (99, 20), (20, 99), (20, 20), (20, 30)]
    with Trunk(clinic) as trunk:
        asked = []
        for number, stack in enumerate(stacks):
            for vlan, gateway in zones.items():
                question = Question(gateway, f"{gateway.rpartition('.')[0]}.{100 + number}")
                trunk.send(question.frame(), *stack)
                asked.append((stack, vlan, question))
        gateway = zones[20]
        seen = trunk.until_answer(Question(gateway, "10.33.20.250"), 20)
    answered = [(stack, one.vlan) for one in seen for stack, _, question in asked if question.is_answered_by(one)]
    assert not answered, f"(tags asked with, tag of the reply): {answered}"
    return {"questions without a reply": len(asked)}


def check_no_frame_crosses_from_one_vlan_to_another(clinic: Clinic) -> Figures:
    """Whatever the addresses, tags or nesting: only what the policy forwards comes out, once, with the right tag."""
    loaded(clinic)
    vlans, targets = sorted(_zones(clinic)), _targets(clinic)
    stacks = [(), (0,), *((v,) for v in vlans), *((99, v) for v in vlans), *((20, v) for v in vlans), (60, 20)]
    token, allowed = 0, 0
    with Trunk(clinic) as trunk:
        for stack in stacks:
            for mac, segment in targets:
                token += 1
                trunk.send(frame(segment, token, clinic.mac("accueil"), mac), *stack)
        for destination in ("camera-entree", "dossiers"):  # what the policy allows is no accident of the rig
            allowed = token = token + 1
            ports = {"camera-entree": 554, "dossiers": 445}
            segment = _segment(clinic, "accueil", destination, "tcp", ports[destination])
            trunk.send(frame(segment, token, clinic.mac("accueil"), _gateway_mac(clinic)), 20)
        seen = trunk.until_answer(Question(_zones(clinic)[20], "10.33.20.250"), 20)
    probes = [(one.vlan, caught.token) for one in seen if (caught := recognise(one.frame)) and not caught.told]
    assert probes == [(60, allowed - 1), (30, allowed)], f"(tag, number of the frame) that came out: {probes}"
    return {"frames sent": token, "came out": len(probes)}


def _targets(clinic: Clinic) -> list[tuple[str, Segment]]:
    """Frames a PC may not get across: by link address (broadcast, multicast, a device elsewhere) and by IP address."""
    to_camera = _segment(clinic, "accueil", "camera-entree", "udp", 9999)
    to_guest = _segment(clinic, "accueil", "telephone-patient", "udp", 9999)
    six = _segment(clinic, "accueil", "camera-entree", "udp", 9999, version=6)
    everywhere = Segment(to_camera.src, ip_address("255.255.255.255"), "udp", dport=9999)
    segment_broadcast = Segment(to_camera.src, ip_address("10.33.60.255"), "udp", dport=9999)
    neighbours = Segment(six.src, ip_address("ff02::1"), "udp", dport=9999)
    camera, gateway = clinic.mac("camera-entree"), _gateway_mac(clinic)
    return [
        (BROADCAST, everywhere),
        (BROADCAST, to_camera),
        (ALL_HOSTS, to_camera),
        (ALL_NODES, neighbours),
        (camera, to_camera),
        (camera, six),
        (gateway, to_camera),
        (gateway, to_guest),
        (gateway, six),
        (gateway, everywhere),
        (gateway, segment_broadcast),
    ]


def _segment(clinic: Clinic, source: str, target: str, protocol: str, port: int, version: int = 4) -> Segment:
    ends = (ip_address(clinic.address(source, version)), ip_address(clinic.address(target, version)))
    return Segment(*ends, protocol, dport=port)


def _gateway_mac(clinic: Clinic) -> str:
    """Of eth1, which its VLANs share."""
    with netns.inside(clinic.gateway), IPRoute() as links:
        return str(links.get_links(ifname="eth1")[0].get_attr("IFLA_ADDRESS"))
