"""`python -m webui`: serve the owner's page and the block page until SIGTERM or SIGINT, then exit 0."""

import asyncio
import contextlib
import sys

from gateway.paths import Paths
from webui.app import create_app
from webui.blocked.listen import BlockPages
from webui.listen import SettingError, serve


def say(text: str) -> None:
    """One line for the journal."""
    print(f"webui: {text}", file=sys.stderr, flush=True)


async def run(paths: Paths) -> None:
    """Both, until a signal ends the one, or a failure of either both: a supervisor starts them again."""
    pages = asyncio.create_task(BlockPages(paths, say).run())
    own = asyncio.create_task(serve(create_app(paths), paths, say))
    await asyncio.wait((pages, own), return_when=asyncio.FIRST_COMPLETED)
    pages.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await pages
    await own


def main() -> int:
    """Exit status 2 when the environment cannot be used; the reason is on stderr."""
    paths = Paths.from_env()
    try:
        asyncio.run(run(paths))
    except SettingError as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
