"""`evaluate`, `explain` and the kernel agree about every packet: a bounded share of `python -m tests.lab.agreement`.

CLINICGATE_SITES=200 asks for more clinics.
"""

import os
import re

import pytest

from tests.lab.agreement import disagreements

SITES = int(os.environ.get("CLINICGATE_SITES", "24"))
PACKETS = 50

pytestmark = pytest.mark.netns


@pytest.mark.parametrize("seed", range(SITES))
def test_the_kernel_does_what_was_computed(seed):
    found = disagreements(seed, PACKETS)
    assert not found, "\n".join(map(str, found))


SPOILED = {
    "nothing is refused": lambda text: text.replace(" drop comment", " accept comment"),
    "no port is looked at": lambda text: re.sub(r"(tcp|udp) dport (\{[^}]*\}|\S+)", r"meta l4proto \1", text),
    "nothing is masqueraded": lambda text: text.replace(" masquerade ", " accept "),
    "names go where the client says": lambda text: re.sub(r"\n[^\n]*core:dns:redirect[^\n]*", "", text),
    "any source will do": lambda text: re.sub(r"\n[^\n]*drop comment \"core:source:forged\"", "", text),
    "isolation is forgotten": lambda text: re.sub(r"\n[^\n]*goto quarantined[^\n]*", "", text),
    "zones are let out to nowhere": lambda text: re.sub(r'("eth1\.\d+" \. "eth0" : )goto [a-z0-9-]+', r"\1drop", text),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_policy_that_was_changed_on_its_way_is_noticed(what):
    found = sum(len(disagreements(seed, 80, SPOILED[what])) for seed in range(4))
    assert found > 0, f"{what}, and nobody noticed"
