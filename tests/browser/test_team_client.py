"""The page that asks a team, and the document's browser client."""

from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.factories import make_team
from tests.stack import wait_for
from workflows.models import Job, Status, Task


def test_a_question_is_asked_and_its_stream_shown(browser: Chrome, url: str) -> None:
    browser.get(f"{url}/client")
    browser.find_element(By.CSS_SELECTOR, "button[value=ask]").click()
    WebDriverWait(browser, 30).until(lambda page: page.find_element(By.ID, "state").text == "Completed")
    agents = [one.text for one in browser.find_elements(By.CSS_SELECTOR, "#events b")]
    assert agents[0] == agents[-1] == "System"
    assert {"PlanningAgent", "DataAgent", "AnalystAgent", "ReportAgent"} <= set(agents)
    assert browser.find_element(By.CSS_SELECTOR, "#answer pre").text.startswith("# Report: Generate a monthly")
    assert browser.find_element(By.ID, "progress").get_attribute("value") == "100"

    answered = Task.objects.filter(job=Job.ASK, status=Status.COMPLETED).latest("created_at")
    browser.get(f"{url}/tasks/{answered.pk}/")
    wait_for(lambda: "# Report: " in browser.find_element(By.ID, "results").text, "the task's page has the answer")

    browser.get(f"{url}/client")
    browser.find_element(By.CSS_SELECTOR, "button[value=test]").click()
    WebDriverWait(browser, 30).until(
        lambda page: page.find_element(By.CSS_SELECTOR, "#answer pre").text.startswith("Test: ")
    )

    team = make_team(model="demo-hang")
    browser.find_element(By.NAME, "team").send_keys(team.name)
    browser.find_element(By.CSS_SELECTOR, "button[value=ask]").click()
    wait_for(lambda: browser.find_element(By.ID, "state").text == "Connected", "it is asked")
    browser.find_element(By.ID, "stop").click()
    asked = Task.objects.filter(job=Job.ASK).latest("created_at")
    wait_for(lambda: Task.objects.get(pk=asked.pk).status == Status.CANCELLED, "stopping withdraws it")

    client = (Path(__file__).parents[2] / "examples" / "autogen" / "stream_question.js").read_text("utf-8")
    said = browser.execute_async_script(
        f"{client}\nconst done = arguments[0]; const said = []; console.log = (line) => said.push(line);"
        "streamQuestion('Generate a sales report').then(() => done(said), (error) => done([String(error)]));"
    )
    assert said[0] == "System: The question is with the team"
    assert said[-1] == "System: The team has answered"
