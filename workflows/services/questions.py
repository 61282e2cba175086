"""Asking people, and taking their answers.

A question is written with the event that tells it, under the claim of the task's worker. An answer is written under the
task's lock; if the task waits, it is queued again by that. The ledger of answers is the rows of the questions.
"""

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from workflows.engine import questions as asking
from workflows.engine.agents.tool_calls import arguments_told
from workflows.events import Kind
from workflows.exceptions import Conflict, Invalid
from workflows.models import Question, Status, Task
from workflows.models.question import SETTLED
from workflows.services.append import Write, append
from workflows.services.claim import requeue
from workflows.services.queue import enqueue, queued_anew
from workflows.services.standing import standing

BATCH = 200


@transaction.atomic
def ask(task: Task, key: str, question: asking.Question, event_key: str, write: Write) -> None:
    """Write a question, with the event that tells it. Raises StaleClaim."""
    row = Question(
        task=task,
        group_id=task.group_id,
        key=key,
        kind=question.kind,
        text=question.text,
        node=question.node,
        details={
            "stage": question.stage,
            **question.about,
            "arguments": question.arguments,
            "schema": dict(question.schema),
        },
        default=question.default.to_json(),
        deadline=timezone.now() + timedelta(seconds=settings.QUESTION_TIMEOUT_SECONDS),
    )
    data = {
        **standing(task.pk),
        **_about(row),
        "text": question.text,
        **_shown(row),
        "deadline": row.deadline.isoformat(timespec="seconds"),
    }
    # The same write may have arrived before; then the row is there as well.
    if append(task.pk, Kind.QUESTION_ASKED, data, write=write, key=event_key):
        row.save(force_insert=True)


@transaction.atomic
def wait(task_id: uuid.UUID, keys: Collection[str], write: Write) -> None:
    """Only answers take the task further: it gives up its worker. If one of these questions was answered meanwhile, it
    is queued again instead; if somebody asked for a pause, it is paused. Raises StaleClaim."""
    task = _locked(task_id)
    of_these = Question.objects.filter(task=task_id, key__in=keys)
    if task.pause_requested_at or of_these.filter(status__in=SETTLED).exists():
        requeue(task_id, reason="it was answered", claim_token=write.claim.token)
        return
    texts = list(of_these.open().order_by("created_at").values_list("text", flat=True))
    changes = {"waiting_since": timezone.now(), "current_state": _waiting_for(texts)[:500]}
    append(task_id, Kind.TASK_WAITING, {"questions": len(texts), **standing(task_id)}, write=write, changes=changes)


@transaction.atomic
def answer(question: Question, said: asking.Answer, by: User) -> Question:
    """Take a person's answer; the question as it is then.

    Raises Conflict if it was settled before, Invalid for arguments or a value that it does not take.
    """
    task = _locked(question.task_id)
    row = Question.objects.get(pk=question.pk)
    if row.status != Question.Status.OPEN:
        raise Conflict(_settled_sentence(row))
    problems = asking.answer_problems(row.kind, row.details["schema"], said)
    if problems:
        field = "arguments" if row.kind == Question.Kind.APPROVAL else "value"
        raise Invalid([{"loc": ["body", field], "msg": problem, "type": "value_error"} for problem in problems])
    row.answered_by = by
    _settle(task, row, Question.Status.ANSWERED, said, Kind.QUESTION_ANSWERED, by=by.get_username())
    return row


def answers_of(task_ids: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, str], asking.Answer]:
    """The answers that these tasks have got, by task and key."""
    rows = Question.objects.filter(task__in=task_ids, status__in=SETTLED).only("task_id", "key", "answer")
    return {(row.task_id, row.key): asking.Answer(**(row.answer or {})) for row in rows}


def expire_questions() -> None:
    """Take the default of questions that nobody has answered in time."""
    overdue = Question.objects.open().filter(deadline__lte=timezone.now()).order_by("deadline")
    for id, task_id in overdue.values_list("pk", "task_id")[:BATCH]:
        with transaction.atomic():
            task = _locked(task_id)
            row = Question.objects.get(pk=id)
            if row.status == Question.Status.OPEN:
                default = asking.Answer(**row.default)
                _settle(task, row, Question.Status.EXPIRED, default, Kind.QUESTION_EXPIRED)


def _settle(task: Task, row: Question, status: str, said: asking.Answer, kind: Kind, **more: Any) -> None:
    """Write the answer and tell it. A task that waits goes on; one that is paused stays so."""
    row.status, row.answer, row.settled_at = status, said.to_json(), timezone.now()
    row.save(update_fields=["status", "answer", "answered_by", "settled_at"])
    data = {**standing(task.pk), **_about(row), **_told(row, said), **more}
    append(task.pk, kind, data)
    if task.status == Status.WAITING:
        assert task.waiting_since
        now = timezone.now()
        append(
            task.pk,
            Kind.TASK_REQUEUED,
            {"reason": "it was answered", **standing(task.pk)},
            changes={
                "deadline": task.deadline + (now - task.waiting_since),
                **queued_anew(),
            },
        )
        enqueue(task.pk)


def _about(row: Question) -> dict[str, Any]:
    where = {name: row.details[name] for name in ("stage", "call", "node_run") if name in row.details}
    return {"question": str(row.pk), "kind": row.kind, **where, "node": row.node and row.node[:100]}


def _shown(row: Question) -> dict[str, Any]:
    """What of the details an event holds. The question itself has all of them."""
    details = row.details
    shown = {name: details[name] for name in ("tool", "tool_call_id", "side_effects", "interrupted") if name in details}
    if details["arguments"] is not None:
        shown["arguments"], is_cut = arguments_told(details["arguments"])
        shown |= {"truncated": True} if is_cut else {}
    if "enum" in details["schema"]:
        shown["choices"] = details["schema"]["enum"]
    return shown


def _told(row: Question, said: asking.Answer) -> dict[str, Any]:
    if row.kind == Question.Kind.INPUT:
        return {"value": said.value}
    edited = {} if said.arguments is None else {"arguments": arguments_told(said.arguments)[0]}
    return {"approved": said.approved, "reason": said.reason, **edited}


def _waiting_for(texts: list[str]) -> str:
    more = f" (and {len(texts) - 1} more)" if len(texts) > 1 else ""
    return f"Waiting for an answer{more}: {texts[0] if texts else ''}"


def _settled_sentence(row: Question) -> str:
    match row.status:
        case Question.Status.ANSWERED:
            assert row.answer is not None
            who = row.answered_by.get_username() if row.answered_by else "somebody"
            return f"{who} has answered this already: {said_in_words(row)}."
        case Question.Status.EXPIRED:
            return f"Nobody answered in time, so that the default was taken: {said_in_words(row)}."
    return "The task ended before this was answered."


def said_in_words(row: Question) -> str:
    """The answer of a settled question, for people."""
    said = asking.Answer(**(row.answer or {}))
    if row.kind == Question.Kind.INPUT:
        return "no answer" if said.value is None else f"{said.value!r}"[:200]
    if said.approved:
        return "approved" if said.arguments is None else "approved with other arguments"
    return f"rejected ({said.reason[:200]})" if said.reason else "rejected"


def _locked(task_id: uuid.UUID) -> Task:
    return Task.objects.select_for_update(no_key=True).defer("secrets").get(pk=task_id)
