"""Bad input is a 4xx that says what to change, and leaves nothing behind."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.http.asking import GENERATING, JSON, generation
from workflows.models import Task

LONGEST_GOAL = 10_000


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(url: str) -> Iterator[None]:
    before = Task.objects.count()
    yield
    assert Task.objects.count() == before


@pytest.fixture(autouse=True, scope="module")
def _the_server_still_answers(url: str) -> Iterator[None]:
    yield
    assert requests.get(f"{url}/health").json() == {"status": "healthy"}


def post(url: str, body: Any, path: str = GENERATING[1]) -> requests.Response:
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return requests.post(url + path, data=data, headers=JSON, timeout=60)


def assert_refused(response: requests.Response, *loc: str | int) -> str:
    """422 in FastAPI's shape, with a problem at this place. Returns what it says."""
    assert response.status_code == 422, response.text
    detail = response.json()["detail"]
    for problem in detail:
        assert problem.keys() == {"loc", "msg", "type"}
        assert problem["msg"]
    places = [tuple(problem["loc"]) for problem in detail]
    assert loc in places, places
    return str(detail[places.index(loc)]["msg"])


@pytest.mark.parametrize("path", GENERATING)
@pytest.mark.parametrize(
    "goal",
    ["", " ", "\n\t ", "\u200b", None, 5, 1.5, True, [], ["a"], {}, "x" * (LONGEST_GOAL + 1), "x" * 1_000_000, "a\0b"],
    ids=lambda goal: repr(goal)[:12],
)
def test_a_bad_goal(url: str, path: str, goal: Any) -> None:
    assert_refused(post(url, generation() | {"goal": goal}, path), "body", "goal")


@pytest.mark.parametrize("path", GENERATING)
def test_no_goal(url: str, path: str) -> None:
    assert assert_refused(post(url, {}, path), "body", "goal") == "This field is required."


@pytest.mark.parametrize("escaped", [r"\ud800", r"a\udfffb", r"\udc00\ud800"])
def test_half_a_surrogate_pair(url: str, escaped: str) -> None:
    assert "surrogate" in assert_refused(post(url, f'{{"goal": "{escaped}"}}'), "body", "goal")


def test_half_a_surrogate_pair_in_a_name(url: str) -> None:
    assert "surrogate" in assert_refused(post(url, r'{"goal": "Count", "\ud800": 1}'), "body")


@pytest.mark.parametrize(
    "timeout",
    ["0", "-1", "-0.0", '"5"', '"soon"', "true", "[]", "{}", "3600.001", "1e308", "1e999", "-1e999", "1" + "0" * 400],
    ids=lambda text: text[:12],
)
def test_a_bad_timeout(url: str, timeout: str) -> None:
    assert_refused(post(url, f'{{"goal": "Count", "timeout": {timeout}}}'), "body", "timeout")


@pytest.mark.parametrize("keep", ["", "maybe", "null", "2"])
def test_a_keep_that_says_neither(url: str, keep: str) -> None:
    assert_refused(post(url, generation(), f"/workflow/generate?keep={keep}"), "query", "keep")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have(url: str, constant: str) -> None:
    assert constant in assert_refused(post(url, f'{{"goal": "Count", "timeout": {constant}}}'), "body")


TEXT, NUMBER, WHOLE, TRUTH = "text", 0.5, 5, True
OF_TYPE: dict[str, Any] = {
    "llm_type": TEXT,
    "model": TEXT,
    "openai_key": TEXT,
    "base_url": TEXT,
    "api_base": TEXT,
    "reasoning_effort": TEXT,
    "temperature": NUMBER,
    "top_p": NUMBER,
    "timeout": NUMBER,
    "max_tokens": WHOLE,
    "max_completion_tokens": WHOLE,
    "stream": TRUTH,
    "output_response": TRUTH,
}
WRONG: dict[Any, list[Any]] = {
    TEXT: [5, True, [], {}, ["text"]],
    NUMBER: ["0.5", True, [], {}],
    WHOLE: ["5", 5.5, True, [], {}],
    TRUTH: ["true", "yes", 1, 0, [], {}],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, right in OF_TYPE.items() for value in WRONG[right]]
)
def test_a_wrong_type_in_llm_config(url: str, field: str, value: Any) -> None:
    assert_refused(
        post(url, {"goal": "Count", "llm_config": {"model": "demo", field: value}}), "body", "llm_config", field
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("top_p", 1.1),
        ("max_tokens", 0),
        ("max_tokens", 2**31),
        ("timeout", 0),
        ("timeout", 4000),
        ("model", "m" * 201),
        ("model", ""),
        ("model", None),
        ("openai_key", "k" * 1001),
    ],
)
def test_a_value_out_of_range_in_llm_config(url: str, field: str, value: Any) -> None:
    assert_refused(
        post(url, {"goal": "Count", "llm_config": {"model": "demo", field: value}}), "body", "llm_config", field
    )


def test_an_llm_config_without_a_model(url: str) -> None:
    assert_refused(post(url, {"goal": "Count", "llm_config": {}}), "body", "llm_config", "model")


@pytest.mark.parametrize("config", [[], "gpt", 5, True, [{"model": "m"}]], ids=repr)
def test_an_llm_config_that_is_no_object(url: str, config: Any) -> None:
    assert "object" in assert_refused(post(url, {"goal": "Count", "llm_config": config}), "body", "llm_config")


@pytest.mark.parametrize("name", ["base_url", "api_base"])
@pytest.mark.parametrize(
    "endpoint",
    [
        "http://model.example/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:8443/v1",
        "https://api.openai.com.evil.example/v1",
        "https://api.openai.com/v1/../v2",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:6379/",
        "file:///etc/passwd",
        "nonsense",
        "//model.example/v1",
        "http://",
        "http://[::1",
        "http://model.example:port/v1",
        "http://model.example/v1?key=canary",
        "http://user:canary@model.example/v1",
        "http://user:canary @model.example/v1",
        "http://a@user:canary@model.example/v1",
        "user:canary@model.example",
        "https://user:canary@api.openai.com/v1",
        "http://model\n.example/",
        "\x1e\x1f",
    ],
)
def test_an_unknown_endpoint(url: str, name: str, endpoint: str) -> None:
    response = post(url, {"goal": "Count", "llm_config": {"model": "m", name: endpoint}})
    field = name if "an address" in response.text else "base_url"
    assert_refused(response, "body", "llm_config", field)
    assert "canary" not in response.text


@pytest.mark.parametrize(
    "servers",
    [
        {"mcpServers": {"shell": {"command": "sh"}}},
        {"mcpServers": {"shell": {"command": "sh", "args": ["-c", "id"], "env": {"A": "b"}}}},
        {"mcpServers": {"both": {"url": "https://mcp.example", "command": "sh"}}},
        {"mcpServers": {"web": {"url": "https://mcp.example"}}},
        {"mcpServers": {"web": {"url": "http://127.0.0.1:6379"}}},
        {"mcpServers": {"web": 5}},
        {"mcpServers": {"web": None}},
        {"mcpServers": {"web": {}}},
        {"mcpServers": []},
        {"mcpServers": None},
        {"mcpServers": "web"},
        {"command": "sh"},
        {"servers": {}},
        [],
        [{"command": "sh"}],
        "",
        "sh",
        0,
        5,
        False,
        True,
    ],
    ids=lambda servers: json.dumps(servers)[:50],
)
def test_mcp_servers(url: str, servers: Any) -> None:
    response = post(url, {"goal": "Count", "mcp_config": servers})
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert problem["loc"][:2] == ["body", "mcp_config"]


def test_a_command_says_why_it_is_refused(url: str) -> None:
    response = post(url, {"goal": "Count", "mcp_config": {"mcpServers": {"shell": {"command": "sh"}}}})
    said = assert_refused(response, "body", "mcp_config", "mcpServers", "shell", "command")
    assert "would run on the server" in said


def test_all_wrong_fields_are_named_at_once(url: str) -> None:
    response = post(url, {"goal": "", "llm_config": {"model": 1, "top_p": "x"}, "timeout": 0})
    for loc in (("goal",), ("llm_config", "model"), ("llm_config", "top_p"), ("timeout",)):
        assert_refused(response, "body", *loc)


def test_a_closed_session(url: str) -> None:
    client = requests.post(f"{url}/connect").json()["client_id"]
    requests.delete(f"{url}/client/{client}")
    response = post(url, generation(), f"/client/{client}/workflow/generate")
    assert response.status_code == 409
    assert "POST /connect" in response.json()["detail"]
