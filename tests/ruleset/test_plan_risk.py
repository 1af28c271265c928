"""Classes of risk: the highest leads, and the first rule that fits decides."""

from ruleset.coverage import traffic_set
from ruleset.plan_risk import Change, gain_risk, highest, loss_risk, role_of
from tests.ruleset.small_clinic import clinic, device, tcp, zone

CLINIC = clinic()


def test_the_highest_class_leads():
    low, high = (Change("zone-removed", {"name": "a", "role": "pc"}, r, "bookkeeping") for r in ("low", "high"))
    assert highest((low, high, low)) == "high"
    assert highest(()) == "low"


def test_a_wide_gain_of_a_camera_is_judged_as_a_cameras():
    wide = traffic_set([tcp((1, 65535))])
    assert gain_risk(CLINIC, device("camera-1"), zone("internet"), wide) == ("high", "medical-internet")
    assert gain_risk(CLINIC, device("room-1"), zone("internet"), wide) == ("high", "very-wide")


def test_names_and_time_for_a_zone_are_low():
    assert gain_risk(CLINIC, zone("cam"), zone("gateway"), traffic_set([tcp(53)]))[0] == "low"


def test_a_loss_counts_the_devices_it_hurts():
    web = traffic_set([tcp(443)])
    assert loss_risk(CLINIC, zone("pc"), zone("internet"), web) == ("medium", "critical-device")
    assert loss_risk(CLINIC, device("reception-1"), device("files"), web) == ("low", "less-access")
    assert loss_risk(CLINIC, zone("mgmt"), zone("gateway"), traffic_set([tcp(22)])) == ("critical", "admin-lost")
    assert loss_risk(CLINIC, zone("cam"), zone("gateway"), traffic_set([tcp(22)]))[0] == "low"


def test_a_zone_that_is_gone_has_no_role():
    assert role_of(CLINIC, "mgmt") == "mgmt"
    assert role_of(CLINIC, "internet") == "internet"
    assert role_of(CLINIC, "gone") == "gone"
