"""Keeps the process of an MCP server: when it ends, or when whoever asked for it is gone, nothing of it stays behind.

    python -I keeper.py LIFELINE COMMAND [ARGUMENT …]

LIFELINE is the reading end of a pipe that only the asker holds open: it closes even if the asker is killed. The
command inherits everything else. A script of its own, so that starting it loads nothing of the server.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Final

import psutil

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
ROUNDS: Final = 100
ROUND_S: Final = 0.02
CLEAR_ROUNDS: Final = 3

# Looked up before any fork: after one, a child may not wait for the loader's lock.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def main() -> int:
    lifeline, command = int(sys.argv[1]), sys.argv[2:]
    if _prctl:
        # What the server leaves behind, in whatever session, becomes ours to end.
        _prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        child = subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_keeper)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    _let_go_of_streams()
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()
    status = child.wait()
    _end_all()
    return status if status >= 0 else 128 - status


def _die_with_keeper() -> None:
    if _prctl:
        _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _let_go_of_streams() -> None:
    """The server's streams are to end when the server ends them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)


def _watch(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    _end_all()
    os._exit(1)


def _end_all() -> None:
    """Again and again: a process may start another while it is being ended, and one that changes its parent while they
    are counted is not seen."""
    me, clear = psutil.Process(), 0
    for _ in range(ROUNDS):
        left = [process for process in me.children(recursive=True) if _is_alive(process)]
        _bury()
        clear = 0 if left else clear + 1
        if clear == CLEAR_ROUNDS:
            return
        for process in left:
            try:
                process.kill()
            except psutil.Error:
                continue
        time.sleep(ROUND_S)


def _bury() -> None:
    """What has ended stays as a zombie until somebody asks for its status."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


if __name__ == "__main__":
    sys.exit(main())
