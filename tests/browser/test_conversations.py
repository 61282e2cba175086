"""Talking with an agent on its pages."""

import requests
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.conftest import Open
from tests.dialects.agentarea import make_agent
from tests.stack import wait_for


def send(browser: Chrome, text: str) -> None:
    browser.find_element(By.ID, "id_message").send_keys(text)
    browser.find_element(By.CSS_SELECTOR, "form.new button").click()


def texts(browser: Chrome, selector: str) -> list[str]:
    return [found.text for found in browser.find_elements(By.CSS_SELECTOR, f".turn {selector}") if found.text]


def test_a_conversation_is_held_live_and_stays(open_browser: Open, url: str) -> None:
    agent = make_agent(f"{url}/api/v1", name="Accountant", planning=True).rpartition("/")[2]
    browser = open_browser()
    browser.get(f"{url}/agents/")
    browser.find_element(By.CSS_SELECTOR, f'a[href$="/agents/{agent}/"]').click()
    send(browser, "What is (17 + 4) * 2?")
    wait_for(lambda: "42" in "".join(texts(browser, ".answered")), "the answer is there")
    assert texts(browser, ".asked") == ["What is (17 + 4) * 2?"]
    assert texts(browser, ".steps li")[0] == "✓ Use calculator ✓ Write the answer"
    assert "calculator((17 + 4) * 2) → 42" in texts(browser, ".steps li")
    send(browser, "Explain <b>owls</b>")
    wait_for(lambda: texts(browser, ".status")[1:] == ["Completed"], "the second turn has ended")
    assert len(texts(browser, ".answered")) == 2
    assert texts(browser, ".asked")[1] == "Explain <b>owls</b>"
    browser.refresh()
    wait_for(lambda: len(texts(browser, ".steps li")) >= 2, "what it did is told again")
    assert len(texts(browser, ".answered")) == 2
    assert texts(browser, ".demo") == ["demo", "demo"]
    browser.set_window_size(380, 800)
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert requests.get(f"{url}/agents/{agent}/", timeout=60).text.count("2 turns") == 1


def test_a_call_is_approved_in_the_conversation(open_browser: Open, url: str) -> None:
    tools = {"builtin_tools": [{"tool_name": "calculator", "requires_user_confirmation": True}]}
    agent = make_agent(f"{url}/api/v1", tools_config=tools).rpartition("/")[2]
    browser = open_browser()
    browser.get(f"{url}/agents/{agent}/")
    send(browser, "What is (17 + 4) * 2?")
    wait_for(lambda: browser.find_elements(By.CSS_SELECTOR, "#asking form"), "the form is there without a reload")
    page = browser.current_url
    browser.find_element(By.CSS_SELECTOR, "#asking button.main").click()
    wait_for(lambda: "42" in "".join(texts(browser, ".answered")), "the answer is there")
    assert browser.current_url == page
    assert "An agent wants to call the tool calculator. May it? → yes" in texts(browser, ".steps li")
    wait_for(lambda: not browser.find_elements(By.CSS_SELECTOR, "#asking form"), "nothing waits any more")
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
