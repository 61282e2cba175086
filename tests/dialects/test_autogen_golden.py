"""The AutoGen API, as recorded."""

from tests.dialects.transcripts import Transcript
from tests.factories import make_team

QUESTION = "Generate a monthly business report for our sales performance"


def test_a_question(transcript: Transcript) -> None:
    asked = transcript.ask("POST", "/ask-stream", {"question": QUESTION})
    transcript.ask("GET", f"/ask-stream?task_id={asked.headers['X-Task-Id']}&types=completed")
    transcript.assert_golden("autogen_ask")


def test_a_failure_and_the_test_stream(transcript: Transcript) -> None:
    make_team(name="failing", model="demo-401")
    transcript.ask("POST", "/ask-stream?team=failing", {"question": "Why?"})
    transcript.ask("GET", "/test-stream")
    transcript.assert_golden("autogen_streams")


def test_refusals(transcript: Transcript) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    transcript.name(unknown, "unknown")
    transcript.ask("POST", "/ask-stream", {"question": " "})
    transcript.ask("POST", "/ask-stream", {"question": "x" * 10_001})
    transcript.ask("POST", "/ask-stream?team=nobody", {"question": "Why?"})
    transcript.ask("GET", f"/ask-stream?task_id={unknown}")
    transcript.ask("GET", "/ask-stream")
    transcript.ask("DELETE", "/ask-stream")
    transcript.assert_golden("autogen_refusals")
