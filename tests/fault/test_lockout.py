"""A change that cuts the administrator off returns by itself, and he reaches the page again."""

import time
from http.client import HTTPException

import pytest

from gateway.client import Refused
from gateway.wire import CONFIRM_REFUSED, KERNEL_REFUSED
from tests.fault.clinic import Clinic
from tests.fault.flows import wait_until

pytestmark = [pytest.mark.netns, pytest.mark.slow]

CONFIRM_WITHIN = 10.0  # the shortest there is
GRACE = 15.0  # seconds from the return until the page is seen, on a busy machine


def moved_subnet(text: str) -> str:
    """The management zone has other addresses; the administrator's PC still has its old one."""
    return text.replace("10.33.10.", "10.33.11.").replace("2001:db8:33:10::", "2001:db8:33:11::")


def swapped_vlans(text: str) -> str:
    """The management zone is expected where the doctors are, and the doctors where it is."""
    return text.replace("vlan: 10,", "vlan: X,").replace("vlan: 20,", "vlan: 10,").replace("vlan: X,", "vlan: 20,")


def absent_port(text: str) -> str:
    """The management zone is expected at a port that this box does not have."""
    return text.replace("vlan: 10,", "port: eth7,")


def is_shown(clinic: Clinic) -> bool:
    """Whether the administrator sees the page over a new connection."""
    try:
        return "<html" in clinic.browse()
    except (OSError, HTTPException):
        return False


def cut_off(clinic: Clinic, text: str, within: float = CONFIRM_WITHIN) -> tuple[int, float]:
    """Applies a site after which the administrator sees nothing, and nobody can confirm. Answer: the generation that
    was confirmed before, and when the new one was loaded (monotonic clock)."""
    assert text != clinic.text
    before = clinic.status()["generation"]
    opened = clinic.reach_page()
    number = clinic.apply(text, within=within)
    loaded = time.monotonic()
    assert not is_shown(clinic), "the administrator is not cut off"
    with pytest.raises(Refused, match="older than the policy") as refused:
        clinic.at_page("confirm", opened)
    assert refused.value.code == CONFIRM_REFUSED
    assert clinic.status()["pending"]["generation"] == number
    return before, loaded


def is_back(clinic: Clinic, before: int) -> None:
    status = clinic.status()
    assert (status["generation"], status["state"], status["drift"]) == (before, "confirmed", [])


@pytest.mark.parametrize("spoil", [moved_subnet, swapped_vlans])
def test_the_previous_policy_returns_when_nobody_can_confirm(clinic, figure, spoil):
    before, loaded = cut_off(clinic, spoil(clinic.text))
    assert wait_until(lambda: is_shown(clinic), CONFIRM_WITHIN + GRACE), "the administrator stays locked out"
    took = time.monotonic() - loaded
    is_back(clinic, before)
    figure(f"locked out ({spoil.__name__}): back after {took:.1f} s, confirm within {CONFIRM_WITHIN:.0f} s")
    assert took > 0.8 * CONFIRM_WITHIN, "it did not wait for the confirm"


def test_it_returns_at_once_when_the_enforcer_dies(clinic, figure):
    """Long before the time to confirm is over: nobody would be there to count it."""
    before, _ = cut_off(clinic, moved_subnet(clinic.text), within=600.0)
    killed = time.monotonic()
    clinic.await_successor("enforcer", clinic.kill("enforcer"))
    assert wait_until(lambda: is_shown(clinic), GRACE), "the administrator stays locked out"
    figure(f"locked out, enforcer killed: back {time.monotonic() - killed:.1f} s after kill -9")
    is_back(clinic, before)


def test_a_management_zone_at_a_port_that_is_not_there_never_stays(clinic, figure):
    before, begun = clinic.status()["generation"], time.monotonic()
    with pytest.raises(Refused, match="way in: interface eth7") as refused:
        clinic.apply(absent_port(clinic.text))
    assert refused.value.code == KERNEL_REFUSED
    assert is_shown(clinic)
    figure(f"locked out (absent port): given back by the health probe within {time.monotonic() - begun:.1f} s")
    is_back(clinic, before)
