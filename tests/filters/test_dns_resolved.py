"""Addresses answered: told once when new, again while they may be given, and never without bound."""

from ipaddress import ip_address

from filters.dns_resolved import RETELL, Resolved

A, B, C = (ip_address(text) for text in ("192.0.2.1", "192.0.2.2", "2001:db8::3"))
NOW = 1000.0


def test_an_address_is_told_once_for_each_zone() -> None:
    table = Resolved()
    table.add("pc", (A, B), NOW + 60)
    table.add("pc", (A,), NOW + 90)
    table.add("guest", (A,), NOW + 60)
    assert table.take(NOW, 100) == [("pc", A), ("pc", B), ("guest", A)]
    table.add("pc", (A,), NOW + 95)
    assert table.take(NOW + 5, 100) == []


def test_it_is_told_again_while_an_answer_with_it_may_be_given() -> None:
    table = Resolved()
    table.add("pc", (A,), NOW + 10_000)
    table.add("pc", (B,), NOW + 60)
    table.take(NOW, 100)
    assert table.take(NOW + RETELL - 1, 100) == []
    assert table.take(NOW + RETELL, 100) == [("pc", A)], "the other has expired"
    assert table.take(NOW + 2 * RETELL, 100) == [("pc", A)]
    table.add("pc", (B,), NOW + 3 * RETELL)
    assert table.take(NOW + 2 * RETELL + 1, 100) == [("pc", B)], "new again"


def test_a_long_list_goes_out_in_parts_new_ones_first() -> None:
    table = Resolved()
    table.add("pc", (A, B), NOW + 10_000)
    assert table.take(NOW, 1) == [("pc", A)]
    assert table.take(NOW, 1) == [("pc", B)]
    table.add("pc", (C,), NOW + 10_000)
    assert table.take(NOW + RETELL, 2) == [("pc", C), ("pc", A)]


def test_the_address_answered_longest_ago_gives_way() -> None:
    table = Resolved(size=2)
    table.add("pc", (A, B), NOW + 60)
    table.add("pc", (A,), NOW + 60)
    table.add("pc", (C,), NOW + 60)
    assert table.take(NOW, 100) == [("pc", A), ("pc", C)]
    assert table.forgotten == 1
    table.add("pc", (B,), NOW + 60)
    assert table.take(NOW + RETELL, 100) == [("pc", B)]
    assert table.forgotten == 1, "what gave way now had been told"
