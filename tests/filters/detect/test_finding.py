"""Findings are values with closed reasons."""

from filters.detect.finding import Finding, Why


def test_a_finding_is_a_value() -> None:
    one = Finding(Why.UNRESOLVED_MANY, "pc", "desk", 5, ("203.0.113.7 tcp/443",))
    assert one == Finding(Why("unresolved_many"), "pc", "desk", 5, ("203.0.113.7 tcp/443",))
    assert len({one, one}) == 1
