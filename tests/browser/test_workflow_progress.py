"""The document's React hook and component, as `examples/workflows/progress.html` has them, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.servers import served_folder
from tests.stack import wait_for


@pytest.fixture
def page(root: Path) -> Iterator[str]:
    """The example's page, from another origin than the server's."""
    with served_folder(root / "examples" / "workflows") as url:
        yield f"{url}/progress.html"


def text_of(browser: Chrome, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def test_the_documents_page_shows_a_run_to_its_end(browser: Chrome, page: str, url: str) -> None:
    browser.get(f"{page}?api={url}")
    browser.find_element(By.ID, "start").click()
    wait_for(lambda: text_of(browser, ".status") == "completed", "the page shows the end")

    assert text_of(browser, ".percent") == "100%"
    assert text_of(browser, ".current") == ""
    lines = [item.text for item in browser.find_elements(By.CSS_SELECTOR, ".log li")]
    assert lines[0].startswith("▶ Starting workflow: Research AI in Healthcare (")
    assert lines[-1].startswith("✓ Workflow completed successfully (")
    assert not any("Invalid Date" in line for line in lines)
    for task in ("plan", "research_diagnostics", "research_treatment", "synthesize"):
        assert any(line.startswith(f"▶ Starting task: {task} (") for line in lines)
        completed = next(line for line in lines if line.startswith(f"✓ Completed: {task} ("))
        assert "demo model" in completed.splitlines()[1]
    # The page closed its stream itself: nothing reconnects, and nothing is refused.
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
