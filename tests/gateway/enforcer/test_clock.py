"""The clocks of one moment."""

import time

from gateway.enforcer import clock


def test_a_moment_has_both_clocks_and_the_boot_it_belongs_to() -> None:
    first, wall = clock.now(), time.time()
    second = clock.now()
    assert abs(first.wall - wall) < 5
    assert 0 <= second.boot - first.boot < 5
    assert first.boot_id == second.boot_id != ""
    assert abs(first.utc().timestamp() - first.wall) < 1e-5
