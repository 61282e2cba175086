"""A program's output, line by line as it comes, for tools that run one."""

import asyncio
import codecs
import os
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from workflows.engine.tools import ToolFailed

PIECE_BYTES: Final = 4_096
GRACE_S: Final = 2.0
"""Between asking it to end and ending it."""


async def run_command(
    arguments: Sequence[str], *, folder: str | None = None, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[str, None]:
    """What the program writes, errors included. No shell reads the arguments.

    `environment` is all that it gets of one, besides `PATH`: the server's own holds its secrets. Raises `ToolFailed`
    if it cannot be started or ends with another status than 0. Who stops listening ends it, and what it started.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath), **(environment or {})}
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    except (OSError, ValueError):
        raise ToolFailed(f"The program {arguments[0]} cannot be started here.") from None
    assert process.stdout is not None, "it is a pipe"
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    try:
        while data := await process.stdout.read(PIECE_BYTES):
            if text := decode(data):
                yield text
        status = await process.wait()
    finally:
        await _end(process)
    if status:
        raise ToolFailed(f"The program {arguments[0]} ended with status {status}.")


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_S)
