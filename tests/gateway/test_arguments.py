"""Arguments: a value of the right kind, or a refusal that names the argument."""

from ipaddress import ip_address

import pytest

from gateway.arguments import Arguments
from gateway.wire import CommandRefused

ODD = [None, True, [], {}, "x" * 10_000, -1, 1e300, float("nan"), "10.0.0.1/24", ["10.0.0.1", 5], ["::1"] * 5]
TAKERS = {
    "text": lambda a: a.text("x", 100),
    "number": lambda a: a.number("x", 0, 100),
    "whole": lambda a: a.whole("x", 0, 100),
    "address": lambda a: a.address("x"),
    "addresses": lambda a: a.addresses("x", 4),
}
ALLOWED = {("text", "10.0.0.1/24")}


def args(**values) -> Arguments:
    return Arguments("do", values)


def test_good_values_are_taken() -> None:
    given = args(a="text", b=5, c=7, d="10.0.0.1", e=["::1"], f="é\n", g=True)
    assert given.text("a", 10) == "text"
    assert given.number("b", 0, 10) == 5.0
    assert given.whole("c", 0, 10) == 7
    assert given.address("d") == ip_address("10.0.0.1")
    assert given.addresses("e", 2) == [ip_address("::1")]
    assert given.label("f") == "é\\n"
    assert (given.flag("g"), given.flag("h")) == (True, False)
    given.done()
    assert args().text("a", 10, "default") == "default"


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("kind", TAKERS)
def test_odd_values_are_refused_by_name(kind, value) -> None:
    if (kind, value) in [*ALLOWED]:
        assert TAKERS[kind](args(x=value)) == value
        return
    with pytest.raises(CommandRefused, match="`x`"):
        TAKERS[kind](args(x=value))


@pytest.mark.parametrize("value", ["true", 1, 0, []])
def test_a_flag_is_true_or_false(value) -> None:
    with pytest.raises(CommandRefused, match="`x`"):
        args(x=value).flag("x")


def test_a_key_nobody_takes_is_refused() -> None:
    given = args(a="text", nft="flush ruleset")
    given.text("a", 10)
    with pytest.raises(CommandRefused, match="'nft'"):
        given.done()
