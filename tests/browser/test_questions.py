"""A question comes up on the task's page while somebody watches it, and is answered there."""

import json

import requests
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import PASSWORD
from tests.browser.person import Person
from tests.http.asking import unique_goal
from tests.worker.test_tools import with_tools


def start(url: str, tool: str, model: str) -> str:
    graph = with_tools(tool, confirm_tools=[tool])
    graph["goal"] = unique_goal(f"Use {tool}")
    body = {"workflow_graph": graph, "llm_config": {"model": model}}
    return str(requests.post(f"{url}/stream/workflow/execute", json=body, timeout=60).json()["task_id"])


def test_approve_with_other_arguments_on_the_page(url: str, person: Person, member: str) -> None:
    person.log_in(member, PASSWORD)
    task_id = start(url, "look_up_price", "demo-slow-2s")
    person.go(f"/tasks/{task_id}/")
    assert not person.find("#asking").is_displayed()
    person.wait_for_status("waiting")
    person.wait_for(lambda: person.find_all("#asking form"), "the form is there without a reload")
    assert "wants to call the tool look_up_price. May it?" in person.text("#asking h3")
    box = person.find("#asking textarea")
    assert "article" in json.loads(box.get_attribute("value") or "")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(json.dumps({"article": "ink", "count": 2}))
    person.click("#asking button.main")
    person.wait_for_end("completed")
    assert "15.0" in person.text("#results pre")
    assert not person.find("#asking").is_displayed()
    assert "approved with other arguments" in person.text("#log")
    assert person.console() == []


def test_reject_from_the_list_by_keyboard_on_a_phone(url: str, person: Person, member: str) -> None:
    person.log_in(member, PASSWORD)
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    person.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    task_id = start(url, "disk_space", "demo")
    person.go(f"/tasks/{task_id}/")
    person.wait_for(lambda: person.find_all("#asking form"), "the form is there")
    person.go("/questions/")
    assert person.text(".places .count")
    assert person.run("return document.documentElement.scrollWidth") == 360
    (form,) = [form for form in person.find_all(".question") if task_id in (form.get_attribute("innerHTML") or "")]
    form.find_element("css selector", "input[name=reason]").send_keys("the disk is fine")
    form.find_element("css selector", "button[value=reject]").send_keys(Keys.ENTER)
    person.wait_for(lambda: task_id not in person.find("main").get_attribute("innerHTML"), "it is no longer asked")
    person.go(f"/tasks/{task_id}/")
    person.wait_for_end("completed")
    assert "the disk is fine" in person.text("#results pre")
    assert person.console() == []
