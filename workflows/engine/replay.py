"""What of a ledger a later run may take over."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from workflows.engine import keys


def kept(steps: Mapping[str, str], rejected: Collection[str], redone: Collection[str] = ()) -> set[str]:
    """The keys of the steps (their kinds by key) that stand, so that a run that begins with them goes on from there.

    Not those of calls whose last reply is among the `rejected` ones, nor of runs of nodes with a failed attempt:
    replayed, they could only fail again. Of `redone` nodes nothing stands, and nothing that judged by them.
    """
    spoilt = {keys.run_of_attempt(key) for key, kind in steps.items() if kind == keys.ATTEMPT}
    names = {keys.short(node) for node in redone}
    standing = {key for key in steps if not _stale(key, spoilt, names)}
    return standing - _hopeless(standing, rejected)


def _stale(key: str, spoilt: Collection[str], redone: Collection[str]) -> bool:
    parts = key.split("/")
    match parts[0]:
        case keys.REVIEW:
            return bool(redone)
        case keys.NODE | keys.STAGE:
            iteration, node, run = parts[1:4]
            if redone and (node in redone or iteration != "1"):
                return True
            # What an attempt left is not wanted; what the run gave in the end is.
            return len(parts) > 4 and f"{iteration}/{node}/{run}" in spoilt
    return False


def _hopeless(calls: Iterable[str], rejected: Collection[str]) -> set[str]:
    tries: dict[str, list[str]] = defaultdict(list)
    for key in calls:
        tries[key.rpartition("/")[0]].append(key)
    return {key for of_one in tries.values() if max(of_one, key=_number) in rejected for key in of_one}


def _number(key: str) -> int:
    last = key.rpartition("/")[2]
    return int(last) if last.isdigit() else 0
