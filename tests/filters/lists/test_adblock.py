"""Adblock-style rules: what one line says, canonical texts, and what a rule must not be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.lists import adblock
from filters.lists.rules import Reject, Side
from tests.filters.lists.reading_tools import blocked, file_of, meaning


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("||bad.example^", ["subtree bad.example"]),
        ("||BAD.example^ # why", ["subtree bad.example"]),
        ("||bad.example", ["subtree bad.example"]),
        ("||bad.example^|", ["subtree bad.example"]),
        ("||bad.example.^", ["subtree bad.example"]),
        ("||Bücher.example^", ["subtree xn--bcher-kva.example"]),
        ("@@||good.example^", ["allow subtree good.example"]),
        ("|bad.example^", ["exact bad.example"]),
        ("|bad.example|", ["exact bad.example"]),
        ("bad.example", ["exact bad.example"]),
        ("0.0.0.0 a.example b.example # why", ["exact a.example", "exact b.example"]),
        ("*.bad.example", ["below bad.example"]),
        ("||*.bad.example^", ["below bad.example"]),
        (".bad.example^", ["below bad.example"]),
        ("bad.example^", ["bad.example^"]),
        ("|ads", ["|ads*"]),
        ("||ads*.example^", ["||ads*.example^"]),
        ("||ads**.example^", ["||ads*.example^"]),
        ("||ads*^", ["||ads*"]),
        ("*adserver*", ["adserver*"]),
        ("@@*adserver.", ["@@adserver.*"]),
        (r"/^ads?[0-9]+\.example$/", [r"/^ads?[0-9]+\.example$/"]),
        (r"@@/tracker[.]/$important", [r"@@/tracker[.]/$important"]),
        ("/ads.q/$client=10.0.0.0/8", ["/ads.q/$client=10.0.0.0/8"]),
        ("||bad.example^$all", ["subtree bad.example"]),
        ("||bad.example^$badfilter,important", ["||bad.example^$important,badfilter"]),
        ("||bad.example^$dnstype=AAAA,client=10.0.0.1", ["||bad.example^$client=10.0.0.1,dnstype=AAAA"]),
        ("", []),
        ("! note", []),
        ("# note", []),
        ("#note", []),
        ("## note", []),
        ("[Adblock Plus 2.0]", []),
        ("##.banner", Reject.COSMETIC),
        ("bad.example##.banner", Reject.COSMETIC),
        ("bad.example ##.banner", Reject.COSMETIC),
        ("bad.example#@#.banner", Reject.COSMETIC),
        ("bad.example#?#div:has(a)", Reject.COSMETIC),
        ("bad.example#$#body { margin: 0 }", Reject.COSMETIC),
        ("bad.example#%#//scriptlet", Reject.COSMETIC),
        ("bad.example$$script", Reject.COSMETIC),
        ("||bad.example/ads/*", Reject.URL),
        ("||bad.example:8080^", Reject.URL),
        ("|https://bad.example/", Reject.URL),
        ("&ad_box_", Reject.URL),
        (r"/\/ads\//", Reject.URL),
        ("||bad.example^$third-party", Reject.MODIFIER),
        ("||bad.example^$document", Reject.MODIFIER),
        ("||bad.example^$important,script", Reject.MODIFIER),
        ("||bad.example^$dnstype=NOPE", Reject.MODIFIER_VALUE),
        ("||bank.example^$dnsrewrite=192.0.2.7", Reject.REDIRECT),
        ("192.0.2.7 bank.example", Reject.REDIRECT),
        ("||com^", Reject.TOO_WIDE),
        ("*", Reject.TOO_WIDE),
        ("@@*$client=10.0.0.1", Reject.TOO_WIDE),
        ("*$denyallow=com|net", Reject.TOO_WIDE),
        ("||*.*^", Reject.TOO_WIDE),
        ("*.com^", Reject.TOO_WIDE),
        ("com^", Reject.TOO_WIDE),
        ("||*a*", Reject.TOO_WIDE),
        ("/.*/", Reject.TOO_WIDE),
        ("/(x|)/", Reject.TOO_WIDE),
        (r"/^[a-z]+\.jp$/", Reject.TOO_WIDE),
        ("||192.0.2.1^", Reject.NOT_A_NAME),
        ("||bad example^", Reject.NOT_A_NAME),
        ("||bücher*.example^", Reject.NOT_A_NAME),
        ("||" + "a" * 64 + ".example^", Reject.NOT_A_NAME),
        ("/x(?=y)/", Reject.REGEX),
        ("/(x/", Reject.REGEX),
        ("/(a{100}){100}/", Reject.REGEX_SIZE),
        ("||" + "x*" * 20 + "bad.example^", Reject.REGEX_SIZE),
        ("||" + "x" * 150 + "*" + "y" * 150 + "^", Reject.REGEX_SIZE),
    ],
)
def test_what_a_line_says(line: str, said: list[str] | Reject) -> None:
    assert meaning(adblock.parse_line, line) == said


@pytest.mark.parametrize(
    ("rule", "hit", "missed"),
    [
        ("||bad.example^", "bad.example www.bad.example", "verybad.example bad.example.test example"),
        ("|bad.example^", "bad.example", "www.bad.example"),
        ("*.bad.example", "www.bad.example a.b.bad.example", "bad.example verybad.example"),
        ("bad.example^", "bad.example verybad.example www.bad.example", "bad.example.test"),
        ("|ads", "ads.example adserver.test", "www.ads.example"),
        ("||ads*.example^", "ads.example ads7.example www.adsx.y.example", "lads.example ads.example.test"),
        ("||ads.*", "ads.example www.ads.test", "lads.example ads"),
        ("*adserver*", "adserver.example my-adserver7.test", "adserve.example"),
        ("ad*.track.example^", "ad.track.example x.ads.track.example road9.track.example", "track.example"),
        (r"/^ads?[0-9]+\.example$/", "ad1.example ads99.example", "ads.example www.ad1.example ad1.example.test"),
        (r"/(^|\.)telemetry[.-]/", "telemetry.example x.telemetry-eu.test", "mytelemetry.example telemetry"),
    ],
)
def test_which_names_a_pattern_is_for(rule: str, hit: str, missed: str) -> None:
    file = file_of(f"{rule}\n||unrelated.example^\n")
    assert [host for host in hit.split() if not blocked(file, host)] == []
    assert [host for host in missed.split() if blocked(file, host)] == []


NAMES = st.lists(st.sampled_from(["a", "b-c", "ads", "xn--x"]), min_size=2, max_size=3).map(".".join)
MASKS = st.builds(
    "{}{}{}{}".format, st.sampled_from(["", "|", "||", "*.", "||*."]), NAMES, st.sampled_from(["", "*q", "*q*"]),
    st.sampled_from(["", "^", "|", "^|", "*"]),
)  # fmt: skip
WORDS = st.lists(
    st.sampled_from(["important", "badfilter", "dnstype=A|~MX", "client='a\\'b'|~10.0.0.0/8", "ctag=x"]),
    unique=True, max_size=3,
)  # fmt: skip


@given(st.sampled_from(["", "@@"]), MASKS | st.sampled_from(["/^ads[0-9]{1,2}\\./", "/x|y/"]), WORDS)
def test_the_canonical_text_says_the_same_and_stays(mark: str, pattern: str, words: list[str]) -> None:
    rule = adblock.read(mark + pattern + ("$" + ",".join(words) if words else ""))
    assert not isinstance(rule, Reject)
    again = adblock.read(rule.text)
    assert not isinstance(again, Reject)
    assert (again.text, again.effect, again.allow) == (rule.text, rule.effect, rule.allow)
    assert again.pattern == rule.pattern
    assert again.modifiers.conditions.clients == rule.modifiers.conditions.clients
    assert again.modifiers.badfilter == ("badfilter" in words)


@pytest.mark.parametrize("line", ["||bad.example^", "@@|bad.example^$important", "*.bad.example"])
def test_a_plain_rule_is_told_as_the_rule_it_was_read_from(line: str) -> None:
    parsed, rule = adblock.parse_line(line), adblock.read(line)
    assert not isinstance(parsed, Reject)
    assert not isinstance(parsed[0], Side)
    assert adblock.plain_text(parsed[0]) == rule.text


def test_a_pattern_that_takes_long_to_build_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    line = r"/^[a-z]{1,63}\.ads[0-9]{1,9}\./"
    assert isinstance(adblock.parse_line(line), list)
    monkeypatch.setattr(adblock, "MAX_BUILDING", 50)
    assert adblock.parse_line(line) is Reject.REGEX_SIZE
