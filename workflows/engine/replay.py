"""What of a ledger a later run may take over."""

from collections import defaultdict
from collections.abc import Collection, Iterable


def hopeless(keys: Iterable[str], rejected: Collection[str]) -> set[str]:
    """The calls that ended with a rejected reply: replayed, they could only fail again.

    `keys` are a ledger's, of which calls end in the number of the try; `rejected` are those whose reply was not valid.
    """
    tries: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        tries[key.rpartition("/")[0]].append(key)
    return {key for of_one_call in tries.values() if max(of_one_call, key=_number) in rejected for key in of_one_call}


def _number(key: str) -> int:
    last = key.rpartition("/")[2]
    return int(last) if last.isdigit() else 0
