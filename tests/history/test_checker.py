"""The judge sees what is broken: each invariant is broken on purpose, in a history that holds otherwise."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.history.conversations import joined
from tests.history.history import (
    Answer,
    Footprint,
    History,
    Intent,
    ModelCall,
    Reading,
    Row,
    StatusSeen,
    Stream,
    Submission,
    TaskRow,
    Told,
)
from tests.history.judge import INVARIANTS, judge
from tests.history.rows import node_step
from tests.history.wire import number_of

TASK, SESSION, THREAD = "task-1", "session-1", "thread-1"
KINDS = ("task.submitted", "task.started", "model.started", "model.completed", "task.requeued", "task.started")
AT_REST = Footprint("web-1", threads=10, files=20, clients=0, database=3, redis=2, model=0)


def turns() -> list[Row]:
    """A conversation of two turns, each with two events that AgentArea shows and, first, one that it does not."""
    shown = {"agent.started": "WorkflowStarted", "task.completed": "WorkflowCompleted"}
    told: list[Row] = []
    for run in (1, 2):
        for seq, kind in enumerate(("task.submitted", *shown), start=1):
            frame = (shown[kind], f"{run}-{seq}") if kind in shown else None
            told.append(Row(f"turn-{run}", seq, None, None, kind, thread_id=THREAD, run_no=run, frame=frame))
    return told


def whole() -> History:
    """One task in a session: claimed, one call settled, taken over, completed; read by two readers. And a conversation,
    read as a stream, as pages, and as pages with what came live after them."""
    calls = {"model.started": "plan/1", "model.completed": "plan/1"}
    kinds = (*KINDS, "task.completed")
    rows = [
        Row(TASK, seq, SESSION, seq, kind, f"digest {seq}", calls.get(kind), "mark" if seq == 2 else None)
        for seq, kind in enumerate(kinds, start=1)
    ]
    closing = Row(None, None, SESSION, 8, "session.closed", "digest 8")
    native = Reading("a", Stream("task", TASK, native=True), finished=True)
    native.told = [Told(row.seq, row.kind, row.digest) for row in rows]
    session = Reading("b", Stream("session", SESSION), finished=True)
    shown = ((1, "task_started"), (2, "task_processing"), (5, "task_processing"), (6, "task_processing"))
    session.told = [Told(id, name) for id, name in (*shown, (7, "task_completed"), (8, "session_closed"))]
    said = [Told(number_of(row.frame[1]), *row.frame) for row in turns() if row.frame]
    conversation = Stream("thread", THREAD, agent="agent-1")
    talks = [
        Reading("c", conversation, told=[*said], finished=True),
        Reading("d", conversation, "pages", told=[*said], finished=True),
        Reading("e", conversation, "pages, then live", told=joined(said[:1], said[:3], said[2:]), finished=True),
    ]
    return History(
        rows=[*rows, closing, *turns()],
        tasks=[
            TaskRow(TASK, "a goal", "completed", 7, ("plan/1",)),
            *(TaskRow(f"turn-{run}", "a question", "completed", 3) for run in (1, 2)),
        ],
        readings=[native, session, *talks],
        statuses=[StatusSeen(TASK, 2, "queued", 5), StatusSeen(TASK, 7, "completed", 7)],
        intents=[Intent(TASK, "mark", "written"), Intent(TASK, "other", "rolled back")],
        submissions=[Submission("key", (TASK, TASK, TASK), 1)],
        answers=[Answer("POST", 200), Answer("GET", 503)],
        model_calls=[ModelCall("a goal", "plan", "d1", started=1, finished=1)],
        before={"web": AT_REST},
        after=[AT_REST],
    )


def told(history: History, reader: int = 0) -> list[Told]:
    return history.readings[reader].told


def lose_a_frame(history: History) -> None:
    del told(history)[3]


def lose_a_frame_of_a_session(history: History) -> None:
    del told(history, 1)[2]


def repeat_a_frame(history: History) -> None:
    told(history).insert(3, told(history)[2])


def swap_two_frames(history: History) -> None:
    told(history)[2], told(history)[3] = told(history)[3], told(history)[2]


def invent_a_frame(history: History) -> None:
    told(history).insert(6, Told(99, "task.progress"))


def change_a_frame(history: History) -> None:
    told(history)[3] = replace(told(history)[3], digest="another")


def reset_a_reader(history: History) -> None:
    told(history).insert(0, Told(None, "reset"))


def show_what_is_hidden(history: History) -> None:
    told(history, 1).insert(2, Told(3, "task_progress"))


def leave_a_stream_open(history: History) -> None:
    history.readings[0].finished = False


def tell_after_the_end(history: History) -> None:
    told(history).insert(5, told(history).pop())


def leave_a_gap(history: History) -> None:
    rows(history)[2] = replace(rows(history)[2], seq=99)


def forget_the_last_number(history: History) -> None:
    history.tasks = [replace(history.tasks[0], last_seq=6)]


def end_twice(history: History) -> None:
    rows(history)[4] = replace(rows(history)[4], kind="task.cancelled")


def never_end(history: History) -> None:
    del rows(history)[6]


def disagree_with_the_status(history: History) -> None:
    history.tasks = [replace(history.tasks[0], status="failed")]


def go_on_after_the_session(history: History) -> None:
    rows(history)[7] = replace(rows(history)[7], session_seq=7)
    rows(history)[6] = replace(rows(history)[6], session_seq=8)


def be_behind(history: History) -> None:
    history.statuses = [StatusSeen(TASK, 7, "running", 6)]


def say_another_status(history: History) -> None:
    history.statuses = [StatusSeen(TASK, 2, "running", 5)]


def lose_a_write(history: History) -> None:
    rows(history)[1] = replace(rows(history)[1], marker=None)


def write_twice(history: History) -> None:
    rows(history)[2] = replace(rows(history)[2], marker="mark")


def keep_what_was_rolled_back(history: History) -> None:
    rows(history)[2] = replace(rows(history)[2], marker="other")


def settle_in_silence(history: History) -> None:
    history.tasks = [replace(history.tasks[0], settled=("plan/1", "agents/a/1"))]


def settle_without_a_call(history: History) -> None:
    history.model_calls = [ModelCall("a goal", "plan", "d1", started=1, finished=0)]


def call_again(history: History) -> None:
    """Two claims, but the second began after the answer was committed."""
    history.model_calls = [ModelCall("a goal", "plan", "d1", started=2, finished=2)]


def call_for_no_step(history: History) -> None:
    history.model_calls = [*history.model_calls, ModelCall("a goal", "plan", "d2", started=1, finished=1)]


def make_two_tasks(history: History) -> None:
    history.submissions = [Submission("key", (TASK, "task-2"), 2)]


def make_a_task_unasked(history: History) -> None:
    history.submissions = [Submission("key", (TASK,), 2)]


def answer_by_a_defect(history: History) -> None:
    history.answers = [Answer("POST", 500)]


def refuse_without_saying_when(history: History) -> None:
    history.answers = [Answer("POST", 503, shaped=False)]


def deadlock(history: History) -> None:
    history.deadlocks = 1


def keep_a_connection(history: History) -> None:
    history.after = [replace(AT_REST, clients=1)]


def keep_files(history: History) -> None:
    history.after = [replace(AT_REST, files=50)]


def keep_threads(history: History) -> None:
    history.after = [replace(AT_REST, threads=30)]


def leave_a_process(history: History) -> None:
    history.left_behind = ["4711 python"]


def lose_at_the_seam(history: History) -> None:
    """The pages end with the second event, and the stream of what is new begins with the fourth."""
    said = told(history, 2)
    history.readings[4].told = joined(said[:1], said[:2], said[3:])


def repeat_at_the_seam(history: History) -> None:
    """The second event was there before the stream of what is new, which tells it nevertheless."""
    said = told(history, 2)
    history.readings[4].told = joined(said[:2], said[:3], said[1:])


def turn_pages_in_another_order(history: History) -> None:
    """A turn that was cancelled while it waited stood on a page before the end of the one before it."""
    told(history, 3)[1], told(history, 3)[2] = told(history, 3)[2], told(history, 3)[1]


def put_other_words_on_a_page(history: History) -> None:
    told(history, 3)[1] = replace(told(history, 3)[1], digest="another")


def leave_a_conversation_between_turns(history: History) -> None:
    del told(history, 2)[3]


def skip_a_turn(history: History) -> None:
    history.rows = [replace(row, run_no=3) if row.run_no == 2 else row for row in history.rows]


def rows(history: History) -> list[Row]:
    assert isinstance(history.rows, list)
    return history.rows


BREAKS: list[tuple[Callable[[History], None], str]] = [
    (lose_a_frame, "nothing lost"),
    (lose_a_frame_of_a_session, "nothing lost"),
    (repeat_a_frame, "nothing repeated"),
    (swap_two_frames, "nothing reordered"),
    (invent_a_frame, "told as written"),
    (change_a_frame, "told as written"),
    (reset_a_reader, "told as written"),
    (show_what_is_hidden, "told as written"),
    (lose_at_the_seam, "nothing lost"),
    (repeat_at_the_seam, "nothing repeated"),
    (turn_pages_in_another_order, "nothing reordered"),
    (put_other_words_on_a_page, "told as written"),
    (leave_a_conversation_between_turns, "streams ended"),
    (skip_a_turn, "numbered without gaps"),
    (leave_a_stream_open, "streams ended"),
    (tell_after_the_end, "streams ended"),
    (leave_a_gap, "numbered without gaps"),
    (forget_the_last_number, "numbered without gaps"),
    (end_twice, "ended once"),
    (never_end, "ended once"),
    (disagree_with_the_status, "ended once"),
    (go_on_after_the_session, "ended once"),
    (be_behind, "status not behind"),
    (say_another_status, "status not behind"),
    (lose_a_write, "writes kept"),
    (write_twice, "writes kept"),
    (keep_what_was_rolled_back, "writes kept"),
    (settle_in_silence, "ledger told"),
    (settle_without_a_call, "settled calls were made"),
    (call_again, "no settled call again"),
    (call_for_no_step, "no settled call again"),
    (make_two_tasks, "one task per idempotency key"),
    (make_a_task_unasked, "one task per idempotency key"),
    (answer_by_a_defect, "answers settled"),
    (refuse_without_saying_when, "answers settled"),
    (deadlock, "no deadlock"),
    (keep_a_connection, "nothing leaked"),
    (keep_files, "nothing leaked"),
    (keep_threads, "nothing leaked"),
    (leave_a_process, "nothing leaked"),
]


def broken(history: History) -> set[str]:
    return {verdict.invariant for verdict in judge(history) if verdict.broken}


def test_a_whole_history_holds_and_every_invariant_was_looked_at() -> None:
    verdicts = judge(whole())
    assert not broken(whole()), [verdict for verdict in verdicts if verdict.broken]
    assert all(verdict.checked for verdict in verdicts)


@pytest.mark.parametrize(("harm", "invariant"), BREAKS, ids=[harm.__name__ for harm, _ in BREAKS])
def test_what_is_broken_is_seen(harm: Callable[[History], None], invariant: str) -> None:
    history = whole()
    harm(history)
    assert invariant in broken(history)


def test_every_invariant_is_broken_by_some_test() -> None:
    assert {invariant for _, invariant in BREAKS} == {judged(History()).invariant for judged in INVARIANTS}


NODE = {"node_run": "node/1/collect/1", "attempt": 2}


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("node.finished", "node/1/collect/1"),
        ("node.retried", "node/1/collect/1/attempt/2"),
        ("node.failed", "node/1/collect/1/attempt/2"),
    ],
)
def test_what_a_node_settles_is_told_once(kind: str, key: str) -> None:
    history = whole()
    history.rows = [*history.rows[:4], replace(history.rows[4], kind=kind, node_step=node_step(kind, NODE))]
    history.tasks = [replace(history.tasks[0], settled=("plan/1", key))]
    assert "ledger told" not in broken(history)
    history.tasks = [replace(history.tasks[0], settled=("plan/1",))]
    assert "ledger told" in broken(history)
