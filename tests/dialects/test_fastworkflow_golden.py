"""The fastWorkflow API, as recorded."""

from tests.dialects.transcripts import Transcript
from tests.stack import wait_for
from workflows.models import Conversation

USER = {"user_id": "test_user"}


def test_a_walk(transcript: Transcript) -> None:
    transcript.ask("POST", "/initialize", {**USER, "context": {"city": "Sofia"}})
    asked = transcript.ask(
        "POST", "/invoke_agent_stream", {**USER, "user_query": "create a todo", "timeout_seconds": 60}
    )
    replayed = f"/invoke_agent_stream?task_id={asked.headers['X-Task-Id']}"
    transcript.ask("GET", f"{replayed}&types=command_output")
    transcript.ask("GET", f"{replayed}&last_event_id=99999")
    transcript.ask("POST", "/invoke_agent", {**USER, "user_query": "list my todos"})
    transcript.ask("POST", "/invoke_assistant", {**USER, "user_query": "create a todo"})
    transcript.ask("POST", "/invoke_assistant", {**USER, "user_query": "buy milk"})
    action = {"command_name": "complete_todo", "parameters": {"number": 1}}
    transcript.ask("POST", "/perform_action", {**USER, "action": action})
    transcript.ask("POST", "/post_feedback", {**USER, "binary_or_numeric_score": True, "nl_feedback": "Quick"})
    transcript.ask("POST", "/new_conversation", USER)
    newest = Conversation.objects.filter(channel__name="test_user").latest("created_at")
    wait_for(lambda: Conversation.objects.exclude(summary="").filter(pk=newest.pk).exists(), "it is summed up")
    transcript.ask("GET", "/conversations?user_id=test_user")
    transcript.ask("POST", "/activate_conversation", {**USER, "conversation_id": 1})
    transcript.assert_golden("fastworkflow_walk")


def test_refusals(transcript: Transcript) -> None:
    transcript.ask("POST", "/invoke_agent_stream", {**USER, "user_query": "create a todo"})
    transcript.ask("POST", "/invoke_agent", {**USER, "user_query": "create a todo"})
    transcript.ask("POST", "/initialize", {**USER, "workflow_path": "./examples/todo"})
    transcript.ask("POST", "/initialize", USER)
    transcript.ask("POST", "/invoke_agent_stream", {**USER, "user_query": " / "})
    transcript.ask("POST", "/invoke_agent", {**USER, "user_query": "x", "timeout_seconds": 0})
    transcript.ask("POST", "/perform_action", {**USER, "action": {"command_name": "create_todo", "parameters": {}}})
    transcript.ask("POST", "/post_feedback", USER)
    transcript.ask("POST", "/post_feedback", {**USER, "nl_feedback": "Good"})
    transcript.ask("POST", "/activate_conversation", {**USER, "conversation_id": 1})
    transcript.ask("GET", "/invoke_agent_stream")
    transcript.ask("GET", "/conversations?user_id=test_user&limit=0")
    transcript.assert_golden("fastworkflow_refusals")
