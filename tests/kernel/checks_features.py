"""The enforcer asks a full kernel what it has, and the policy follows the answer."""

from dataclasses import replace

import pytest
from pyroute2 import IPRoute

from gateway.enforcer import features
from gateway.enforcer.kernel_nft import KernelNft, NftError
from gateway.enforcer.loader import Loader
from gateway.lab import netns
from ruleset.live import LiveState
from tests.kernel import truth
from tests.kernel.clinic import Clinic
from tests.kernel.lab_nft import LabNft

Figures = dict[str, object]


def check_the_enforcer_believes_what_this_kernel_can_do(clinic: Clinic) -> Figures:
    with netns.inside(clinic.gateway):
        believed = features.ask(KernelNft())
        assert KernelNft().listing() == "", "asking left something behind"
    assert believed == truth.found_out()
    assert all(believed.values()), f"the lab kernel is meant to have everything: {believed}"
    return {}


def check_the_compiler_is_told_of_every_vlan_interface(clinic: Clinic) -> Figures:
    with netns.inside(clinic.gateway):
        told = features.for_compile(features.ask(KernelNft()))
        assert told.flow_offload
        assert set(clinic.features().interfaces) <= set(told.interfaces)
        assert clinic.compiled(LiveState((), told)) == clinic.compiled()
    return {}


def check_the_policy_loads_without_the_fast_path_while_an_interface_is_missing(clinic: Clinic) -> Figures:
    """A flow table that names an absent interface does not load: an accelerator must not stop the policy."""
    with netns.inside(clinic.gateway), IPRoute() as links:
        loader = Loader(LabNft())
        loader.put(clinic.compiled())
        links.link("del", index=links.link_lookup(ifname="eth1.95")[0])
        live = LiveState((), features.for_compile(features.ask(KernelNft())))
        loader.put(clinic.compiled(live))
        assert loader.listing().flowtables == set()
        assert "ingress" not in loader.listing().rules
        missing = replace(live, features=replace(live.features, interfaces=(*live.features.interfaces, "eth1.95")))
        with pytest.raises(NftError, match="No such file"):
            loader.dry_run(clinic.compiled(missing))
    return {}
