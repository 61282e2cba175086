"""What a conversation was about, written by a model when it is left: a task of its own, and no turn."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models.fields.json import KT

from sessions.callers import Caller
from workflows.engine.text import cut
from workflows.models import Conversation, Job, Status, Task
from workflows.services.submit import Submission, submit

MOST_TURNS: Final = 50
MAX_CHARS: Final = 2_000
"""Of what was asked, and of what was answered, in one turn."""
TIMEOUT_S: Final = 120


def sum_up(caller: Caller, conversation: Conversation, llm_config: Mapping[str, Any]) -> None:
    """Have a model write its topic and summary, unless that was done since the last turn that was answered."""
    turns = Task.objects.filter(thread=conversation.thread_id, status=Status.COMPLETED).order_by("-run_no")
    count = turns.count()
    if count == conversation.summarised_turns:
        return
    conversation.summarised_turns = count
    conversation.save(update_fields=["summarised_turns"])
    said = [
        {"asked": cut(asked, MAX_CHARS), "answered": cut(answered, MAX_CHARS)}
        for asked, answered in reversed(turns.values_list("goal", KT("result__final_response"))[:MOST_TURNS])
    ]
    submit(
        caller,
        Submission(
            job=Job.SUMMARY,
            goal=f"Sum up conversation {conversation.number} of {conversation.channel.name}",
            timeout_seconds=TIMEOUT_S,
            params={"llm_config": dict(llm_config), "conversation": conversation.pk, "turns": said},
        ),
    )


def keep_summary(task: Task, result: Mapping[str, Any]) -> None:
    """Write down what the model said. Of two for one conversation the one that ends last counts."""
    kept = {"topic": result["topic"], "summary": result["summary"]}
    Conversation.objects.filter(pk=task.params["conversation"]).update(**kept)
