"""What a person does with the dashboard, and sees on it."""

from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.login import session_of
from tests.stack import READY_SECONDS, wait_for

NEXT_FRAME = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"
"""Pages draw what they have read with the next frame."""


class Person:
    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def arrive(self, name: str) -> None:
        """Come to the first page as somebody who is logged in."""
        self.go("/login/")
        self.browser.add_cookie({"name": "sessionid", "value": session_of(name)})
        self.go("/")

    def log_in(self, name: str, password: str) -> None:
        self.go("/login/")
        self.find("input[name=username]").send_keys(name)
        self.find("input[name=password]").send_keys(password)
        self.click("form.login button")
        self.wait_for(lambda: not self.path.startswith("/login/"), f"{name} is logged in")

    def go(self, path: str) -> None:
        self.browser.get(f"{self.url}{path}")

    def ask(self, goal: str, model: str = "") -> str:
        """Submit a goal on the list's page. Returns the new task's id."""
        self.go("/")
        self.find("#id_goal").send_keys(goal)
        self.find("#id_model").send_keys(model)
        self.click("form.new button")
        self.wait_for(lambda: self.path.startswith("/tasks/"), "the task's page is there")
        return self.path.split("/")[2]

    @property
    def path(self) -> str:
        return self.browser.current_url.removeprefix(self.url)

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        self.find(selector).click()

    def text(self, selector: str) -> str:
        """What the first such element says, "" if there is none (any more)."""
        try:
            return next((element.text for element in self.find_all(selector)), "")
        except StaleElementReferenceException:
            return ""

    def attribute(self, selector: str, name: str) -> str | None:
        return self.find(selector).get_attribute(name)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def wait_for(self, condition: Any, what: str, seconds: float = READY_SECONDS) -> Any:
        def holds() -> Any:
            try:
                return condition()
            except StaleElementReferenceException:  # the page changed between finding and asking
                return False

        try:
            return wait_for(holds, what, seconds)
        except AssertionError as error:
            page = self.find("body").text[:2000]
            raise AssertionError(f"{error}; the page says:\n{page}\nand its console: {self.console()}") from None

    def wait_for_status(self, status: str) -> None:
        self.wait_for(lambda: self.attribute("#task", "data-status") == status, f"the task is {status}")

    def wait_for_end(self, status: str) -> None:
        """Until the page has read the task's stream to its end, and drawn it."""
        self.wait_for_status(status)
        self.wait_for(lambda: self.text("#connection") == "Ended", "the page has read everything")
        self.browser.execute_async_script(NEXT_FRAME)

    def console(self) -> list[str]:
        """What the browser complained of since it was last asked."""
        return [entry["message"] for entry in self.browser.get_log("browser")]
