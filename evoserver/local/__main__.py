"""`python -m evoserver.local run`, `python -m evoserver.local exec -- COMMAND …`."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from evoserver.local.console import open_standard_streams
from evoserver.local.environment import read_environment
from evoserver.local.errors import LocalError
from evoserver.local.execute import execute
from evoserver.local.leash import die_with_parent
from evoserver.local.product import EVOSERVER, Product
from evoserver.local.run import run
from evoserver.local.stopping import STOP_SIGNALS


def main(command_line: Sequence[str] | None = None, product: Product = EVOSERVER) -> int:
    """Do what the command line says; the exit code is 0 for a run that was asked to stop."""
    open_standard_streams()
    arguments = _parse(command_line)
    if arguments.die_with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())
    try:
        if arguments.action == "exec":
            return asyncio.run(execute(tuple(arguments.command)))
        asyncio.run(run(read_environment(), product))
    except LocalError as error:
        sys.stderr.write(f"evoserver: {error}\n")
        return 1
    except KeyboardInterrupt:  # before anything was started, or after everything was stopped
        return 0 if arguments.action == "run" else 128 + signal.SIGINT
    finally:
        for number in STOP_SIGNALS:  # one more of them must not change the exit code
            signal.signal(number, signal.SIG_IGN)
    return 0


def _parse(command_line: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evoserver.local", description="Evoserver on one machine.")
    parser.add_argument("--die-with-parent", action="store_true", help="stop when the process that started this dies")
    actions = parser.add_subparsers(dest="action", required=True, metavar="run | exec")
    actions.add_parser("run", help="start everything and keep it running")
    exec_parser = actions.add_parser("exec", help="run a command with fresh engines, and leave nothing")
    exec_parser.add_argument("command", nargs="+", metavar="COMMAND")
    return parser.parse_args(command_line)


if __name__ == "__main__":
    sys.exit(main())
