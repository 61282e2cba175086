import asyncio
import json
from typing import Any

import httpx
import openai
import pytest

from evoserver.demo_model.faults import Faults, read_faults
from tests.demo_model.asking import PLAN_FORMAT, goal_message, problems_of

FEEDBACK = {"role": "user", "content": "Your last reply was not valid:\n- something"}


def ask(client: openai.OpenAI, model: str, goal: str, *more: Any, **options: Any) -> str:
    """The text of a streamed plan."""
    messages = [goal_message(goal), *more]
    options = {"response_format": PLAN_FORMAT, **options}
    stream = client.chat.completions.create(model=model, messages=messages, stream=True, **options)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


def receive(response: httpx.Response, received: bytearray) -> None:
    for part in response.iter_raw():
        received += part


def is_valid(text: str) -> bool:
    return problems_of(json.loads(text)) == []


@pytest.mark.parametrize(
    ("model", "faults"),
    [
        ("demo", Faults()),
        ("gpt-4o-429", Faults()),
        ("demo-nonsense", Faults()),
        ("demo-429", Faults(("429",))),
        ("demo-500-always", Faults(("500",), frozenset({"500"}))),
        ("demo-slow-2.5s+cut", Faults(("slow", "cut"), frozenset(), 2.5)),
    ],
)
def test_faults_are_read_from_the_models_name(model: str, faults: Faults) -> None:
    assert read_faults(model) == faults


@pytest.mark.parametrize(("name", "status"), [("429", 429), ("500", 500), ("503", 503)])
def test_each_request_is_refused_once(client: openai.OpenAI, name: str, status: int) -> None:
    for goal in ("Collect one", "Collect two"):
        with pytest.raises(openai.APIStatusError) as refused:
            ask(client, f"demo-{name}", goal)
        assert refused.value.status_code == status
        assert refused.value.response.headers.get("retry-after") == ("1" if status == 429 else None)
        assert is_valid(ask(client, f"demo-{name}", goal))


def test_always_is_always(client: openai.OpenAI) -> None:
    for _ in range(3):
        with pytest.raises(openai.RateLimitError):
            ask(client, "demo-429-always", "Collect always")


def test_joined_refusals_come_one_after_the_other(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError):
        ask(client, "demo-429+500", "Collect both")
    with pytest.raises(openai.InternalServerError):
        ask(client, "demo-429+500", "Collect both")
    assert is_valid(ask(client, "demo-429+500", "Collect both"))


async def test_concurrent_requests_are_refused_once_each(root_url: str) -> None:
    async with httpx.AsyncClient(base_url=root_url) as client:

        async def status(goal: str) -> int:
            body = {"model": "demo-429", "messages": [goal_message(goal)]}
            return (await client.post("/v1/chat/completions", json=body)).status_code

        goals = [f"Collect at once {number}" for number in range(10)]
        statuses = await asyncio.gather(*(status(goal) for goal in goals * 2))
    assert sorted(statuses) == [200] * 10 + [429] * 10


@pytest.mark.parametrize("stream", [True, False])
def test_a_cut_reply_ends_in_the_middle_once(http: httpx.Client, stream: bool) -> None:
    body = {"model": "demo-cut", "messages": [goal_message(f"Collect cut {stream}")], "stream": stream}
    received = bytearray()
    with http.stream("POST", "/v1/chat/completions", json=body) as response, pytest.raises(httpx.RemoteProtocolError):
        receive(response, received)
    assert len(received) > 100
    assert b"[DONE]" not in received
    assert b"finish_reason" not in received or b'"finish_reason":null' in received
    assert http.post("/v1/chat/completions", json=body).status_code == 200


@pytest.mark.parametrize("name", ["dirty-json", "bad-json", "wrong-schema"])
def test_a_bad_reply_is_mended_after_feedback(client: openai.OpenAI, name: str) -> None:
    bad = ask(client, f"demo-{name}", "Collect news and weather")
    try:
        assert not is_valid(bad)
        assert name == "wrong-schema"
    except ValueError:
        assert name != "wrong-schema"
    answer = {"role": "assistant", "content": bad}
    assert is_valid(ask(client, f"demo-{name}", "Collect news and weather", answer, FEEDBACK))
    assert ask(client, f"demo-{name}-always", "Collect news and weather", answer, FEEDBACK) == bad


def test_dirty_json_holds_the_plan(client: openai.OpenAI) -> None:
    text = ask(client, "demo-dirty-json", "Collect news")
    assert text.startswith("Here is the JSON")
    assert ",}\n```" in text


def test_length_ends_with_that_reason(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="demo-length", messages=[goal_message("Collect length")])
    assert reply.choices[0].finish_reason == "length"


def test_a_refusal_is_one_in_both_shapes(client: openai.OpenAI) -> None:
    messages = [goal_message("Collect refusals")]
    whole = client.chat.completions.create(model="demo-refuse", messages=messages)
    assert whole.choices[0].message.content is None
    stream = client.chat.completions.create(model="demo-refuse", messages=messages, stream=True)
    told = "".join(chunk.choices[0].delta.refusal or "" for chunk in stream)
    assert told == whole.choices[0].message.refusal


def test_a_key_can_be_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError) as refused:
        ask(client, "demo-401", "Collect keys")
    assert refused.value.code == "invalid_api_key"


def test_response_format_can_be_refused(client: openai.OpenAI) -> None:
    json_object = {"type": "json_object"}
    for model in ("demo-no-json-schema", "demo-no-response-format"):
        with pytest.raises(openai.BadRequestError, match="json_schema") as refused:
            ask(client, model, "Collect formats")
        assert refused.value.param == "response_format"
    assert is_valid(ask(client, "demo-no-json-schema", "Collect formats", response_format=json_object))
    with pytest.raises(openai.BadRequestError, match="json_object"):
        ask(client, "demo-no-response-format", "Collect formats", response_format=json_object)
    text = ask(client, "demo-no-response-format", "Collect formats", response_format=openai.omit)
    assert is_valid(text.split("```json\n")[1].split("\n```")[0])


@pytest.mark.parametrize("stream", [True, False])
def test_tools_are_called_until_they_answered(client: openai.OpenAI, stream: bool) -> None:
    parameters = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
    tools = [{"type": "function", "function": {"name": "search", "parameters": parameters}}]
    messages: list[Any] = [{"role": "user", "content": "Find owls"}]
    asked: dict[str, Any] = {"model": "demo-tools", "tools": tools}
    if stream:
        chunks = [chunk.choices[0] for chunk in client.chat.completions.create(messages=messages, stream=True, **asked)]
        assert chunks[-1].finish_reason == "tool_calls"
        calls = [call for chunk in chunks for call in chunk.delta.tool_calls or ()]
        name, arguments = calls[0].function.name, "".join(call.function.arguments or "" for call in calls)
        call_id = calls[0].id
    else:
        choice = client.chat.completions.create(messages=messages, **asked).choices[0]
        assert choice.finish_reason == "tool_calls"
        (call,) = choice.message.tool_calls or ()
        name, arguments, call_id = call.function.name, call.function.arguments, call.id
    assert name == "search"
    assert "owls" in json.loads(arguments)["query"]
    called = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    asking = {"role": "assistant", "content": None, "tool_calls": [called]}
    answered = [*messages, asking, {"role": "tool", "tool_call_id": call_id, "content": "Two owls"}]
    assert client.chat.completions.create(messages=answered, **asked).choices[0].finish_reason == "stop"


def test_big_is_ten_megabytes(client: openai.OpenAI) -> None:
    text = ask(client, "demo-big", "Collect big things")
    assert len(text) > 10_000_000
    assert is_valid(text)


def test_nul_and_lone_surrogates_reach_the_client(client: openai.OpenAI) -> None:
    plan = json.loads(ask(client, "demo-nul", "Collect dirt"))
    assert plan["thought"].endswith("\x00\ud800")
    assert problems_of(plan) == []


def test_a_flood_is_of_single_characters(http: httpx.Client) -> None:
    body = {"model": "demo-flood", "messages": [goal_message("Collect floods")], "stream": True}
    assert http.post("/v1/chat/completions", json=body).text.count("data: ") > 1_200


async def test_slow_replies_come_at_the_pace_of_their_name() -> None:
    assert read_faults("demo-slow-2s").pace(0.0, 100) == 0.02
    assert read_faults("demo-slow-2s").first_pause() == 0
    assert read_faults("demo-slow").first_pause() > 0
    assert read_faults("demo-slow").pace(0.0, 100) > 0
    assert read_faults("demo").pace(0.01, 100) == 0.01
    assert read_faults("demo-flood").pace(0.01, 100) == 0
