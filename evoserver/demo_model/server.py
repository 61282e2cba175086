"""Running the demo model on a port."""

import argparse
import os
from collections.abc import Sequence
from typing import Final

import uvicorn

from evoserver.demo_model.app import DEFAULT_PACE, create_app

GRACE: Final = 1
"""Seconds that open streams get when the server is told to stop."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options, the same for `python -m evoserver.demo_model` and `manage.py demo_model`."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8101, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--pace",
        type=float,
        default=float(os.environ.get("DEMO_MODEL_PACE", DEFAULT_PACE)),
        help="seconds before each chunk, 0 for tests and benchmarks (default: DEMO_MODEL_PACE or %(default)s)",
    )


def serve(host: str, port: int, pace: float) -> None:
    """Listen until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        create_app(pace),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=GRACE,
    )
    uvicorn.Server(config).run()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m evoserver.demo_model", description="Serve the demo model.")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    serve(options.host, options.port, options.pace)
