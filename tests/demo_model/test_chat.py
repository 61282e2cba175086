import asyncio
import json

import httpx
import jsonschema
import openai
import pytest

from tests.demo_model.asking import PLAN_FORMAT, PLAN_SCHEMA, format_of, goal_message, problems_of


def test_a_stream_has_every_chunk_that_openai_sends(http: httpx.Client) -> None:
    request = {
        "model": "gpt-4o-mini",
        "messages": [goal_message("Collect news")],
        "response_format": PLAN_FORMAT,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    response = http.post("/v1/chat/completions", json=request)
    assert response.headers["content-type"].startswith("text/event-stream")
    frames = response.text.removesuffix("\n\n").split("\n\n")
    assert frames.pop() == "data: [DONE]"
    chunks = [json.loads(frame.removeprefix("data: ")) for frame in frames]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk["model"] for chunk in chunks} == {"gpt-4o-mini"}
    assert {chunk["system_fingerprint"] for chunk in chunks} == {"demo"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    first, *deltas, last, usage = chunks
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert last["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == usage["usage"]["prompt_tokens"] + usage["usage"]["completion_tokens"]
    assert all(chunk["usage"] is None for chunk in [first, *deltas, last])
    pieces = [chunk["choices"][0]["delta"]["content"] for chunk in deltas]
    assert max(map(len, pieces)) < 80
    text = "".join(pieces)
    assert usage["usage"]["completion_tokens"] == -(-len(text.encode()) // 4)
    jsonschema.validate(json.loads(text), PLAN_SCHEMA)


async def test_both_ways_of_the_openai_client_give_the_same_bytes(root_url: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"{root_url}/v1", api_key="any", max_retries=0) as client:
        asked = {"model": "demo", "messages": [goal_message("Collect news")], "response_format": PLAN_FORMAT}
        whole, stream = await asyncio.gather(
            client.chat.completions.create(**asked), client.chat.completions.create(**asked, stream=True)
        )
        streamed = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert whole.choices[0].message.content == streamed
    assert whole.choices[0].finish_reason == "stop"
    assert whole.system_fingerprint == "demo"


def test_no_key_is_needed_and_models_are_listed(http: httpx.Client, client: openai.OpenAI) -> None:
    assert http.get("/health").json()["status"] == "healthy"
    names = {model.id for model in client.models.list()}
    assert {"demo", "demo-429", "demo-cut-always", "demo-slow"} <= names
    assert client.models.retrieve("demo").id == "demo"


def test_without_tags_the_last_user_message_is_the_goal(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="demo",
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "Collect cat pictures and email them to Ann"}]}
        ],
        response_format=PLAN_FORMAT,
    )
    plan = json.loads(reply.choices[0].message.content or "")
    assert [task["name"] for task in plan["sub_tasks"]] == ["collect_cat_pictures", "email_cat_pictures"]


def test_json_object_gets_what_the_messages_ask_for(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="demo", messages=[goal_message("Collect news")], response_format={"type": "json_object"}
    )
    assert problems_of(json.loads(reply.choices[0].message.content or "")) == []


def test_plain_text_is_a_paragraph_that_says_demo(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="demo", messages=[{"role": "user", "content": "Tell me about owls"}])
    text = reply.choices[0].message.content or ""
    assert "owls" in text
    assert "demo" in text


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3, "multipleOf": 2}}, "required": ["a"]},
        {"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 3, "maxItems": 4},
        {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 200, "maxLength": 210}]},
        {
            "$defs": {
                "tree": {
                    "type": "object",
                    "properties": {"left": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}},
                    "required": ["left"],
                }
            },
            "$ref": "#/$defs/tree",
        },
        {
            "allOf": [
                {"type": "object", "properties": {"when": {"type": "string", "format": "date"}}},
                {"required": ["when"]},
            ]
        },
        {"type": "object", "properties": {"n": {"type": ["number", "null"], "exclusiveMaximum": 0}}, "required": ["n"]},
        {"const": {"fixed": [1, 2]}},
        {},
    ],
)
def test_an_unknown_schema_gets_an_instance(client: openai.OpenAI, schema: dict[str, object]) -> None:
    reply = client.chat.completions.create(
        model="demo", messages=[{"role": "user", "content": "some owls"}], response_format=format_of("other", schema)
    )
    jsonschema.validate(json.loads(reply.choices[0].message.content or ""), schema)


def test_max_tokens_cuts_the_reply_off(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="demo", messages=[goal_message("Collect news")], max_tokens=5)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 5


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"goal=x", None),
        (b"\xff\xfe", None),
        (b"[" * 200_000, None),
        (b"[]", None),
        (b"{}", "model"),
        (b'{"model": 3}', "model"),
        (b'{"model": "demo"}', "messages"),
        (b'{"model": "demo", "messages": []}', "messages"),
        (b'{"model": "demo", "messages": "hi"}', "messages"),
        (b'{"model": "demo", "messages": [{"role": "king", "content": "x"}]}', "messages[0]"),
        (b'{"model": "demo", "messages": [{"role": ["user"], "content": "x"}]}', "messages[0]"),
        (b'{"model": "demo", "messages": [{"role": "user", "content": 5}]}', "messages[0].content"),
        (
            b'{"model": "demo", "messages": [{"role": "user", "content": "x"}], "response_format": "json"}',
            "response_format",
        ),
        (
            b'{"model": "demo", "messages": [{"role": "user", "content": "x"}], "response_format": {"type": {}}}',
            "response_format",
        ),
        (b'{"model": "demo", "messages": [{"role": "user", "content": "x"}], "tools": [{}]}', "tools[0].function"),
        (b'{"model": "demo", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0}', "max_tokens"),
    ],
)
def test_a_bad_body_is_refused_in_openais_shape(http: httpx.Client, body: bytes, param: str | None) -> None:
    response = http.post("/v1/chat/completions", content=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert error["message"]


@pytest.mark.parametrize("schema", [{"type": "spreadsheet"}, {"type": "array", "minItems": "x"}, {"required": 4}])
def test_a_schema_that_is_none_is_refused(client: openai.OpenAI, schema: dict[str, object]) -> None:
    with pytest.raises(openai.BadRequestError, match="Invalid schema"):
        client.chat.completions.create(
            model="demo", messages=[{"role": "user", "content": "x"}], response_format=format_of("other", schema)
        )


def test_other_paths_and_methods_are_refused_in_openais_shape(http: httpx.Client) -> None:
    assert http.post("/v1/completions").json()["error"]["message"] == "Invalid URL (POST /v1/completions)"
    assert http.get("/v1/chat/completions").status_code == 405


def test_a_message_of_five_megabytes_is_answered(client: openai.OpenAI) -> None:
    message = goal_message("Collect news and " + "x" * 5_000_000)
    reply = client.chat.completions.create(model="demo", messages=[message], response_format=PLAN_FORMAT)
    assert problems_of(json.loads(reply.choices[0].message.content or "")) == []


def test_a_body_beyond_the_limit_is_refused(http: httpx.Client) -> None:
    response = http.post("/v1/chat/completions", content=b" " * (33 * 1024 * 1024))
    assert response.status_code == 413
