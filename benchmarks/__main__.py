"""Brings engines of its own, which write to the disk as those of `make run` do, and runs `benchmarks.run` on them."""

import argparse
import asyncio
import os
import sys

from benchmarks.cores import choose_cores
from evoserver.local.errors import LocalError
from evoserver.local.execute import execute

NAMES = ("latency", "fanout", "idle", "appends", "submit", "diamond")


def main() -> int:
    arguments = _parse()
    cores = choose_cores()
    # What is started from here stays on the server's core; `benchmarks.run` moves itself to the other one.
    os.sched_setaffinity(0, {cores.server})
    command = [sys.executable, "-m", "benchmarks.run", *arguments.names, "--cores", str(cores)]
    if arguments.quick:
        command.append("--quick")
    if arguments.json:
        command += ["--json", arguments.json]
    try:
        return asyncio.run(execute(tuple(command), durable=True))
    except LocalError as error:
        sys.stderr.write(f"benchmarks: {error}\n")
        return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures Evoserver. Needs Linux.")
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="one short round of each, within a minute")
    parser.add_argument("--json", metavar="FILE", help="write all figures there, or to the output with -")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
