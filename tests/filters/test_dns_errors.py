"""Extended DNS Errors as options."""

import dns.edns

from filters.dns_errors import MAX_TEXT, ExtendedError, option


def test_an_option_reads_back() -> None:
    data = option(ExtendedError.BLOCKED, "list malware line 3")
    assert data[:4] == b"\0\x0f\0\x15"
    found = dns.edns.option_from_wire(15, data, 4, len(data) - 4)
    assert isinstance(found, dns.edns.EDEOption)
    assert (found.code, found.text) == (15, "list malware line 3")


def test_text_is_ascii_and_short() -> None:
    data = option(ExtendedError.OTHER, "名" * 200)
    assert data[6:] == b"?" * MAX_TEXT


def test_nobody_is_told_of_censorship() -> None:
    assert 16 not in {error.value for error in ExtendedError}
