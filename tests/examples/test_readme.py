"""The README's snippets, run as they are printed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHOWS = {
    "One call that waits": ("write_summary",),
    "A task and its stream": ("Planned 2 nodes", "check_translated_manual"),
    "A session for many tasks": ("task_completed",),
    "Executing workflows": ("event: workflow_completed", '"Completed: synthesize"', "flowchart TD"),
    "From a goal to its results": ('"outputs": {"summary":', '"success": true'),
    "Taking a stream up again": ("Planned 2 nodes", "event: complete"),
}
"""What the snippets under each heading print."""

BASH_ONLY = ("Taking a stream up again", "Executing workflows", "From a goal to its results")

COMMANDS = {"bash": ["bash", "-c"], "python": [sys.executable, "-c"]}

README = Path(__file__).resolve().parents[2] / "README.md"


def snippets() -> list[tuple[str, str, str]]:
    """Heading, language and code of each snippet under the headings above."""
    sections = re.split(r"^##+ (.+)$", README.read_text("utf-8"), flags=re.MULTILINE)
    return [
        (heading, language, code)
        for heading, body in zip(sections[1::2], sections[2::2], strict=True)
        if heading in SHOWS
        for language, code in re.findall(r"^```(bash|python)\n(.*?)^```$", body, flags=re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize(("heading", "language", "code"), [pytest.param(*s, id=f"{s[0]}-{s[1]}") for s in snippets()])
def test_a_snippet_of_the_readme_runs(url: str, heading: str, language: str, code: str) -> None:
    if language == "bash" and not shutil.which("curl"):
        pytest.skip("this machine has no curl")
    here = code.replace("http://localhost:8001", url).replace("--max-time 5", "--max-time 2")
    done = subprocess.run(
        [*COMMANDS[language], here], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    for text in SHOWS[heading]:
        assert text in done.stdout


def test_every_heading_has_its_snippets() -> None:
    found = [(heading, language) for heading, language, _ in snippets()]

    assert [language for heading, language in found if heading not in BASH_ONLY] == ["bash", "python"] * 3
    assert {heading for heading, _ in found} == set(SHOWS)
