"""`python -m gateway.resolver`: answer the zones until SIGTERM or SIGINT, then exit 0; SIGHUP loads again."""

import asyncio
import gc
import resource
import signal
import sys

from gateway.access import Access
from gateway.paths import Paths
from gateway.resolver.control import Control
from gateway.resolver.follow import Follower
from gateway.resolver.journal import Journal
from gateway.resolver.selfcheck import SelfCheck
from gateway.resolver.service import Resolver

# While a site is parsed in a thread, the loop must get its turn soon: half a millisecond instead of five.
SWITCH_SECONDS = 0.0005
# What was imported stays: looking through it for garbage took 30 ms each time. Young garbage is sought as ever; what
# is older is cached answers, 10 ms and more of looking, so that is done a hundred times less often.
COLLECT = (1_000, 10, 1_000)
MAX_DESCRIPTORS = 8192  # 512 exchanges with up to six sockets each, TCP clients, the rest


async def serve(paths: Paths) -> None:
    """Until a signal says stop."""
    loop, stop, journal = asyncio.get_running_loop(), asyncio.Event(), Journal()
    resolver = Resolver(paths.enforcer_socket, paths.events_socket, journal, leases=paths.leases)
    follower = Follower(resolver, paths, journal)
    control = Control(resolver, paths.resolver_socket, Access(paths), journal)
    await control.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, follower.wake)
    following = asyncio.create_task(follower.run())
    checks = SelfCheck(paths.resolver_vitals, lambda: resolver.session.counters, resolver.recursor)
    checking = asyncio.create_task(checks.run())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((following, stopping), return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()  # it ends only by an error, which ends the process, and a supervisor starts it again
    finally:
        following.cancel()
        checking.cancel()
        stopping.cancel()
        await control.close()
        await resolver.close()


def main() -> int:
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*COLLECT)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if 0 <= hard < MAX_DESCRIPTORS else MAX_DESCRIPTORS, hard))
    asyncio.run(serve(Paths.from_env()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
