"""Conditions: for whom a rule holds."""

from ipaddress import ip_address

import pytest

from filters import names
from filters.lists import modifiers
from filters.lists.conditions import Asker
from filters.lists.rules import Reject

NAME = names.from_text("www.bad.example")
PHONE = Asker(1, ip_address("10.0.0.7"), frozenset(("mom", "reception-1")), frozenset(("device_phone",)))
SIXTH = Asker(28, ip_address("2001:db8::7"))
NOBODY = Asker(16)


@pytest.mark.parametrize(
    ("text", "phone", "sixth", "nobody"),
    [
        ("important", True, True, True),
        ("dnstype=A", True, False, False),
        ("dnstype=~A", False, True, True),
        ("dnstype=A|AAAA|~A", False, True, False),
        ("client=10.0.0.0/8", True, False, False),
        ("client=~10.0.0.0/8", False, True, True),
        ("client=2001:db8::/64", False, True, False),
        ("client=Mom", True, False, False),
        ("client=~Mom|~Dad|reception-1", False, False, False),
        ("client=~Dad|reception-1", True, False, False),
        ("ctag=device_phone|device_tv", True, False, False),
        ("ctag=~device_phone", False, True, True),
        ("denyallow=www.bad.example", False, False, False),
        ("denyallow=example", False, False, False),
        ("denyallow=other.bad.example", True, True, True),
        ("dnstype=A,client=Mom,ctag=~user_child", True, False, False),
        ("dnstype=A,client=Dad", False, False, False),
    ],
)
def test_who_is_meant(text: str, *, phone: bool, sixth: bool, nobody: bool) -> None:
    found = modifiers.read(text, allow=False)
    assert not isinstance(found, Reject)
    assert [found.conditions.hold(NAME, asker) for asker in (PHONE, SIXTH, NOBODY)] == [phone, sixth, nobody]
