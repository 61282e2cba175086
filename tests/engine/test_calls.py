"""What the endpoint can do to a call, over real HTTP. Waits are written down, not waited."""

import asyncio
import json
import logging

import pytest

from workflows.engine.graphs.graph import validate
from workflows.engine.memory import MemoryJournal
from workflows.events import Kind
from workflows.exceptions import ModelFailed, ModelUnusable

from .scripted import PLAN, agent_for_node, fails, hangs, says, streams


def retried(bench):
    return [(e["attempt"], e["reason"], e["status"], e["delay_s"]) for e in bench.journal.of(Kind.MODEL_RETRIED)]


async def test_a_rate_limit_is_waited_for_as_asked(bench):
    bench.endpoint.on("workflow_plan", fails(429, retry_after="7"), fails(429, retry_after="3600"), says(PLAN))
    assert validate(await bench.generate()) == []
    assert retried(bench) == [(1, "rate limited", 429, 7.0), (2, "rate limited", 429, 60.0)]
    assert bench.waits == [7.0, 60.0]
    (first, _) = bench.journal.of(Kind.MODEL_RETRIED)
    assert (first["call"], first["stage"], first["node"]) == ("plan/1", "plan", None)


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 529])
async def test_an_endpoint_in_trouble_is_tried_again(bench, status):
    bench.endpoint.on("workflow_plan", fails(status), fails(status), fails(status), says(PLAN))
    assert validate(await bench.generate()) == []
    assert bench.waits == [1.0, 2.0, 4.0]
    assert retried(bench)[0][1:3] == (f"endpoint error {status}", status)


async def test_five_attempts_are_all(bench):
    bench.endpoint.on("workflow_plan", fails(500))
    with pytest.raises(ModelFailed) as failed:
        await bench.generate()
    assert failed.value.detail == (
        "The model endpoint failed 5 times, at last with: endpoint error 500. Try again later, or another model."
    )
    assert len(bench.endpoint.asked) == 5
    assert len(bench.waits) == 4


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (says(PLAN, cut=True), "connection lost while streaming"),
        (says(PLAN, finish=None), "the reply was cut off"),
        (streams(b'data: {"choices": [\n\n'), "the endpoint sent a broken stream"),
        (streams(b"data: 7\n\n"), "the endpoint sent a broken stream"),
        (streams(b'data: {"choices": {"a": 1}}\n\n'), "the endpoint sent a broken stream"),
        (streams(b'data: {"error": {"message": "sk-secret", "code": 500}}\n\n'), "endpoint error while streaming"),
        (streams(b"<html>hello</html>"), "the reply was cut off"),
    ],
    ids=["cut", "unfinished", "half json", "number", "odd choices", "error", "html"],
)
async def test_a_broken_stream_is_tried_again(bench, broken, reason):
    bench.endpoint.on("workflow_plan", broken, says(PLAN))
    assert validate(await bench.generate()) == []
    assert retried(bench) == [(1, reason, None, 1.0)]


async def test_only_the_count_of_tokens_may_be_lost_after_the_finish(bench):
    text = json.dumps({"choices": [{"index": 0, "delta": {"content": json.dumps(PLAN)}, "finish_reason": "stop"}]})
    bench.endpoint.on("workflow_plan", streams(f"data: {text}\n\n".encode(), b"data: {\n\n"))
    assert validate(await bench.generate()) == []
    assert retried(bench) == []
    done = bench.journal.of(Kind.MODEL_COMPLETED)[0]
    assert (done["usage"], done["cost_usd"], done["price"]) == (None, None, "unknown")


async def test_silence_is_given_up(bench):
    bench.endpoint.on("workflow_plan", hangs, says(PLAN))
    assert validate(await bench.generate(timeout=0.2)) == []
    assert retried(bench) == [(1, "no answer in time", None, 1.0)]


async def test_an_endpoint_that_is_not_there_names_the_setting(bench):
    with pytest.raises(ModelFailed) as failed:
        await bench.generate(base_url="http://127.0.0.1:9/v1")
    assert failed.value.detail == (
        "The model endpoint failed 5 times, at last with: the endpoint cannot be reached. "
        "Check llm_config.base_url or OPENAI_BASE_URL."
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (fails(401, {"message": "Incorrect API key provided: sk-secret", "code": "sk-secret"}), "refused the key"),
        (fails(402), "no credit left"),
        (fails(403), "may not use the model 'gpt-4o-mini'"),
        (fails(404), "has no model 'gpt-4o-mini'"),
        (fails(413), "Shorten the goal"),
        (fails(429, {"message": "sk-secret", "code": "insufficient_quota"}), "no credit left"),
        (fails(400, {"message": "sk-secret", "code": "context_length_exceeded"}), "(400, context_length_exceeded)"),
        (fails(400, {"message": "sk-secret", "code": "sk-secret"}), "refused the request (400)."),
        (fails(302, Location="http://127.0.0.1:9/"), "redirects (302), which is not followed"),
    ],
)
async def test_a_refusal_is_final_and_says_what_to_do(bench, answer, words, caplog):
    bench.endpoint.on("workflow_plan", answer)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ModelFailed) as failed:
        await bench.generate()
    assert words in failed.value.detail
    assert len(bench.endpoint.asked) == 1
    assert "sk-secret" not in str(failed.value) + str(bench.journal.events) + repr(bench.settings())
    assert "sk-secret" not in "".join(r.getMessage() for r in caplog.records)


async def test_a_key_that_cannot_be_one_is_not_sent(bench):
    for key in ("ключ", "sk\nX-Other: 1"):
        with pytest.raises(ModelFailed, match="characters that no key has"):
            await bench.generate(api_key=key)
    assert bench.endpoint.asked == []


async def test_an_address_that_is_no_url_is_named(bench):
    with pytest.raises(ModelFailed, match="base_url"):
        await bench.generate(base_url="http://[:::")


async def test_no_key_of_the_environment_replaces_a_missing_one(bench, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-operator")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-operator")
    await bench.generate(api_key="")
    assert bench.endpoint.asked[0].headers["authorization"] == "Bearer none"
    assert "operator" not in str(bench.endpoint.asked[0].headers)


async def test_two_tasks_at_once_keep_their_keys_and_cookies_apart(bench):
    both = asyncio.Barrier(2)

    async def together(asked, writer):
        await both.wait()
        await agent_for_node(asked, writer)

    bench.endpoint.on("node_agents", together)
    one = bench.generate("Goal one", api_key="sk-one", journal=MemoryJournal())
    two = bench.generate("Goal two", api_key="sk-two", journal=MemoryJournal())
    async with asyncio.timeout(10):
        await asyncio.gather(one, two)
    for asked in bench.endpoint.asked:
        number = "one" if "Goal one" in asked.body["messages"][1]["content"] else "two"
        assert asked.headers["authorization"] == f"Bearer sk-{number}"
        assert "cookie" not in asked.headers


def refuses(field, **wanted):
    """Refuse requests that have the field, as OpenAI does; `wanted` is the answer to the others."""

    async def answer(asked, writer):
        value = asked.body.get(field)
        refused = value is not None and (not wanted or value.get("type") in wanted["types"])
        error = {"message": f"Unsupported: '{field}'", "param": field, "code": "unsupported_parameter"}
        right = says(PLAN) if asked.about == "workflow_plan" else agent_for_node
        await (fails(400, error) if refused else right)(asked, writer)

    return answer


async def test_json_schema_falls_back_to_json_mode_and_then_to_text(bench):
    for refused, then in ((["json_schema"], {"type": "json_object"}), (["json_schema", "json_object"], None)):
        answer = refuses("response_format", types=refused)
        bench.endpoint.on("workflow_plan", answer)
        bench.endpoint.on("node_agents", answer)
        settings = {"model": f"model-{len(refused)}", "journal": MemoryJournal()}
        assert validate(await bench.generate(**settings)) == []
        assert bench.endpoint.asked[-1].body.get("response_format") == then
        asked = len(bench.endpoint.asked)
        await bench.generate(**settings | {"journal": MemoryJournal()})
        assert len(bench.endpoint.asked) == asked + 4, "what the endpoint refuses is remembered"


@pytest.mark.parametrize(
    ("settings", "field", "instead"),
    [
        ({"max_tokens": 900}, "max_tokens", {"max_completion_tokens": 900}),
        ({"max_completion_tokens": 900}, "max_completion_tokens", {"max_tokens": 900}),
        ({"temperature": 0.5}, "temperature", {}),
        ({"reasoning_effort": "low"}, "reasoning_effort", {}),
        ({}, "stream_options", {}),
    ],
)
async def test_a_field_that_is_refused_is_given_up_once(bench, settings, field, instead):
    bench.endpoint.on("workflow_plan", refuses(field))
    assert validate(await bench.generate(**settings)) == []
    first, second, *others = bench.endpoint.asked
    assert field in first.body
    assert field not in second.body
    assert instead.items() <= second.body.items()
    assert all(field not in asked.body for asked in others)
    assert [(e["status"], e["delay_s"]) for e in bench.journal.of(Kind.MODEL_RETRIED)] == [(400, 0.0)]
    assert bench.waits == []


async def test_a_limit_that_is_refused_under_both_names_ends(bench):
    error = {"message": "max_tokens or max_completion_tokens is too large", "code": "invalid"}
    bench.endpoint.on("workflow_plan", fails(400, error))
    with pytest.raises(ModelFailed):
        await bench.generate(max_tokens=10**9)
    assert len(bench.endpoint.asked) == 3


async def test_a_reply_at_its_token_limit_is_asked_for_shorter_and_then_names_the_setting(bench):
    cut_off = says('{"goal"', finish="length")
    bench.endpoint.on("workflow_plan", cut_off, says(PLAN))
    assert validate(await bench.generate(max_tokens=900)) == []
    assert "- the reply was cut off at the limit of its tokens" in bench.endpoint.asked[1].last_message
    assert bench.journal.of(Kind.MODEL_COMPLETED)[0]["usage"]["total_tokens"] == 1100
    bench.endpoint.on("workflow_plan", cut_off)
    with pytest.raises(ModelUnusable, match=r"reply shorter\. Raise llm_config\.max_tokens"):
        await bench.generate(journal=MemoryJournal())


async def test_a_refusal_of_the_model_is_told(bench):
    bench.endpoint.on("workflow_plan", says("", refusal="I cannot help with that."))
    with pytest.raises(ModelUnusable, match=r"declined this goal: I cannot help with that\."):
        await bench.generate()
    bench.endpoint.on("workflow_plan", says("", finish="content_filter"))
    with pytest.raises(ModelUnusable, match="content filter"):
        await bench.generate(journal=MemoryJournal())


async def test_a_model_that_does_not_stop_is_stopped(bench):
    bench.endpoint.on("workflow_plan", says("x" * 600_000))
    journal = MemoryJournal()
    for _ in range(2):  # the second time from the ledger
        with pytest.raises(ModelUnusable, match="did not stop writing"):
            await bench.generate(journal=journal)
    assert len(bench.endpoint.asked) == 1


async def test_a_reply_in_one_piece_is_told_in_several(bench):
    text = json.dumps({"thought": "\U0001f600" * 20_000} | PLAN | {"goal": "\x01" * 20_000})
    chunk = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]}
    bench.endpoint.on("workflow_plan", streams(f"data: {json.dumps(chunk)}\n\n".encode()))
    await bench.generate()
    assert "".join(e["text"] for e in bench.journal.of(Kind.MODEL_TEXT) if e["call"] == "plan/1") == text


async def test_a_stream_that_is_left_gives_its_connection_back(bench):
    """Cancelling a task in the middle of a reply closes the connection, and the next call works."""
    streaming = asyncio.Event()

    async def begin(asked, writer):
        await streams(b'data: {"choices": [{"index": 0, "delta": {"content": "{"}}]}\n\n')(asked, writer)
        streaming.set()
        await asyncio.Event().wait()

    bench.endpoint.on("workflow_plan", begin, says(PLAN))
    task = asyncio.create_task(bench.generate())
    await streaming.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert validate(await bench.generate(journal=MemoryJournal())) == []
