"""`python -m tests.history --seconds 60 --seed 7`: a run of the history checker, on engines of its own.

Prints a JSON report; the exit code is 1 when an invariant is broken.
"""

import argparse
import os
import random
import secrets
import sys
from collections.abc import Sequence

import django

from tests.engines import Engines


def main(command_line: Sequence[str] | None = None) -> int:
    options = _parse(command_line)
    print(f"seed {options.seed}", file=sys.stderr, flush=True)
    with Engines() as engines:
        os.environ.update(
            engines.settings,
            DJANGO_SETTINGS_MODULE="evoserver.settings",
            EVOSERVER_DATA_DIR=str(engines.folder),
            SECRET_KEY=secrets.token_urlsafe(48),
            DATABASE_POOL_SIZE="24",
            LOG_LEVEL="WARNING",
        )
        django.setup()
        # Needs the settings, which need the engines.
        from tests.history.run import run

        return run(engines, options)


def _parse(command_line: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.history", description="Check that nothing is lost.")
    parser.add_argument("--seconds", type=float, default=20, help="of load and faults; start and end come on top")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="decides faults, writers, readers")
    parser.add_argument("--writers", type=int, default=16, help="who write through the services (default: %(default)s)")
    parser.add_argument("--readers", type=int, default=100, help="who read streams (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=6, help="who ask for generations (default: %(default)s)")
    parser.add_argument(
        "--walk", type=int, nargs="?", const=1, default=0, metavar="N",
        help="first kill a worker at every event, or every Nth, of a generation and of an execution",
    )  # fmt: skip
    parser.add_argument("--keep-logs", metavar="FOLDER", help="where to leave the processes' logs")
    return parser.parse_args(command_line)


if __name__ == "__main__":
    sys.exit(main())
