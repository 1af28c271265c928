"""What changes between two policies: values, and nothing when nothing is known."""

import pytest

from ruleset.live import NOTHING_LIVE, Features, LiveState, Quarantined
from tests.ruleset.written import NOW


def test_nothing_is_isolated_and_nothing_accelerated_until_somebody_says_so():
    assert LiveState() == NOTHING_LIVE
    assert NOTHING_LIVE.quarantine == () and NOTHING_LIVE.features == Features(False, ())


def test_it_is_a_value():
    one = Quarantined("pc", "02:00:00:00:20:01", ("10.20.20.11",), "why", "who", NOW)
    assert LiveState((one,)) == LiveState((one,)) and hash(LiveState((one,)))
    with pytest.raises(AttributeError):
        one.mac = "x"
