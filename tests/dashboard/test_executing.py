"""Workflows on the pages, as HTTP: the form for their inputs, their lists, pausing and running again."""

import uuid
from typing import Any

import pytest

from sessions.callers import Caller
from tests.dashboard.pages import Pages
from tests.dashboard.test_pages import foreign_parts
from tests.engine.graphs import graph_of
from tests.engine.scripted import parameter, sub_task
from tests.factories import make_cancelled, make_running, make_worker, make_workflow
from tests.http.asking import MODEL, unique_goal, wait_for_status
from workflows import services
from workflows.models import Job, Status, Task


def generated(caller: Caller, graph: dict[str, Any]) -> Task:
    """A generation that made this graph."""
    task, claim = make_running(caller, make_worker(), goal=graph["goal"])
    result = {"goal": graph["goal"], "workflow_graph": graph, "message": "test"}
    services.complete(task, result, services.Write(claim, 1))
    return Task.objects.get(pk=task.pk)


def report(goal: str) -> dict[str, Any]:
    size, tags = parameter("size", "integer"), parameter("tags", "array", required=False)
    return graph_of(sub_task("collect", ["goal", size, tags], ["points"]), goal=goal)


def newest(goal: str, job: Job) -> Task:
    return Task.objects.filter(goal=goal, job=job).latest("created_at")


def test_what_was_generated_is_executed_with_its_inputs(pages: Pages, caller: Caller) -> None:
    goal = unique_goal("Measure the wind")
    source = generated(caller, report(goal))
    assert f'href="/tasks/{source.pk}/execute"' in pages.get(f"/tasks/{source.pk}/").text
    form = pages.get(f"/tasks/{source.pk}/execute")
    assert form.status_code == 200
    assert foreign_parts(form.text) == []
    for said in (f">\n{goal}</textarea>", "(integer)", "(array, optional)"):
        assert said in form.text

    fields = {"input-goal": goal, "input-size": "3", "input-tags": ' ["a", "b"]', "model": MODEL}
    answer = pages.post(f"/tasks/{source.pk}/execute", **fields)
    task = newest(goal, Job.EXECUTE)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/tasks/{task.pk}/")
    assert task.params["inputs"]["size"] == "3"
    done = wait_for_status(task.pk, Status.COMPLETED)
    page = pages.get(f"/tasks/{task.pk}/").text
    assert f'href="/tasks/{source.pk}/"' in page
    assert done.result["results"].keys() == {"collect"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "the workflow needs the input &#x27;size&#x27;"),
        ({"input-size": "three"}, "must be an integer"),
        ({"input-size": "3", "input-tags": "a, b"}, "must be an array"),
        ({"input-size": "3", "timeout": "-1"}, "greater than or equal"),
    ],
)
def test_bad_inputs_come_back_with_their_reason(
    pages: Pages, caller: Caller, fields: dict[str, str], says: str
) -> None:
    goal = unique_goal("Measure the rain")
    source = generated(caller, report(goal))
    answer = pages.post(f"/tasks/{source.pk}/execute", **fields)
    assert answer.status_code == 422
    assert says in answer.text
    assert not Task.objects.filter(goal=goal, job=Job.EXECUTE).exists()


def test_what_has_no_workflow_cannot_be_executed(pages: Pages, caller: Caller) -> None:
    page = pages.get(f"/tasks/{make_cancelled(caller).pk}/execute")
    assert page.status_code == 409
    assert "has no workflow to execute" in page.text


def test_a_workflow_is_listed_and_run(pages: Pages, caller: Caller, stranger: Caller) -> None:
    name = unique_goal("Write a newsletter")
    workflow = make_workflow(caller, {"name": "gather"}, {"name": "draft", "depends_on": ["gather"]}, name=name)
    theirs = make_workflow(stranger, name=name)
    listed = pages.get("/workflows/").text
    assert f'href="/workflows/{workflow.pk}/"' in listed
    assert str(theirs.pk) not in listed
    assert "not run yet" in listed
    assert pages.get(f"/workflows/{theirs.pk}/").status_code == 404

    answer = pages.post(f"/workflows/{workflow.pk}/execute", **{"input-goal": name, "model": MODEL})
    task = newest(name, Job.EXECUTE)
    assert answer.headers["Location"] == f"/tasks/{task.pk}/"
    assert (task.run_no, task.workflow_version) == (1, workflow.newest)
    wait_for_status(task.pk, Status.COMPLETED)
    page = pages.get(f"/workflows/{workflow.pk}/")
    assert foreign_parts(page.text) == []
    assert f'data-id="{task.pk}"' in page.text
    assert f'href="/workflows/{workflow.pk}/"' in pages.get(f"/tasks/{task.pk}/").text


def test_a_workflow_without_tasks_is_planned_when_it_runs(pages: Pages, caller: Caller) -> None:
    name = unique_goal("Plan a garden")
    workflow = services.create_workflow(caller, services.Draft(name, {"tasks": [], "config": {"depth": 1}}, None))
    assert "planned from the workflow" in pages.get(f"/workflows/{workflow.pk}/").text
    pages.post(f"/workflows/{workflow.pk}/execute", model=MODEL)
    wait_for_status(newest(name, Job.RUN).pk, Status.COMPLETED)


def test_the_list_of_workflows_goes_on(pages: Pages, caller: Caller) -> None:
    first = make_workflow(caller)
    for _ in range(26):
        make_workflow(caller)
    older = pages.get("/workflows/").text.rpartition('href="?before=')[2].partition('"')[0]
    page = pages.get("/workflows/", before=older).text
    assert f'href="/workflows/{first.pk}/"' in page
    assert pages.get("/workflows/", before=str(uuid.uuid4())).status_code == 422
    assert pages.get("/workflows/", before="soon").status_code == 422


def test_a_task_is_paused_and_resumed(pages: Pages, caller: Caller) -> None:
    task, _ = make_running(caller, make_worker())
    assert pages.post(f"/tasks/{task.pk}/pause").status_code == 302
    assert Task.objects.get(pk=task.pk).pause_requested_at
    page = pages.get(f"/tasks/{task.pk}/").text
    assert 'data-if="pausable" hidden' in page
    assert 'data-if="resumable">' in page
    assert pages.post(f"/tasks/{task.pk}/resume").status_code == 302
    assert Task.objects.get(pk=task.pk).pause_requested_at is None
    assert pages.post(f"/tasks/{task.pk}/resume").status_code == 409
    services.cancel(task, reason="the test is over")


def test_running_again_from_a_node_that_is_not_there(pages: Pages, caller: Caller) -> None:
    task = make_cancelled(caller)
    page = pages.post(f"/tasks/{task.pk}/rerun", node="nobody")
    assert page.status_code == 409
    assert "Its nodes cannot be chosen" in page.text
