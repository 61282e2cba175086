"""The report of a run, as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tests.history.history import History
from tests.history.verdict import Verdict


def report(
    history: History, verdicts: Sequence[Verdict], *, seed: int, durations: Mapping[str, float], faults: Sequence[str]
) -> dict[str, Any]:
    """What was run, how large it was, and each invariant: looked at how often, broken how often, where."""
    return {
        "seed": seed,
        "holds": not any(verdict.broken for verdict in verdicts),
        "seconds": {name: round(seconds, 1) for name, seconds in durations.items()},
        "faults": list(faults),
        "counts": {
            "tasks": len(history.tasks),
            "statuses": dict(Counter(task.status for task in history.tasks)),
            "events": len(history.rows),
            "takeovers": sum(row.kind == "task.requeued" for row in history.rows),
            "steps": sum(len(task.settled) for task in history.tasks),
            "model_calls": sum(call.started for call in history.model_calls),
            "readings": len(history.readings),
            "ways": dict(Counter(reading.way for reading in history.readings)),
            "connections": sum(reading.connections for reading in history.readings),
            "frames": sum(len(reading.told) for reading in history.readings),
            "writes": dict(Counter(intent.outcome for intent in history.intents)),
            "answers": dict(Counter(f"{answer.request} {answer.status}" for answer in history.answers)),
        },
        "footprints": {
            "before": {role: asdict(held) for role, held in history.before.items()},
            "after": [asdict(held) for held in history.after],
        },
        "invariants": [asdict(verdict) for verdict in verdicts],
    }
