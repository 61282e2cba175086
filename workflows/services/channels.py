"""Channels: opened, their turns taken, their conversations left and taken up again, their feedback kept.

A channel is locked before a thread and before the task that is submitted (see append.py), and never by who holds a
task: so turns of one channel wait for each other here, and the unique index behind it is never waited for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from sessions.callers import Caller
from workflows.engine.text import cut
from workflows.exceptions import Conflict, Invalid, NotFound
from workflows.models import ENDED, Agent, Channel, Conversation, Feedback, Task, Thread, Workflow
from workflows.services.submit import Submission, check_free, submit
from workflows.services.summaries import sum_up

TOPIC_CHARS: Final = 80
NO_TURN: Final = "There is no turn yet in this conversation that feedback could be about. Ask something first."


@dataclass(frozen=True)
class Partner:
    """What a channel talks to: an agent, a workflow, or else the to-do list."""

    agent: Agent | None = None
    workflow: Workflow | None = None

    def as_columns(self) -> dict[str, Any]:
        kinds = Channel.Partner
        kind = kinds.AGENT if self.agent else kinds.WORKFLOW if self.workflow else kinds.TODO
        return {"partner": kind, "agent": self.agent, "workflow": self.workflow}


@transaction.atomic
def open_channel(
    caller: Caller,
    name: str,
    *,
    partner: Partner | None = None,
    context: Mapping[str, Any] | None = None,
    show_agent_traces: bool | None = None,
) -> tuple[Channel, bool]:
    """The channel of that name, and whether it is new. What is None stays as it is, or as channels begin.

    Another partner begins another conversation. Raises Conflict where a turn is under way that would be amidst it.
    """
    new = {**(partner or Partner()).as_columns(), "owner": caller.user}
    channel, is_new = Channel.objects.get_or_create(group=caller.group, name=name, defaults=new)
    held = _held(channel)
    changes: dict[str, Any] = {}
    if context is not None:
        changes["context"] = dict(context)
    if show_agent_traces is not None:
        changes["show_agent_traces"] = show_agent_traces
    if partner and partner.as_columns() != _columns_of(held):
        check_free(held)
        changes |= {**partner.as_columns(), "active": None}
    if any(getattr(held, column) != value for column, value in changes.items()):
        _change(held, **changes)
    return held, is_new


@transaction.atomic
def take_channel_turn(caller: Caller, channel: Channel, submission: Submission) -> Task:
    """The next turn of the channel's conversation; the first one begins it. Raises Conflict while a turn is under way,
    and where the channel has got another partner than the one that the submission is for.

    With an idempotency key that was used before it is the turn of then.
    """
    held = _held(channel)
    if _columns_of(held) != _columns_of(channel):
        raise Conflict(f"User {channel.name} has just begun to talk to {held.partner_name}. Ask again.")
    active = held.active
    conversation = active or _begun(caller, held, submission.goal)
    task = submit(caller, replace(submission, thread=conversation.thread, channel=held))
    if task.thread_id == conversation.thread_id:
        Conversation.objects.filter(pk=conversation.pk).update(updated_at=task.created_at)
    elif active is None:
        # Nothing was submitted, so nothing is to begin.
        transaction.set_rollback(True)
    return task


@transaction.atomic
def leave_conversation(caller: Caller, channel: Channel, llm_config: Mapping[str, Any]) -> None:
    """The next turn begins a new conversation; a model sums the former one up. Raises Conflict while a turn is under
    way. Again is harmless."""
    held = _held(channel)
    check_free(held)
    if held.active:
        sum_up(caller, held.active, llm_config)
        _change(held, active=None)


@transaction.atomic
def activate_conversation(caller: Caller, channel: Channel, number: int, llm_config: Mapping[str, Any]) -> Conversation:
    """The next turn goes on with this conversation. Raises NotFound, and Conflict likewise."""
    held = _held(channel)
    check_free(held)
    conversation = held.conversations.filter(number=number).first()
    if conversation is None:
        raise NotFound(f"Conversation {number} not found for user: {channel.name}")
    if held.active_id != conversation.pk:
        if held.active:
            sum_up(caller, held.active, llm_config)
        _change(held, active=conversation)
    return conversation


@transaction.atomic
def give_feedback(channel: Channel, *, score: bool | float | None, text: str) -> Feedback:
    """On the newest turn of the active conversation that has ended. Raises Invalid where there is none."""
    turns = Task.objects.filter(thread__conversation=channel.active_id, status__in=sorted(ENDED))
    turn = turns.order_by("-run_no").only("pk").first() if channel.active_id else None
    if turn is None:
        raise Invalid.at("body", "user_id", msg=NO_TURN)
    said = {"score": score, "text": text, "created_at": timezone.now()}
    return Feedback.objects.update_or_create(turn=turn, defaults=said)[0]


def _begun(caller: Caller, held: Channel, query: str) -> Conversation:
    thread = Thread.objects.create(group=caller.group, owner=caller.user)
    number = held.last_conversation + 1
    topic = cut(" ".join(query.split()), TOPIC_CHARS)
    conversation = Conversation.objects.create(channel=held, number=number, thread=thread, topic=topic)
    _change(held, active=conversation, last_conversation=number)
    return conversation


def _change(held: Channel, **columns: Any) -> None:
    for column, value in columns.items():
        setattr(held, column, value)
    held.updated_at = timezone.now()
    held.save(update_fields=[*columns, "updated_at"])


def _columns_of(channel: Channel) -> dict[str, Any]:
    return {"partner": channel.partner, "agent": channel.agent, "workflow": channel.workflow}


def _held(channel: Channel) -> Channel:
    rows = Channel.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("active__thread", "agent", "workflow").get(pk=channel.pk)
