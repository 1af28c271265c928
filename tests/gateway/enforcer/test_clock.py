"""The clocks of one moment."""

import subprocess
import time

from gateway.enforcer import clock, processes


def test_a_moment_has_both_clocks_and_the_boot_it_belongs_to() -> None:
    first, wall = clock.now(), time.time()
    second = clock.now()
    assert abs(first.wall - wall) < 5
    assert 0 <= second.boot - first.boot < 5
    assert first.boot_id == second.boot_id != ""
    assert abs(first.utc().timestamp() - first.wall) < 1e-5


def test_what_starts_after_the_tick_is_younger_by_the_process_table_too() -> None:
    for _ in range(20):
        moment = clock.now()
        clock.pass_tick(moment)
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
            started = processes.read(child.pid)
        assert started is not None
        assert moment.boot < started.started < moment.boot + 5
