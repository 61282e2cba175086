"""Approvals as this dialect has them: of all that a turn waits for, at once."""

from contextlib import suppress

from sessions.callers import Caller
from workflows import services
from workflows.engine.questions import Answer
from workflows.exceptions import Conflict
from workflows.models import Question, Task


def settle_approvals(turn: Task, said: Answer, caller: Caller) -> bool:
    """Answer each open approval of the turn. False if there are none; questions for input are not answered by this."""
    waiting = Question.objects.open().filter(task=turn, kind=Question.Kind.APPROVAL).order_by("created_at")
    settled = False
    for question in waiting:
        with suppress(Conflict):  # Somebody else was faster.
            services.answer(question, said, caller.user)
            settled = True
    return settled
