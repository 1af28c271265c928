"""The words of a question: every way to name an end, and words that name none."""

import pytest

from ruleset.explain_ends import UnknownWord, below, source_end, target_end
from ruleset.resolved import VideoNames
from tests.ruleset.small_clinic import clinic, device, ip, site

CLINIC = clinic()
PC = source_end(CLINIC, "reception-1")


@pytest.mark.parametrize(
    ("word", "kind", "zone"),
    [
        ("emr", "device", "srv"),
        ("srv", "zone", "srv"),
        ("10.20.30.10", "address", "srv"),
        ("2001:db8:20:30::10", "address", "srv"),
        ("198.51.100.7", "address", "internet"),
        ("internet", "internet", "internet"),
        ("gateway", "gateway", "gateway"),
        ("10.20.20.1", "gateway", "gateway"),
        ("emr.home.arpa", "device", "srv"),
        ("EMR.home.arpa.", "device", "srv"),
        ("example.org", "name", "internet"),
    ],
)
def test_a_word_means_one_thing(word, kind, zone):
    end = target_end(CLINIC, word, PC)
    assert (end.kind, end.zone) == (kind, zone)
    assert end.samples


def test_a_device_brings_its_hardware_address_and_both_families():
    assert PC.sample(4).mac == PC.sample(6).mac == "02:00:00:00:00:02"
    assert source_end(CLINIC, "10.20.20.11").sample(4).host == "reception-1"


def test_the_gateway_is_met_at_the_address_of_the_sources_zone():
    assert target_end(CLINIC, "gateway", PC).sample(4).address == ip("10.20.20.1")
    assert target_end(CLINIC, "gateway", source_end(CLINIC, "internet")).sample(4).address == ip("203.0.113.2")


@pytest.mark.parametrize("word", ["recepton-1", "", "a b", "example.org; drop", "x" * 300, "\x00", "emr.", "10.20.30"])
def test_a_word_that_means_nothing_says_so(word):
    with pytest.raises(UnknownWord):
        target_end(CLINIC, word, PC)


def test_a_misspelt_device_gets_a_suggestion():
    with pytest.raises(UnknownWord, match="did you mean 'reception-1'"):
        source_end(CLINIC, "recepton-1")


def test_a_name_cannot_start_connections():
    with pytest.raises(UnknownWord):
        source_end(CLINIC, "example.org")


def test_approved_names_count_for_their_clients_only():
    names = VideoNames("video:consult", "pc", device("reception-1").networks, ("zoom.us",))
    resolved = clinic(video_names=(names,))
    assert target_end(resolved, "eu01.zoom.us", source_end(resolved, "reception-1")).learned_by == ("video:consult",)
    assert target_end(resolved, "eu01.zoom.us", source_end(resolved, "room-1")).learned_by == ()
    assert target_end(resolved, "notzoom.us", source_end(resolved, "reception-1")).learned_by == ()


def test_protected_names_and_block_lists_are_mentioned():
    filtered = site(dns={"lists": {"malware": {"path": "m.hosts"}}, "zones": {"pc": {"lists": ("malware",)}}})
    resolved = clinic(protected_names=("onshikaku.org",), site=filtered)
    notes = " ".join(target_end(resolved, "a.onshikaku.org", source_end(resolved, "room-1")).notes)
    assert "protected" in notes
    assert "malware" in notes


def test_below_respects_label_borders():
    assert below("a.zoom.us", "zoom.us")
    assert below("zoom.us", "zoom.us")
    assert not below("evilzoom.us", "zoom.us")
