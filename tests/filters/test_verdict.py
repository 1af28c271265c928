"""Verdicts: what counts as blocked."""

import pytest

from filters.verdict import Action, Reason, Verdict

REFUSING = {"listed", "listed_link", "denied", "denied_link", "not_allowed", "rebinding", "encrypted_dns"}


@pytest.mark.parametrize("reason", list(Reason))
def test_only_names_that_others_would_have_answered_count_as_blocked(reason: Reason) -> None:
    assert Verdict(Action.NXDOMAIN, reason, "malware", 1, "x.example").blocks is (reason.value in REFUSING)
