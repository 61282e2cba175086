"""What must be true of a history. Each function judges one invariant and is pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from tests.history.history import CLOSING_FRAMES, Footprint, History, ModelCall, Reading
from tests.history.log import (
    Numbered,
    allowed_calls,
    by_stream,
    calls_by_stage,
    frame_of,
    shown,
    status_after,
    told_steps,
)
from tests.history.verdict import Verdict
from workflows.engine.llm.client import PROVIDER_CALLS_AT_ONCE
from workflows.events import SESSION_ENDINGS, TASK_ENDINGS

RESTING = {"threads": 8, "files": 12, "clients": 0, "database": 24, "redis": 10, "model": PROVIDER_CALLS_AT_ONCE}
"""How much more than at the start may be held at the end: what pools keep for the next request. Clients: none. Idle
connections to the model are closed by the next call."""
POOL_THREADS = 100
"""Celery's pool of threads grows to this, and stays."""
ANSWERS = frozenset({200, 201, 204, 409, 502, 503, 504})
"""What the checker's requests may be answered: 409 is a task that had ended, 502 and 504 failed generations."""


def judge(history: History) -> list[Verdict]:
    """All invariants, each once."""
    return [invariant(history) for invariant in INVARIANTS]


def nothing_lost(history: History) -> Verdict:
    """Every reader got every row of its stream that its dialect shows."""
    verdict = Verdict("nothing lost")
    for reading, rows in _beside_rows(history):
        got = {told.id for told in reading.told}
        missing = [id for id in rows if id not in got]
        verdict.check(not missing, f"{_name(reading)} never got {_short(missing)} of {len(rows)}")
    return verdict


def nothing_repeated(history: History) -> Verdict:
    verdict = Verdict("nothing repeated")
    for reading in history.readings:
        twice = [id for id, times in Counter(_ids(reading)).items() if times > 1]
        verdict.check(not twice, f"{_name(reading)} got {_short(twice)} more than once")
    return verdict


def nothing_reordered(history: History) -> Verdict:
    verdict = Verdict("nothing reordered")
    for reading in history.readings:
        falls = [f"{after} after {before}" for before, after in pairwise(_ids(reading)) if after < before]
        verdict.check(not falls, f"{_name(reading)} got {falls[:3]}")
    return verdict


def told_as_written(history: History) -> Verdict:
    """Every frame is a row, with the row's kind and data; nobody was sent back to the beginning."""
    verdict = Verdict("told as written")
    for reading, rows in _beside_rows(history):
        wrong = [told for told in reading.told if told.id not in rows]
        if reading.stream.shows_data:
            frames = {id: frame_of(reading.stream, row) for id, row in rows.items()}
            wrong += [told for told in reading.told if told.id in rows and frames[told.id] != (told.name, told.digest)]
        verdict.check(not wrong, f"{_name(reading)} was told {wrong[:1]}, which is no row")
    return verdict


def streams_ended(history: History) -> Verdict:
    """Every reader reached the one closing frame of its stream, and nothing came after it. A conversation's stream has
    one for each turn."""
    verdict = Verdict("streams ended")
    for reading in history.readings:
        closing = [place for place, told in enumerate(reading.told) if told.name in CLOSING_FRAMES]
        ends = closing[-1:] if reading.stream.kind == "thread" else closing
        holds = reading.finished and ends == [len(reading.told) - 1]
        verdict.check(holds, f"{_name(reading)}: finished: {reading.finished}, closing frames at {closing}")
    return verdict


def numbered_without_gaps(history: History) -> Verdict:
    """The events of a task and of a session, and the turns of a conversation."""
    verdict = Verdict("numbered without gaps")
    last = {task.id: task.last_seq for task in history.tasks}
    for (kind, id), rows in by_stream(history.rows).items():
        numbers = [*dict.fromkeys(row.run_no or 0 for row in rows.values())] if kind == "thread" else list(rows)
        holds = numbers == list(range(1, len(numbers) + 1)) and last.get(id, len(numbers)) == len(numbers)
        verdict.check(holds, f"{kind} {id}: {_short(numbers)}, last_seq {last.get(id)}")
    return verdict


def ended_once(history: History) -> Verdict:
    """Every task has one closing event, its last, and the status that it means. A session has at most one, its last."""
    verdict = Verdict("ended once")
    streams = by_stream(history.rows)
    for task in history.tasks:
        kinds = [row.kind for row in streams.get(("task", task.id), {}).values()]
        endings = [kind for kind in kinds if kind in TASK_ENDINGS]
        holds = endings == kinds[-1:] and len(endings) == 1 and status_after(kinds) == task.status
        verdict.check(holds, f"task {task.id} is {task.status}; its closing events: {endings}; its last: {kinds[-1:]}")
    for (stream, id), rows in streams.items():
        if stream == "session":
            early = [row.kind for row in list(rows.values())[:-1] if row.kind in SESSION_ENDINGS]
            verdict.check(not early, f"session {id} goes on after its end")
    return verdict


def status_not_behind(history: History) -> Verdict:
    """Who had received event `seq` and asked for the task saw that event or a later one, and the status it means."""
    verdict = Verdict("status not behind")
    streams = by_stream(history.rows)
    for seen in history.statuses:
        rows = streams.get(("task", seen.task_id), {})
        meant = status_after(row.kind for seq, row in rows.items() if seq <= seen.last_seq)
        verdict.check(seen.last_seq >= seen.seq and seen.status == meant, f"{seen}, but its events mean {meant}")
    return verdict


def writes_kept(history: History) -> Verdict:
    """What was acknowledged is there once; what was rolled back or refused is not."""
    verdict = Verdict("writes kept")
    there = Counter((row.task_id, row.marker) for row in history.rows if row.marker)
    for intent in history.intents:
        times = there[intent.task_id, intent.marker]
        verdict.check(times == (intent.outcome == "written"), f"{intent}, but it is there {times} times")
    return verdict


def ledger_told(history: History) -> Verdict:
    """Every settled step was told by one event, and every such event has its step."""
    verdict = Verdict("ledger told")
    streams = by_stream(history.rows)
    for task in history.tasks:
        told = told_steps(streams.get(("task", task.id), {}).values())
        verdict.check(sorted(told) == sorted(task.settled), f"task {task.id} settled {task.settled}, told {told}")
    return verdict


def settled_calls_were_made(history: History) -> Verdict:
    """For each settled step the model finished at least one call."""
    verdict = Verdict("settled calls were made")
    calls = _calls(history.model_calls)
    for task in history.tasks:
        for stage, settled in calls_by_stage(task.settled).items():
            finished = sum(call.finished > 0 for call in calls[task.goal, stage])
            holds = finished >= len(settled)
            verdict.check(holds, f"task {task.id}: {settled} are settled, but {finished} calls finished")
    return verdict


def no_settled_call_again(history: History) -> Verdict:
    """No call was made again whose answer was committed before.

    The model's counters do not know the calls' names, so the largest counts are held against the largest allowances.
    """
    verdict = Verdict("no settled call again")
    calls = _calls(history.model_calls)
    streams = by_stream(history.rows)
    for task in history.tasks:
        for stage, allowed in allowed_calls(streams.get(("task", task.id), {}).values()).items():
            made = sorted((call.started for call in calls[task.goal, stage]), reverse=True)
            holds = len(made) <= len(allowed) and all(m <= a for m, a in zip(made, allowed, strict=False))
            verdict.check(holds, f"task {task.id}: calls for {stage} were made {made} times, allowed {allowed}")
    return verdict


def idempotent(history: History) -> Verdict:
    """However often a request was sent under one key, it made one task."""
    verdict = Verdict("one task per idempotency key")
    for asked in history.submissions:
        holds = len(set(asked.answered)) <= 1 and asked.stored == 1
        verdict.check(holds, f"key {asked.key}: answered {set(asked.answered)}, {asked.stored} stored")
    return verdict


def answers_settled(history: History) -> Verdict:
    """No request met a defect; a 503 said when to try again."""
    verdict = Verdict("answers settled")
    for answer in history.answers:
        verdict.check(answer.status in ANSWERS and answer.shaped, str(answer))
    return verdict


def no_deadlock(history: History) -> Verdict:
    """The order in which rows are locked is the same everywhere."""
    verdict = Verdict("no deadlock")
    verdict.check(not history.deadlocks, f"PostgreSQL's log tells of {history.deadlocks}")
    return verdict


def nothing_leaked(history: History) -> Verdict:
    """At the quiet end no process holds more than pools may keep, and what was stopped is gone."""
    verdict = Verdict("nothing leaked")
    for held in history.after:
        for name, more in RESTING.items():
            count, limit = getattr(held, name), getattr(history.before[_role(held)], name) + more
            if (name, _role(held)) == ("threads", "worker"):
                limit += POOL_THREADS
            verdict.check(count <= limit, f"{held.process} holds {count} {name}, at most {limit} were expected")
    verdict.check(not history.left_behind, f"left behind: {list(history.left_behind)}")
    return verdict


INVARIANTS: Sequence[Callable[[History], Verdict]] = (
    nothing_lost,
    nothing_repeated,
    nothing_reordered,
    told_as_written,
    streams_ended,
    numbered_without_gaps,
    ended_once,
    status_not_behind,
    writes_kept,
    ledger_told,
    settled_calls_were_made,
    no_settled_call_again,
    idempotent,
    answers_settled,
    no_deadlock,
    nothing_leaked,
)


def _beside_rows(history: History) -> Iterator[tuple[Reading, Numbered]]:
    """Each reading with the rows that its dialect shows."""
    streams = by_stream(history.rows)
    for reading in history.readings:
        yield reading, shown(reading.stream, streams.get((reading.stream.kind, reading.stream.id), {}))


def _ids(reading: Reading) -> list[int]:
    return [told.id for told in reading.told if told.id is not None]


def _calls(calls: Iterable[ModelCall]) -> dict[tuple[str, str], list[ModelCall]]:
    sorted_out: dict[tuple[str, str], list[ModelCall]] = defaultdict(list)
    for call in calls:
        sorted_out[call.goal, call.stage].append(call)
    return sorted_out


def _role(held: Footprint) -> str:
    return held.process.partition("-")[0]


def _name(reading: Reading) -> str:
    return f"{reading.reader} of {reading.stream.path} ({reading.way})"


def _short(numbers: Sequence[int]) -> str:
    return f"{list(numbers[:8])}{' …' if len(numbers) > 8 else ''}"
