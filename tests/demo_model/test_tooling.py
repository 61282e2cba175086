"""Which tools the demo model calls, and for what."""

import json
from typing import Any

import openai
import pytest

from evoserver.demo_model.tooling import asked_for, matching_tools
from workflows.engine.prompts import json_section

TOOLS = [{"name": name, "parameters": {"type": "object"}} for name in ("calculator", "fetch", "sql_query", "date_time")]
OUTPUTS = [{"name": "total", "type": "number", "description": "", "required": True}]
OFFERS = [{"type": "function", "function": tool} for tool in TOOLS]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("What is (17 + 4) * 2.5?", [("calculator", {"expression": "(17 + 4) * 2.5"})]),
        (
            "Compare 3*4 with 2 ** 10",
            [("calculator", {"expression": "3*4"}), ("calculator", {"expression": "2 ** 10"})],
        ),
        ("Read https://example.org/a-1/b?c=2+3, please.", [("fetch", {"url": "https://example.org/a-1/b?c=2+3"})]),
        ("Run SELECT count(*) FROM orders; then stop", [("sql_query", {"query": "SELECT count(*) FROM orders"})]),
        ("What day is it today?", [("date_time", {})]),
        ("Which weekday is 2026-11-21?", [("date_time", {"date": "2026-11-21"})]),
        ("Write about owls up to date", []),
    ],
)
def test_a_text_asks_for_tools_by_what_stands_in_it(text: str, wanted: list[Any]) -> None:
    assert asked_for(text, TOOLS) == wanted


def test_agents_get_the_tools_that_their_goal_asks_for() -> None:
    assert matching_tools("write report", "What is 2 + 2 today?", TOOLS) == ["calculator", "date_time"]
    assert matching_tools("fetch the figures", "…", TOOLS) == ["fetch"]
    named = [{"name": "reverse_text", "description": "Reverses."}]
    assert matching_tools("write the text", "Reverse it", named) is None
    assert matching_tools("write the text", "Use reverse_text on it", named) == ["reverse_text"]


def ask(client: openai.OpenAI, messages: list[Any], model: str = "demo", tools: Any = OFFERS) -> Any:
    return client.chat.completions.create(model=model, messages=messages, tools=tools).choices[0]


def test_it_calls_tools_side_by_side_and_answers_with_their_results(client: openai.OpenAI) -> None:
    messages: list[Any] = [
        {"role": "user", "content": f"<input>What is 6*7 today?</input>\n\n{json_section('Outputs', OUTPUTS)}"}
    ]
    choice = ask(client, messages)
    assert choice.finish_reason == "tool_calls"
    assert [call.function.name for call in choice.message.tool_calls] == ["calculator", "date_time"]
    messages.append(choice.message.model_dump(exclude_none=True))
    first, second = choice.message.tool_calls

    def result(call: Any, text: str) -> dict[str, str]:
        return {"role": "tool", "tool_call_id": call.id, "content": f"<tool_result>\n{text}\n</tool_result>"}

    with pytest.raises(openai.BadRequestError, match="must be followed by tool messages"):
        ask(client, [*messages, result(first, "42"), {"role": "user", "content": "Go on"}])
    with pytest.raises(openai.BadRequestError, match="must be a response"):
        ask(client, [messages[0], result(first, "42")])
    said = ask(client, [*messages, result(first, "42"), result(second, "Saturday")])
    assert json.loads(said.message.content.split("```json\n")[1].split("\n```")[0])["total"] == 42


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("demo-tool-unknown", ["no_such_tool", "calculator", None]),
        ("demo-tool-bad-arguments", ["calculator", "calculator", None]),
        ("demo-tool-loop", ["calculator"] * 4),
    ],
)
def test_it_calls_tools_wrongly_on_request(client: openai.OpenAI, model: str, names: list[str | None]) -> None:
    messages: list[Any] = [{"role": "user", "content": "What is 6*7?"}]
    called: list[str | None] = []
    for _ in names:
        choice = ask(client, messages, model)
        calls = choice.message.tool_calls or []
        called.append(calls[0].function.name if calls else None)
        messages.append(choice.message.model_dump(exclude_none=True))
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "…"} for call in calls]
    assert called == names
