"""Ties processes to their parents, where the kernel can: Linux. Elsewhere these do nothing.

Source: prctl(2). A death signal is cleared by a change of user and fires when the parent's *thread* ends, so it is
set after dropping the user, and children are started from the main thread.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

# Looked up before any fork: after one, a child of a process with threads may not wait for the loader's lock.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def die_with_parent(death_signal: signal.Signals, parent: int) -> None:
    """Have the kernel send this process `death_signal` when `parent` dies, or end now if it is dead already."""
    if _prctl is None:
        return
    _prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none escapes."""
    if _prctl is not None:
        _prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
