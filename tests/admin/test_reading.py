"""What an operator finds: lists, pages, links, the timeline."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client

from sessions.callers import Caller
from sessions.models import ApiToken, ClientSession
from tests.admin.asking import list_url, page_url, text_of
from tests.admin.conftest import allow
from tests.factories import (
    make_agent,
    make_cancelled,
    make_channel,
    make_running,
    make_task,
    make_worker,
    make_workflow,
    run_and_cancel,
    talk_and_cancel,
    tell,
    turn_and_complete,
)
from workflows import services
from workflows.admin.timeline import PAGE
from workflows.engine.journal import Step as EngineStep
from workflows.events import Kind
from workflows.models import (
    Agent,
    AgentVersion,
    Channel,
    Conversation,
    Event,
    Feedback,
    Step,
    Task,
    Thread,
    Todo,
    Worker,
    Workflow,
    WorkflowVersion,
)

HISTORY = [
    Task, Step, Event, Worker, ClientSession, Workflow, WorkflowVersion, Thread, AgentVersion, Channel, Conversation,
    Feedback, Todo,
]  # fmt: skip


@pytest.mark.parametrize("model", [*HISTORY, Agent, ApiToken])
def test_every_list_is_there(client: Client, model: type[Model]) -> None:
    text_of(client.get(list_url(model)))


@pytest.mark.parametrize("model", HISTORY)
def test_history_is_read_only(client: Client, caller: Caller, model: type[Model]) -> None:
    task, claim = make_running(caller, make_worker(), session=services.open_session(caller))
    make_workflow(caller)
    talk(caller)
    step = EngineStep(key="plan/1", kind="model", output={})
    services.append(task.pk, Kind.MODEL_COMPLETED, {}, write=services.Write(claim, 1), step=step)
    row = model._default_manager.order_by("-pk").first()
    assert row
    before = model._default_manager.count()
    assert client.get(f"{list_url(model)}add/").status_code == 403
    assert client.post(page_url(row), {"goal": "other"}).status_code == 403
    assert client.post(page_url(row).replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
    client.post(list_url(model), {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"})
    assert model._default_manager.count() == before


def talk(caller: Caller) -> Channel:
    """A channel with an answered turn, feedback on it, and a to-do."""
    channel = make_channel(caller)
    turn_and_complete(caller, channel)
    channel.refresh_from_db()
    services.give_feedback(channel, score=True, text=f"Quick {channel.name}")
    services.create_todo(channel.pk, "test", f"Rest {channel.name}")
    return channel


def test_a_channel_leads_to_its_conversations_turns_and_todos(client: Client, caller: Caller) -> None:
    channel = talk(caller)
    assert channel.name in text_of(client.get(f"{list_url(Channel)}?q={channel.name}"))
    page = text_of(client.get(page_url(channel)))
    conversation = channel.conversations.get()
    for model, shown in ((Conversation, conversation.topic), (Todo, f"Rest {channel.name}")):
        listed = f"{list_url(model)}?channel={channel.pk}"
        assert listed in page
        assert shown in text_of(client.get(listed))
    assert f"{list_url(Task)}?thread={conversation.thread_id}" in text_of(client.get(page_url(conversation)))
    assert f"Quick {channel.name}" in text_of(client.get(list_url(Feedback)))


def test_an_agent_leads_to_its_versions_and_conversations(client: Client, caller: Caller) -> None:
    agent = make_agent(caller, name=f"Expert {uuid.uuid4().hex}")
    turn = talk_and_cancel(caller, agent)
    assert agent.name in text_of(client.get(list_url(Agent)))
    page = text_of(client.get(page_url(agent)))
    assert page_url(agent.newest) in page
    conversations = f"{list_url(Thread)}?agent={agent.pk}"
    assert conversations in page
    assert str(turn.thread_id) in text_of(client.get(conversations))
    version = text_of(client.get(page_url(agent.newest)))
    assert page_url(agent) in version
    assert "Count the stars." in version


def test_a_workflow_leads_to_its_versions_and_runs_and_back(client: Client, caller: Caller) -> None:
    workflow = make_workflow(caller, name=f"Newsletter {uuid.uuid4().hex}")
    run = run_and_cancel(caller, workflow)
    assert workflow.name in text_of(client.get(list_url(Workflow)))
    page = text_of(client.get(page_url(workflow)))
    for row in (workflow.newest, workflow.thread):
        assert page_url(row) in page
    runs = f"{list_url(Task)}?thread={workflow.thread_id}"
    assert runs in page
    assert page_url(run).replace("/change/", "") in text_of(client.get(runs))
    page = text_of(client.get(page_url(run)))
    for row in (workflow, workflow.newest):
        assert page_url(row) in page
    assert "workflow_inputs" in text_of(client.get(page_url(workflow.newest)))
    assert page_url(workflow) in text_of(client.get(page_url(workflow.thread)))


def test_an_operator_sees_every_group(client: Client, caller: Caller, stranger: Caller) -> None:
    goals = [make_task(someone, f"See me {uuid.uuid4().hex}").goal for someone in (caller, stranger)]
    page = text_of(client.get(list_url(Task)))
    assert all(goal in page for goal in goals)


@pytest.mark.parametrize("model", [*HISTORY, Agent, ApiToken])
def test_staff_without_the_permission_see_nothing(staff: User, caller: Caller, model: type[Model]) -> None:
    task = make_task(caller)
    client = allow(staff)
    assert client.get(list_url(model)).status_code == 403
    assert client.get(page_url(task)).status_code == 403


def test_who_is_no_staff_is_sent_to_the_login(stranger: Caller) -> None:
    client = Client()
    client.force_login(stranger.user)
    assert client.get(list_url(Task)).status_code == 302


def test_a_task_links_to_what_belongs_to_it(client: Client, caller: Caller) -> None:
    session, worker = services.open_session(caller), make_worker()
    first = make_cancelled(caller)
    first.refresh_from_db()
    again = services.rerun(caller, first)
    claimed, _ = make_running(caller, worker, session=session)

    page = text_of(client.get(page_url(claimed)))
    assert page_url(session) in page
    assert page_url(worker) in page
    assert f"{list_url(Event)}?task={claimed.pk}" in page
    assert f"{list_url(Step)}?task={claimed.pk}" in page
    assert page_url(first) in text_of(client.get(page_url(again)))
    assert page_url(again) in text_of(client.get(page_url(first)))
    assert page_url(claimed) in text_of(client.get(page_url(worker)))
    assert str(claimed.pk)[:8] in text_of(client.get(f"{list_url(Event)}?task={claimed.pk}"))
    text_of(client.get(f"{list_url(Step)}?task={claimed.pk}"))
    assert claimed.goal in text_of(client.get(f"{list_url(Task)}?session={session.pk}"))


@pytest.mark.parametrize("term", ["task", "session", "goal"])
def test_a_task_is_found_by_its_ids_and_its_goal(client: Client, caller: Caller, term: str) -> None:
    session = services.open_session(caller)
    task = make_task(caller, f"Find the needle {uuid.uuid4().hex}", session=session)
    other = make_task(caller, f"Be hay {uuid.uuid4().hex}")
    asked = {"task": str(task.pk), "session": f" {session.pk}", "goal": task.goal.upper()}[term]
    page = text_of(client.get(list_url(Task), {"q": asked}))
    assert task.goal in page
    assert other.goal not in page


def test_events_are_found_by_ids_only(client: Client, caller: Caller) -> None:
    event = Event.objects.filter(task=make_cancelled(caller)).earliest("pk")
    assert page_url(event) in text_of(client.get(list_url(Event), {"q": str(event.task_id)}))
    assert "0 events" in text_of(client.get(list_url(Event), {"q": "anything"}))


def test_filters_narrow_the_list(client: Client, caller: Caller) -> None:
    task, _ = make_running(caller, make_worker())
    cancelled = make_cancelled(caller)
    page = text_of(client.get(list_url(Task), {"status__exact": "cancelled"}))
    assert page_url(cancelled) in page
    assert page_url(task) not in page
    page = text_of(client.get(list_url(Event), {"kind": Kind.TASK_CANCELLED, "task": cancelled.pk}))
    assert "1 event" in page
    assert "fresh" in text_of(client.get(list_url(Worker), {"lease": "fresh"}))


def test_the_timeline_is_paged_by_number(client: Client, caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    for number in range(1, 2 * PAGE + 50):
        tell(claim, number)

    def numbers(after: str) -> tuple[list[int], str]:
        page = client.get(page_url(task), {"after": after})
        return [moment.seq for moment in page.context["timeline"].moments], text_of(page)

    shown, page = numbers("")
    assert shown == list(range(1, PAGE + 1))
    assert "?after=100#timeline" in page
    assert "?after=151#timeline" in page, "the last page ends with the last event"
    assert "Previous" not in page
    shown, page = numbers("151")
    assert shown == list(range(152, 252))
    assert "?after=51#timeline" in page
    assert "Next" not in page
    for nonsense in ("x", "-1", "9" * 30):
        assert numbers(nonsense)[0][0] == 1


def test_json_is_indented_escaped_and_bounded(client: Client, caller: Caller) -> None:
    task, claim = make_running(caller, make_worker())
    tell(claim, 1, name="<script>alert(1)</script>")
    page = text_of(client.get(page_url(task)))
    assert "<script>alert(1)" not in page
    event = Event.objects.get(task=task, kind=Kind.MODEL_STARTED)
    page = text_of(client.get(page_url(event)))
    assert "{\n  &quot;name&quot;: &quot;&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page

    services.complete(task, {"long": "x" * 500_000}, services.Write(claim, 2))
    page = text_of(client.get(page_url(task)))
    assert len(page) < 100_000
    assert "more characters" in page


def test_the_admin_shows_no_secret(client: Client, caller: Caller) -> None:
    task, _ = make_running(caller, make_worker(), secrets={"openai_key": "sk-canary-admin"})
    stored = Task.objects.get(pk=task.pk).secrets
    for url in (page_url(task), list_url(Task)):
        page = text_of(client.get(url))
        assert "canary" not in page
        assert bytes(stored or b"").decode() not in page


def test_it_is_visible_what_retention_has_left(client: Client, caller: Caller, settings: Any) -> None:
    task, claim = make_running(caller, make_worker(), goal=f"Forget most {uuid.uuid4().hex}")
    services.append_texts(
        [services.TextPiece(services.Write(claim, number), {"call": "plan/1", "text": "x"}) for number in (1, 2, 3)]
    )
    services.complete(task, {"workflow_graph": {}}, services.Write(claim, 1))

    def shown() -> tuple[str, str]:
        return text_of(client.get(list_url(Task), {"q": task.goal})), text_of(client.get(page_url(task)))

    row, page = shown()
    assert ">all</td>" in row
    assert "every event is there" in page
    assert "as it came" in page

    settings.TEXT_RETENTION_SECONDS = 0
    while services.compact_texts():
        pass
    row, page = shown()
    task.refresh_from_db()
    assert task.compacted_at
    assert ">text compacted</td>" in row
    assert f"{task.compacted_at:%Y-%m-%d %H:%M:%S} UTC" in page

    settings.EVENT_RETENTION_SECONDS = 0.000001
    while services.prune_events():
        pass
    row, page = shown()
    assert ">after no. 5</td>" in row
    assert "Up to no. 5" in page
