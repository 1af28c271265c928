"""Verdicts: what counts as blocked."""

import pytest

from filters.verdict import Action, Reason, Verdict


@pytest.mark.parametrize("reason", list(Reason))
def test_only_a_lists_doing_counts_as_blocked(reason: Reason) -> None:
    assert Verdict(Action.NXDOMAIN, reason, "malware", 1, "x.example").blocks is (reason is Reason.LISTED)
