"""The document's `EventSource`, as `examples/agentarea/events.html` has it, in a real browser."""

from pathlib import Path

import requests
from selenium.webdriver.common.by import By

from tests.browser.conftest import Open
from tests.servers import served_folder
from tests.stack import wait_for

CALCULATOR = {"builtin_tools": [{"tool_name": "calculator"}]}


def test_the_documents_listeners_hear_a_task_to_its_end(open_browser: Open, root: Path, url: str) -> None:
    # The newest comes first.
    agent = {"name": "Counter", "instruction": "Count.", "model_id": "gpt-4", "tools_config": CALCULATOR}
    assert requests.post(f"{url}/api/v1/agents", json=agent).ok
    with served_folder(root / "examples" / "agentarea") as folder:
        browser = open_browser()
        browser.get(f"{folder}/events.html?api={url}")
        browser.find_element(By.ID, "start").click()
        wait_for(lambda: "Completed" in browser.find_element(By.ID, "log").text, "the page shows the end")
        lines = [item.text for item in browser.find_elements(By.CSS_SELECTOR, "#log li")]
    # Named events do not reach `onmessage`.
    assert not any(line.startswith("Received event") for line in lines)
    assert lines[0].startswith("LLM call started: gpt-4 0.")
    assert "42" in lines[-1]
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
