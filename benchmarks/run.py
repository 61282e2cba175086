"""Runs the benchmarks on engines that are there; `python -m benchmarks` brings them."""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.appends import appends
from benchmarks.cores import Cores
from benchmarks.diamond import diamond
from benchmarks.fanout import fanout
from benchmarks.figures import FULL, QUICK, Effort, Figures, Prepare
from benchmarks.idle import idle
from benchmarks.latency import latency
from benchmarks.machine import describe
from benchmarks.product import prepare_database
from benchmarks.report import as_json, as_table
from benchmarks.submit import submit

BENCHMARKS: Mapping[str, Prepare] = {
    "latency": latency,
    "fanout": fanout,
    "idle": idle,
    "appends": appends,
    "submit": submit,
    "diamond": diamond,
}


def main() -> None:
    arguments = _parse()
    cores: Cores = arguments.cores
    os.sched_setaffinity(0, {cores.generator})
    effort = QUICK if arguments.quick else FULL
    prepare_database()
    started = time.monotonic()
    results: dict[str, Any] = {"machine": describe(cores), "effort": effort._asdict(), "benchmarks": {}}
    for name in arguments.names or BENCHMARKS:
        rounds = _measure(BENCHMARKS[name], effort, cores)
        results["benchmarks"][name] = as_json(rounds)
        print(as_table(name, rounds), end="\n\n", file=sys.stderr, flush=True)
    results["seconds"] = round(time.monotonic() - started)
    if arguments.json:
        text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
        if arguments.json == "-":
            sys.stdout.write(text)
        else:
            Path(arguments.json).write_text(text)


def _measure(prepare: Prepare, effort: Effort, cores: Cores) -> list[Figures]:
    with prepare(effort, cores) as measure:
        return [measure() for _ in range(effort.rounds)]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--cores", type=Cores.parse, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
