"""An execution on its page, as people watch it: nodes as bars in time, paused, gone on with, run again from a node."""

from typing import Any

import requests

from sessions.callers import Caller
from tests.browser.person import Person
from tests.engine.graphs import graph_of
from tests.engine.scripted import sub_task
from tests.factories import make_workflow
from tests.http.asking import unique_goal, wait_for_status
from workflows.models import Status, Task

NODES = ["collect", "look left", "look right", "write"]


def diamond(goal: str) -> dict[str, Any]:
    return graph_of(
        sub_task("collect", ["goal"], ["points"]),
        sub_task("look_left", ["points"], ["left"]),
        sub_task("look_right", ["points"], ["right"]),
        sub_task("write", ["left", "right"], ["report"]),
        goal=goal,
    )


def start(url: str, goal: str, model: str) -> str:
    asked = {"workflow_graph": diamond(goal), "llm_config": {"model": model}}
    return str(requests.post(f"{url}/stream/workflow/execute", json=asked).json()["task_id"])


STATES = """
    const rows = document.querySelectorAll("#gantt .run");
    return Object.fromEntries([...rows].map((row) => [row.querySelector("button").innerText, row.dataset.state]));
"""


BARS = """
    const places = [...document.querySelectorAll("#gantt .bar")].map((bar) => bar.getBoundingClientRect());
    return places.map((place) => [place.left, place.right]);
"""


def states(person: Person) -> dict[str, str]:
    """By the names of the nodes, as they are at one moment: the page draws its rows anew while it is watched."""
    return dict(person.run(STATES))


def test_watch_the_nodes_pause_resume_and_run_again_from_one(url: str, person: Person, member: str) -> None:
    person.arrive(member)
    task_id = start(url, unique_goal("Report on the tides"), "demo-slow-3s")
    person.go(f"/tasks/{task_id}/")
    person.wait_for(lambda: states(person) == {"collect": "active"}, "the first node runs")
    person.click("[data-if=pausable] button")
    person.wait_for_status("paused")
    assert states(person) == {"collect": "done"}
    assert not person.find("[data-if=pausable]").is_displayed()

    person.click("[data-if=resumable] button")
    person.wait_for(lambda: list(states(person).values()) == ["done", "active", "active"], "two nodes run at once")
    first, left, right = person.run(BARS)
    assert first[1] < min(left[0], right[0]), "the pause is a gap"
    assert max(left[0], right[0]) < min(left[1], right[1]), "they run side by side"
    person.wait_for_end("completed")
    assert states(person) == dict.fromkeys(NODES, "done")
    assert {element.get_attribute("data-state") for element in person.find_all("#graph .node")} == {"done"}
    task = Task.objects.get(pk=task_id)
    assert person.text("#results pre") == task.result["outputs"]["report"]

    person.find_all("#gantt button")[2].click()
    person.wait_for(lambda: person.text("#node-detail h3") == "look right", "the node tells about itself")
    assert person.text("#node-results pre") == task.result["results"]["look_right"]["right"]
    person.click("#rerun-node")
    person.wait_for(lambda: person.text("#rerun-from b") == "look right", "it asks first")
    person.click("#confirm-rerun button.main")
    person.wait_for(lambda: task_id not in person.path and person.path.startswith("/tasks/"), "a new task is there")
    person.wait_for_end("completed")
    notes = {row.text.split("\n")[0]: row.text.split("\n")[-1] for row in person.find_all("#gantt .run")}
    assert {name for name, note in notes.items() if note == "taken over"} == {"collect", "look left"}
    assert Task.objects.get(pk=person.path.split("/")[2]).model_calls == 2
    assert person.console() == []


def test_a_failed_node_and_what_it_keeps_from_running(url: str, person: Person, member: str) -> None:
    person.arrive(member)
    person.go(f"/tasks/{start(url, unique_goal('Report on the wind'), 'demo-401')}/")
    person.wait_for_end("failed")
    assert states(person) == {"collect": "failed", "look left": "skipped", "look right": "skipped", "write": "skipped"}
    assert "Node 'collect' failed" in person.text("[data-field=error]")
    notes = [row.text for row in person.find_all("#gantt .run [data-field=note]")]
    assert notes[1:] == ["collect failed"] * 3
    marks = [mark.text for mark in person.find_all("#graph .mark")]
    assert marks == ["✗ failed", "skipped", "skipped", "skipped"]


def test_from_a_goal_to_a_workflow_to_its_results(person: Person, member: str) -> None:
    person.arrive(member)
    task_id = person.ask(unique_goal("Translate the manual"))
    person.wait_for_end("completed")
    assert not person.find_all("#gantt")
    person.click(".actions a[href$=execute]")
    person.wait_for(lambda: person.path == f"/tasks/{task_id}/execute", "the form is there")
    person.click("form.inputs button.main")
    person.wait_for(lambda: person.path.startswith("/tasks/") and task_id not in person.path, "it is executed")
    person.wait_for_end("completed")
    assert set(states(person).values()) == {"done"}


def test_a_workflows_page_draws_its_graph_also_on_a_phone(person: Person, member: str, caller: Caller) -> None:
    workflow = make_workflow(caller, {"name": "gather"}, {"name": "draft", "depends_on": ["gather"]})
    person.arrive(member)
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    person.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    person.go("/workflows/")
    widths = [person.run("return document.documentElement.scrollWidth")]
    person.go(f"/workflows/{workflow.pk}/")
    person.wait_for(lambda: len(person.find_all("#graph .node")) == 2, "the graph is drawn")
    person.find_all("#graph .node")[1].click()
    assert person.text("#node-detail h3") == "draft"
    widths.append(person.run("return document.documentElement.scrollWidth"))
    person.go(f"/workflows/{workflow.pk}/execute")
    widths.append(person.run("return document.documentElement.scrollWidth"))
    person.click("form.inputs button.main")
    person.wait_for_end("completed")
    person.find_all("#gantt button")[0].click()
    widths.append(person.run("return document.documentElement.scrollWidth"))
    assert widths == [360] * 4
    assert person.console() == []
    wait_for_status(person.path.split("/")[2], Status.COMPLETED)
