"""Loading nft text: into the namespace that was meant, whole or not at all."""

import os
import subprocess

import pytest

from gateway.lab import netns
from gateway.lab.errors import LabError
from gateway.lab.kernel import load_ruleset

pytestmark = pytest.mark.netns


def listed(namespace):
    with netns.inside(namespace):
        return subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout


def test_a_ruleset_lands_in_its_namespace_and_a_wrong_one_nowhere():
    one, other = netns.make(), netns.make()
    try:
        load_ruleset(one, "add table inet t\nadd chain inet t c")
        with pytest.raises(LabError, match="refuses"):
            load_ruleset(one, "add table inet u\nadd rule inet u nowhere accept")
        assert "table inet t" in listed(one)
        assert "table inet u" not in listed(one)
        assert listed(other) == ""
    finally:
        os.close(one)
        os.close(other)
