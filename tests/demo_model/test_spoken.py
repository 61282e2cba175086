"""What a person says becomes calls of whatever commands there are."""

from typing import Any

import pytest

from evoserver.demo_model.chat import ChatRequest, Message
from evoserver.demo_model.faults import Faults
from evoserver.demo_model.spoken import ASK_BACK, completed, mapped, spoken
from evoserver.demo_model.turns import next_calls, sum_up
from workflows.engine import prompts
from workflows.tools.todos import PARAMETERS

TODO_TOOLS = [{"name": name, "description": name, "parameters": dict(schema)} for name, schema in PARAMETERS.items()]
REPORT = {
    "name": "weekly_report",
    "description": "Executes the workflow: Weekly report",
    "parameters": {"type": "object", "properties": {"topic": {"type": "string"}}, "required": ["topic"]},
}


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("create a todo", [("create_todo", {})]),
        ("Create a todo to buy milk", [("create_todo", {"text": "buy milk"})]),
        ("create a todo item: test streaming endpoint", [("create_todo", {"text": "test streaming endpoint"})]),
        ("please add a new todo: call mum", [("create_todo", {"text": "call mum"})]),
        ("add buy bread to my todos", [("create_todo", {"text": "buy bread"})]),
        ('create a todo called "then and now"', [("create_todo", {"text": "then and now"})]),
        ("list my todos", [("list_todos", {})]),
        ("Could you show me all todos?", [("list_todos", {})]),
        ("complete the first", [("complete_todo", {"number": 1})]),
        ("finish todo #12", [("complete_todo", {"number": 12})]),
        ("rename the second todo to buy bread", [("rename_todo", {"number": 2, "text": "buy bread"})]),
        ("delete todo 3", [("delete_todo", {"number": 3})]),
        ("create a todo to rest; list my todos", [("create_todo", {"text": "rest"}), ("list_todos", {})]),
        ("What is a todo?", []),
        ("", []),
    ],
)
def test_commands_are_found_with_their_arguments(text: str, calls: Any) -> None:
    assert spoken(text, TODO_TOOLS) == calls


def test_a_workflow_is_executed_by_its_name_or_by_that_word() -> None:
    for text in ("run the weekly report on owls", "weekly report on owls", "execute it on owls"):
        assert spoken(text, [*TODO_TOOLS, REPORT]) == [("weekly_report", {"topic": "owls"})], text


def test_an_agent_fills_in_what_is_missing_and_an_assistant_asks() -> None:
    assert completed(("create_todo", {}), TODO_TOOLS) == ("create_todo", {"text": "todo (demo)"})
    ask = {"name": ASK_BACK}
    tools = [*TODO_TOOLS, ask]
    first = request("create a todo", tools=tools)
    ((name, arguments),) = mapped(first)
    assert (name, arguments["question"]) == (ASK_BACK, "To create todo I need: text. What should it be? (demo)")
    then = request("create a todo", arguments["question"], "buy milk", tools=tools)
    assert mapped(then) == [("create_todo", {"text": "buy milk"})]
    other = request("create a todo", arguments["question"], "list my todos", tools=tools)
    assert mapped(other) == [("list_todos", {})]
    question = "To rename todo I need: number. What should it be?"
    number = request("rename a todo to rest", question, "the second", tools=tools)
    assert mapped(number) == [("rename_todo", {"text": "rest", "number": 2})]
    (_, asks) = mapped(request("hm", tools=tools))[0]
    assert asks["question"].startswith("Which of it do you want: create todo, list todos")


def test_an_agents_turn_calls_what_was_said() -> None:
    asked = request("list my todos", tools=[*TODO_TOOLS, {"name": "completion"}])
    assert next_calls(asked, Faults(())) == [("list_todos", {})]


def test_a_conversation_is_summed_up_in_its_own_words() -> None:
    turns = [{"asked": "create a todo", "answered": "Done"}, {"asked": "list", "answered": "1. [ ] x"}]
    said = sum_up(request(prompts.json_section("Conversation", turns)))
    assert said["topic"] == "create a todo (demo)"
    assert said["summary"].startswith("2 turns. Asked was: “create a todo”; “list”. The last answer: 1. [ ] x")


def request(*texts: str, tools: Any = ()) -> ChatRequest:
    """The user speaks first and last."""
    roles = ["user", "assistant"] * len(texts)
    messages = [Message("system", "x"), *(Message(role, text) for role, text in zip(roles, texts, strict=False))]
    return ChatRequest("demo", tuple(messages), tools=tuple(tools))
