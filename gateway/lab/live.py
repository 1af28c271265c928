"""The third column of a proof: what real packets meet in the running lab.

May live here: turning the proof's questions into probes from the lab's hosts, what was seen into its words, and the
look at what is loaded.
May not: choosing questions (ruleset/prove_questions.py), comparing (ruleset/prove.py), sending (probe.py).
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from gateway.applied import SiteUnreadableError, applied_site
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.lab import netns
from gateway.lab.errors import LabError
from gateway.lab.folder import DEFAULT_LAB, Folder
from gateway.lab.probe import Probe, Seen, send_all
from gateway.lab.rig import Plug, Rig, Station
from gateway.lab.topology import GATEWAY, Topology, plan
from gateway.lab.wiring import gateway_ports
from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.load import load_site
from ruleset.prove import Report, prove
from ruleset.prove_questions import Question, questions
from ruleset.prove_wanted import Wanted
from ruleset.render import render
from ruleset.resolved import INTERNET, ResolvedSite
from ruleset.tree import Ruleset


def live_report(resolved: ResolvedSite, ruleset: Ruleset, now: datetime, lab: str = DEFAULT_LAB) -> Report:
    """The proof of that site with what the running lab does. Raises LabError when it is not up, or of another site."""
    asked = questions(resolved, "live")
    seen = see(resolved, asked, lab)
    return prove(resolved, ruleset, now, asked, seen, drift=tuple(drift(ruleset, now, lab)))


def drift(ruleset: Ruleset, now: datetime, lab: str = DEFAULT_LAB) -> Iterator[str]:
    """How what the lab's gateway has loaded differs from `ruleset`: no packet asks about every rule."""
    try:
        with EnforcerClient(Folder(lab).gateway.enforcer_socket) as client:
            status, applied = client.call("status"), applied_site(client, now)
    except (EnforcerUnavailable, Refused, SiteUnreadableError) as error:
        yield f"the enforcer cannot say what is loaded: {error}"
        return
    yield from (f"changed by hand: {difference}" for difference in status["drift"])
    yield from (f"a table of another program, which may drop or redirect: {name}" for name in status["other_tables"])
    if applied is not None and render(compile_ruleset(applied.resolved, NOTHING_LIVE, now)) != render(ruleset):
        yield f"generation {applied.generation} is another policy; `clinicgate plan SITE` tells the difference"


def see(resolved: ResolvedSite, asked: Iterable[Question], lab: str = DEFAULT_LAB) -> dict[str, Wanted]:
    """What became of each question's packet, by id. Raises LabError."""
    wanted = list(asked)
    with attached(lab) as rig:
        for question in wanted:
            if question.packet.iif not in rig.plugs or question.source_host not in {"", *rig.stations}:
                raise LabError(
                    f"the lab {lab} was built from another site; `clinicgate lab down`, then up with this one"
                )
        answers = send_all(rig, [_probe(question) for question in wanted])
    return {question.id: _word(resolved, question, answers[question.id]) for question in wanted}


def _probe(question: Question) -> Probe:
    packet = question.packet
    source = "" if question.source == INTERNET else question.source_host
    return Probe(
        question.id, packet.iif, packet.src, packet.dst, packet.protocol, packet.dport, None,
        source, icmp_type=packet.icmp_type,
    )  # fmt: skip


def _word(resolved: ResolvedSite, question: Question, seen: Seen) -> Wanted:
    if seen.kind == "dropped":
        return "refuse"
    if seen.kind == "gateway" and not resolved.is_gateway(question.packet.dst):
        return "redirect"
    return "pass"


@contextmanager
def attached(lab: str = DEFAULT_LAB) -> Iterator[Rig]:
    """A rig on the running lab; its connections are left alone. Raises LabError when there is none."""
    topology, resolved = _as_built(lab)
    with ExitStack() as stack:
        opened: dict[str, int] = {}

        def namespace(host: str) -> int:
            if host not in opened:
                opened[host] = netns.open_named(topology.namespace(host))
                stack.callback(os.close, opened[host])
            return opened[host]

        try:
            plugs = {
                cable.near.ifname: Plug(
                    cable.near.ifname, side, cable.near.mac, namespace(cable.far.host), cable.far.ifname, cable.far.mac
                )
                for cable, (_, side) in zip(topology.gateway_cables(), gateway_ports(topology, resolved), strict=True)
            }
            stations = {
                host.name: Station(namespace(host.name), "eth0", host.mac, _gateway_mac(topology, resolved, host.zone))
                for host in topology.hosts
                if host.zone
            }
            gateway = namespace(GATEWAY)
        except FileNotFoundError as error:
            raise LabError(f"the lab {lab} is damaged ({error}); `clinicgate lab down`, then up again") from None
        with Rig(gateway, plugs, stations, forgets=False) as rig:
            yield rig


def _as_built(lab: str) -> tuple[Topology, ResolvedSite]:
    folder = Folder(lab)
    try:
        data = folder.site.read_bytes()
    except FileNotFoundError:
        raise LabError(f"no lab {lab} here; `clinicgate lab up SITE` makes one") from None
    resolved = load_site(data, str(folder.site), datetime.now(UTC), applied_before=True).resolved
    if resolved is None:
        raise LabError(f"the lab {lab} was made by another release; `clinicgate lab down`, then up again")
    return plan(lab, resolved), resolved


def _gateway_mac(topology: Topology, resolved: ResolvedSite, zone: str) -> str:
    segment = resolved.segment(zone)
    assert segment is not None, "planned from this very site"
    return next(c.near.mac for c in topology.gateway_cables() if c.near.ifname == segment.ifname)
