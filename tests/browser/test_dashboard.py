"""The dashboard, as people use it."""

import signal

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from sessions.callers import Caller
from tests.browser.conftest import PASSWORD, Open
from tests.browser.person import Person
from tests.factories import make_task
from tests.http.asking import unique_goal
from tests.stack import Process, Stack
from workflows import services
from workflows.models import Event, Task


def test_log_in_post_a_goal_and_watch_it_finish(person: Person, member: str) -> None:
    person.go("/")
    assert person.path == "/login/?next=/"
    person.log_in(member, PASSWORD)
    goal = unique_goal("Collect the facts about tides and write a summary")
    task_id = person.ask(goal)

    person.wait_for_end("completed")
    task = Task.objects.get(pk=task_id)
    nodes = [node["name"] for node in task.result["workflow_graph"]["nodes"]]
    assert person.text("h1") == goal
    assert person.text("#connection") == "Ended"
    assert person.text("#task .demo") == "demo"
    assert [element.get_attribute("data-state") for element in person.find_all("#stages li")] == ["done"] * 3
    drawn = person.find_all("#graph .node")
    assert [element.find_element(By.TAG_NAME, "title").get_attribute("textContent") for element in drawn] == nodes
    assert {element.get_attribute("data-state") for element in drawn} == {"done"}
    assert len(person.find_all("#graph .edge")) == len(task.result["workflow_graph"]["edges"])
    assert person.text("#usage [data-field=calls]") == str(task.model_calls)
    shown = [int(element.text) for element in person.find_all("#log .seq")]
    assert shown == list(
        Event.objects.filter(task=task).exclude(kind="model.text").order_by("seq").values_list("seq", flat=True)
    )
    assert person.console() == []


def test_the_text_is_the_models_text(person: Person, member: str) -> None:
    person.arrive(member)
    task_id = person.ask(unique_goal("Translate the manual"))
    person.wait_for_end("completed")
    pieces = Event.objects.filter(task_id=task_id, kind="model.text").order_by("seq").values_list("data", flat=True)
    plan = "".join(data["text"] for data in pieces if data["call"] == "plan/1")
    assert person.attribute(".call pre", "textContent") == plan


def test_a_node_tells_about_itself_by_keyboard(person: Person, member: str) -> None:
    person.arrive(member)
    person.ask(unique_goal("Translate the manual"))
    person.wait_for_end("completed")
    assert not person.find("#node-detail").is_displayed()
    node = person.find("#graph .node")
    person.run("document.querySelector('#graph .node').focus()")
    node.send_keys(Keys.ENTER)
    person.wait_for(lambda: person.find("#node-detail").is_displayed(), "the node's details show")
    assert person.attribute("#graph .node", "aria-pressed") == "true"
    assert "goal" in person.text("#node-detail [data-field=inputs]")


def test_both_pages_catch_up_after_the_web_process_was_killed(
    stack: Stack, web: tuple[Process, str], open_browser: Open, member: str
) -> None:
    process, url = web
    port = int(url.rpartition(":")[2])
    watcher, lister = Person(open_browser(), url), Person(open_browser(), url)
    watcher.arrive(member)
    lister.arrive(member)
    task_id = watcher.ask(unique_goal("Compare three kinds of bread"), model="demo-slow-4s")
    watcher.wait_for(lambda: watcher.text("#connection") == "Live", "the task's page is live")
    watcher.wait_for(lambda: watcher.text(".call pre"), "text streams")
    row = f'.task[data-id="{task_id}"]'
    lister.wait_for(lambda: lister.find_all(row), "the list shows the task without being loaded again")
    lister.run("window.marked = true")

    process.stop(signal.SIGKILL)
    for page in (watcher, lister):
        page.wait_for(lambda page=page: page.text("#connection") == "Reconnecting…", "the page says so")
    web_again, _ = stack.start_web("pages-again", port=port, LOCAL_ACCESS="0")
    assert web_again.is_alive

    watcher.wait_for_end("completed")
    shown = [int(element.text) for element in watcher.find_all("#log .seq")]
    told = Event.objects.filter(task_id=task_id).exclude(kind="model.text").order_by("seq")
    assert shown == list(told.values_list("seq", flat=True))
    lister.wait_for(lambda: lister.attribute(row, "data-status") == "completed", "the list shows the end")
    assert lister.text("#connection") == "Live"
    assert lister.run("return window.marked"), "it was the same page all the time"


def test_cancel_asks_first(person: Person, member: str) -> None:
    person.arrive(member)
    task_id = person.ask(unique_goal("Wait for ever"), model="demo-hang")
    person.wait_for_status("running")
    assert not person.find("[popovertarget=confirm-rerun]").is_displayed()
    person.click("[popovertarget=confirm-cancel]")
    person.wait_for(lambda: person.find("#confirm-cancel").is_displayed(), "the question shows")
    person.find("#confirm-cancel button.danger").send_keys(Keys.ESCAPE)
    person.wait_for(lambda: not person.find("#confirm-cancel").is_displayed(), "Escape closes it")
    assert Task.objects.get(pk=task_id).status == "running"

    person.click("[popovertarget=confirm-cancel]")
    person.click("#confirm-cancel button.danger")
    person.wait_for_end("cancelled")
    assert Task.objects.get(pk=task_id).error["message"] == f"cancelled by {member}"
    assert not person.find("[popovertarget=confirm-cancel]").is_displayed()

    person.click("[popovertarget=confirm-rerun]")
    person.click("#confirm-rerun button.main")
    person.wait_for(lambda: task_id not in person.path and person.path.startswith("/tasks/"), "a new task is there")
    again = Task.objects.get(pk=person.path.split("/")[2])
    services.cancel(again, reason="the test is over")
    assert str(again.rerun_of_id) == task_id
    person.wait_for_end("cancelled")


def test_another_group_sees_nothing(person: Person, member: str, outsider: str, caller: Caller) -> None:
    goal = unique_goal("A secret")
    task = make_task(caller, goal)
    person.arrive(outsider)
    person.wait_for(lambda: person.text("#connection") == "Live", "the list is live")
    late = make_task(caller, goal)
    own = unique_goal("Our own")
    person.ask(own)
    person.go("/")
    person.wait_for(lambda: own in person.text("#tasks"), "the list shows their own task")
    assert goal not in person.find("body").text
    for id in (task.pk, late.pk):
        person.go(f"/tasks/{id}/")
        assert "There is no task" in person.text("main")


def test_goals_are_text_and_never_markup(person: Person, member: str) -> None:
    person.arrive(member)
    goal = unique_goal('<img src=x onerror=alert(1)><script>alert(2)</script> & "quotes" write a poem')
    person.ask(goal)
    person.wait_for_end("completed")
    assert person.text("h1") == goal
    for node in person.find_all("#graph .node"):
        node.click()
    person.go("/")
    person.wait_for(lambda: person.text("#connection") == "Live", "the list is live")
    assert goal in person.text("#tasks")
    assert person.console() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(person: Person, member: str, scheme: str) -> None:
    browser = person.browser
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    feature = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": feature})
    person.go("/login/")
    widths = [person.run("return document.documentElement.scrollWidth")]
    person.arrive(member)
    person.ask(unique_goal("Collect facts about " + "very" * 30 + " long words and write a summary and a poem"))
    person.wait_for_end("completed")
    person.find("#graph .node").click()
    widths.append(person.run("return document.documentElement.scrollWidth"))
    person.go("/")
    person.wait_for(lambda: person.text("#connection") == "Live", "the list is live")
    widths.append(person.run("return document.documentElement.scrollWidth"))
    assert widths == [360, 360, 360]


def test_a_task_whose_events_were_pruned_still_shows_its_end(person: Person, member: str) -> None:
    person.arrive(member)
    task_id = person.ask(unique_goal("Translate the manual"))
    person.wait_for_end("completed")
    task = Task.objects.get(pk=task_id)
    Event.objects.filter(task=task, seq__lt=task.last_seq).delete()
    Task.objects.filter(pk=task_id).update(pruned_seq=task.last_seq - 1)
    person.browser.refresh()
    person.wait_for_end("completed")
    assert [element.text for element in person.find_all("#log .kind")] == ["reset", "task.completed"]
    assert len(person.find_all("#graph .node")) == len(task.result["workflow_graph"]["nodes"])
