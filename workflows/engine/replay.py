"""What of a ledger a later run may take over."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from workflows.engine import keys


def kept(steps: Mapping[str, str], rejected: Collection[str], redone: Collection[str] = ()) -> set[str]:
    """The keys of the steps (their kinds by key) that stand, so that a run that begins with them goes on from there.

    Not those of calls whose last reply is among the `rejected` ones, nor of runs of nodes with a failed attempt:
    replayed, they could only fail again; what tools did for them stands. Of `redone` nodes nothing stands, and nothing
    that came after them.
    """
    spoilt = {keys.run_of_attempt(key) for key, kind in steps.items() if kind == keys.ATTEMPT}
    names = {keys.short(node) for node in redone}
    first = min((_iteration(key) for key in steps if _node(key) in names), default=None)
    standing = {
        key
        for key in steps
        if not _left_by_attempts(key, spoilt) and (first is None or not _follows(key, first, names))
    }
    return standing - _hopeless(standing, rejected)


def _left_by_attempts(key: str, spoilt: Collection[str]) -> bool:
    """What an attempt left is not wanted; what the run gave in the end is."""
    parts = key.split("/")
    return _node(key) is not None and len(parts) > 4 and "/".join(parts[1:4]) in spoilt


def _follows(key: str, first: int, redone: Collection[str]) -> bool:
    """Whether it may rest on one of the nodes, the first of which ran in that iteration."""
    iteration = _iteration(key)
    if iteration != first:
        return iteration > first
    return _node(key) is None or _node(key) in redone


def _node(key: str) -> str | None:
    parts = key.split("/")
    return parts[2] if parts[0] in (keys.NODE, keys.STAGE, keys.TOOL) else None


def _iteration(key: str) -> int:
    """0 for what is no part of an execution."""
    parts = key.split("/")
    return int(parts[1]) if parts[0] in (keys.NODE, keys.STAGE, keys.TOOL, keys.REVIEW) else 0


def _hopeless(calls: Collection[str], rejected: Collection[str]) -> set[str]:
    tries: dict[str, list[str]] = defaultdict(list)
    for key in calls:
        tries[key.rpartition("/")[0]].append(key)
    hopeless = {key for of_one in tries.values() if max(of_one, key=_number) in rejected for key in of_one}
    # What tools have done stands, and with it the replies that asked for it.
    worked = {_asking(key) for key in calls if key.startswith(f"{keys.TOOL}/")}
    last = {run: max(number for of, number in worked if of == run) for run, _ in worked}
    return {key for key in hopeless if _number(key) > last.get(_run(key), 0)}


def _asking(tool_call: str) -> tuple[str, int]:
    """Of the key of a tool call: the run, and the number of the model's call that asked for it."""
    return _run(tool_call), int(tool_call.split("/")[4])


def _run(key: str) -> str:
    """`<iteration>/<node>/<run>`."""
    return "/".join(key.split("/")[1:4])


def _number(key: str) -> int:
    last = key.rpartition("/")[2]
    return int(last) if last.isdigit() else 0
