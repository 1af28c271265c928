"""The tree's own small meaning: port ranges, and finding a chain."""

from typing import get_args

import pytest

from ruleset import tree
from ruleset.evaluate import STATEMENTS, WALKED
from ruleset.matches import MATCHERS
from ruleset.render import _MATCHES, _STATEMENTS
from ruleset.tree import Chain, PortRange, Ruleset


def test_a_port_range_holds_both_its_ends():
    ports = PortRange(80, 90)
    assert 80 in ports and 90 in ports and 79 not in ports and 91 not in ports and "80" not in ports


def test_a_port_range_is_spelled_like_people_write_it():
    assert str(PortRange(443, 443)) == "443" and str(PortRange(80, 90)) == "80-90"


def test_a_chain_is_found_by_name_and_its_absence_named():
    ruleset = Ruleset("t", (), (), (), (Chain("a", ()),))
    assert ruleset.chain("a") == Chain("a", ())
    with pytest.raises(KeyError, match="no chain 'b' in table t"):
        ruleset.chain("b")


def test_every_kind_of_match_is_known_to_the_renderer_and_to_evaluation():
    kinds = set(get_args(tree.Match))
    assert kinds == set(_MATCHES) == set(MATCHERS)


def test_every_kind_of_statement_is_known_to_the_renderer_and_to_evaluation():
    kinds = set(get_args(tree.Statement))
    assert kinds == set(_STATEMENTS) == set(STATEMENTS) | set(WALKED)


def test_every_value_of_the_tree_is_frozen():
    values = [v for v in vars(tree).values() if hasattr(v, "__dataclass_fields__")]
    assert len(values) > 30 and all(v.__dataclass_params__.frozen for v in values)
