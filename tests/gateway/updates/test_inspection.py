"""What is told of a list's content, names and addresses."""

import io
import json
from ipaddress import ip_network

import pytest

from filters import names
from filters.lists import ListFile, ListRefusedError
from gateway.enforcer.addresses import SPECIAL, Ranges, as_range
from gateway.updates.found import from_dict
from gateway.updates.inspection import inspect_addresses, inspect_names

OWN = ip_network("203.0.113.0/24")
NEVER = {v: Ranges(as_range(n) for n in (*SPECIAL, OWN) if n.version == v) for v in (4, 6)}
DROP = [
    {"cidr": "1.10.16.0/20", "sblid": "SBL256894", "rir": "apnic"},
    {"cidr": "2a06:f680::/29", "sblid": "SBL1", "rir": "ripencc"},
]
META = {"type": "metadata", "timestamp": 1785000000, "records": 2, "copyright": "(c) The Publisher", "terms": "free"}


def as_lines(*values: dict) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def addresses(data: bytes):
    kept = io.BytesIO()
    return inspect_addresses(io.BytesIO(data), NEVER, kept), kept.getvalue().decode().split()


def inspect(text: bytes, protected: tuple[str, ...] = ()):
    return inspect_names(io.BytesIO(text), protected, "list", b"key")


def test_the_compiled_form_is_written_out_under_the_lists_own_name():
    out = io.BytesIO()
    inspect_names(io.BytesIO(b"||bad.example^\n"), (), "malware", b"key", out)
    match = ListFile(memoryview(out.getvalue()), b"key").find(names.from_text("www.bad.example")).match
    assert match is not None and (match.list, match.line) == ("malware", 1)


def test_names_are_counted_and_rejects_explained():
    found = inspect(b"0.0.0.0 bad.example\n0.0.0.0 worse.example\n0.0.0.0 bad.example\n0.0.0.0 a_%\n")
    assert (found.format, found.lines, found.rules, found.ended) == ("hosts", 4, 2, True)
    assert sum(found.rejects.values()) == 2 and any("says the same" in why for why in found.rejects)
    assert from_dict(json.loads(json.dumps(found.as_dict()))) is not None


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        (b"||ameli.fr^\n", ["ameli.fr"]),
        (b"||www.ameli.fr^\n", ["ameli.fr"]),
        (b"||bad.example^\n/amel[i]\\.fr/\n", ["ameli.fr"]),
        (b"@@||ameli.fr^\n||bad.example^\n", []),
        (b"||notameli.fr^\n", []),
    ],
)
def test_protected_names_it_hits_are_told(text, hits):
    assert inspect(text, ("*.ameli.fr", "zoom.us")).protected == [f"*.{name}" for name in hits]


def test_a_web_page_is_no_list():
    with pytest.raises(ListRefusedError, match="web page"):
        inspect(b"<!DOCTYPE html><html>502</html>\n")


def test_drop_lines_become_networks_and_show_their_terms():
    found, kept = addresses(as_lines(*DROP, META))
    assert kept == ["1.10.16.0/20", "2a06:f680::/29"] and found.rules == 2
    assert "(c) The Publisher" in found.terms and "free" in found.terms and "1785000000" in found.terms


def test_a_cut_off_drop_list_is_refused():
    with pytest.raises(ListRefusedError, match="cut off"):
        addresses(as_lines(DROP[0], META))


def test_own_private_and_far_too_wide_networks_never_enter():
    text = "9.9.9.9 ; SBL1\n10.0.0.0/8\n203.0.113.2\n0.0.0.0/0\n::/0\nfd00:1::/32\n# 8.8.8.8\n\n5.6.7.0/24 # x\nwhat?\n"
    found, kept = addresses(text.encode())
    assert kept == ["9.9.9.9/32", "5.6.7.0/24"]
    assert found.rejects == {
        "protected, private, or the clinic's own": 3,
        "too wide: it would cut off whole parts of the internet": 2,
        "not an address or network": 1,
    }


@pytest.mark.parametrize("text", [b"<html>\n<body>\n</body>\n", b"{\n{\n{\n", b"[" * 50_000 + b"\n", b"bad.example\n"])
def test_what_is_no_address_list_is_refused(text):
    with pytest.raises(ListRefusedError, match="no address"):
        addresses(text)


def test_samples_are_harmless_text():
    found, _ = addresses(b"1.2.3.4\n\x1b[31mred\n5.6.7.8\n")
    assert found.samples == [[2, "not an address or network", "\\x1b[31mred"]]


@pytest.mark.parametrize(
    "value", [None, {}, {"octets": 1, "lines": 1, "rules": "1"}, {"octets": 1, "lines": 1, "rules": 1}]
)
def test_an_answer_of_another_shape_is_none(value):
    assert from_dict(value) is None
