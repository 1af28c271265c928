"""The modifiers of Adblock-style rules: what each says, and which make the rule a reject."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import names
from filters.lists import modifiers
from filters.lists.modifiers import Modifiers
from filters.lists.rules import Reject


def read(text: str, *, allow: bool = False) -> Modifiers:
    found = modifiers.read(text, allow=allow)
    assert not isinstance(found, Reject)
    return found


def test_flags() -> None:
    found = read("Important, badfilter,all")
    assert (found.important, found.badfilter, found.words) == (True, True, ("important",))


def test_question_types_by_name_and_number() -> None:
    conditions = read("dnstype=a|TYPE65|~MX").conditions
    assert (conditions.types, conditions.not_types) == ({1, 65}, {15})


def test_excepted_names() -> None:
    excepted = read("denyallow=com|Bücher.example").conditions.excepted
    assert excepted.find(names.from_text("a.com")) is not None
    assert excepted.find(names.from_text("x.xn--bcher-kva.example")) is not None
    assert excepted.find(names.from_text("a.net")) is None


def test_clients_by_address_network_and_quoted_name() -> None:
    conditions = read(r"""client=10.0.0.7|2001:db8::/32|'Frank\'s\, laptop'|~"a|b"|~Mom""").conditions
    assert conditions.clients == {ip_network("10.0.0.7/32"), ip_network("2001:db8::/32"), "frank's, laptop"}
    assert conditions.not_clients == {"a|b", "mom"}
    assert conditions.personal


def test_tags() -> None:
    conditions = read("ctag=device_phone|~user_child").conditions
    assert (conditions.tags, conditions.not_tags, conditions.personal) == ({"device_phone"}, {"user_child"}, True)


@pytest.mark.parametrize(
    "value", ["NXDOMAIN", "REFUSED", "NOERROR", "0.0.0.0", "::", "NXDOMAIN;;", "NOERROR;;", "NOERROR;A;127.0.0.1"]
)
def test_a_rewrite_that_leads_nowhere_blocks(value: str) -> None:
    assert read(f"dnsrewrite={value}").conditions.rewrite == value


def test_an_exception_from_rewriting_may_name_any_value_or_all() -> None:
    assert read("dnsrewrite", allow=True).conditions.rewrite == ""
    assert read("dnsrewrite=192.0.2.7", allow=True).conditions.rewrite == "192.0.2.7"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reject.MODIFIER),
        ("third-party", Reject.MODIFIER),
        ("~third-party", Reject.MODIFIER),
        ("domain=a.example", Reject.MODIFIER),
        ("important=1", Reject.MODIFIER_VALUE),
        ("important,important", Reject.MODIFIER_VALUE),
        ("dnstype=", Reject.MODIFIER_VALUE),
        ("dnstype", Reject.MODIFIER_VALUE),
        ("dnstype=A||B", Reject.MODIFIER_VALUE),
        ("dnstype=NOPE", Reject.MODIFIER_VALUE),
        ("dnstype=TYPE99999", Reject.MODIFIER_VALUE),
        ("denyallow=a b", Reject.MODIFIER_VALUE),
        ("denyallow=~com", Reject.MODIFIER_VALUE),
        ("client=", Reject.MODIFIER_VALUE),
        ("client='open", Reject.MODIFIER_VALUE),
        ("client=''", Reject.MODIFIER_VALUE),
        ("client=~", Reject.MODIFIER_VALUE),
        ("client=" + "x" * 200, Reject.MODIFIER_VALUE),
        ("client=" + "|".join(["a"] * 101), Reject.MODIFIER_VALUE),
        ("ctag=Device Phone", Reject.MODIFIER_VALUE),
        ("dnsrewrite", Reject.MODIFIER_VALUE),
        ("dnsrewrite=192.0.2.7", Reject.REDIRECT),
        ("dnsrewrite=bank.example", Reject.REDIRECT),
        ("dnsrewrite=NOERROR;A;192.0.2.7", Reject.REDIRECT),
        ("dnsrewrite=NOERROR;TXT;hello", Reject.REDIRECT),
    ],
)
def test_what_cannot_be_honoured_is_a_reject(text: str, reason: Reject) -> None:
    assert modifiers.read(text, allow=False) is reason


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b", ["a", "b"]),
        ("a=1|2,b", ["a=1|2", "b"]),
        (r"a=x\,y,b", [r"a=x\,y", "b"]),
        ("a='x,y',b", ["a='x,y'", "b"]),
        ('a=~"x,\'y",b', ['a=~"x,\'y"', "b"]),
        ("a=it's,b", ["a=it's", "b"]),
        ("a='open,b", ["a='open,b"]),
        ("a\\", ["a\\"]),
    ],
)
def test_quotes_and_backslashes_hide_separators(text: str, parts: list[str]) -> None:
    assert modifiers.split(text, ",") == parts


@given(st.text(max_size=80), st.booleans())
def test_any_text_is_read_or_a_reject(text: str, allow: bool) -> None:
    found = modifiers.read(text, allow=allow)
    assert isinstance(found, Reject | Modifiers)


@given(st.lists(st.sampled_from(["dnstype", "client", "ctag", "denyallow", "dnsrewrite"])), st.text(max_size=30))
def test_any_value_is_read_or_a_reject(modifier: list[str], value: str) -> None:
    found = modifiers.read(",".join(f"{one}={value}" for one in modifier), allow=True)
    assert isinstance(found, Reject | Modifiers)
