"""`python -m webui`: serve the owner's page until SIGTERM or SIGINT, then exit 0."""

import asyncio
import sys

from gateway.paths import Paths
from webui.app import create_app
from webui.listen import SettingError, serve


def say(text: str) -> None:
    """One line for the journal."""
    print(f"webui: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Exit status 2 when the environment cannot be used; the reason is on stderr."""
    paths = Paths.from_env()
    try:
        asyncio.run(serve(create_app(paths), paths, say))
    except SettingError as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
