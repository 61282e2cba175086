"""The fastWorkflow API as tests use it."""

import json
import uuid
from typing import Any

import requests

from tests.streaming.sse import Message, parse

CREATE = "create a todo to buy milk"


class User:
    """A new user of the local caller's group, or of a token's."""

    def __init__(self, url: str, token: str | None = None, **initial: Any) -> None:
        self.name = f"user-{uuid.uuid4().hex[:12]}"
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.post("initialize", **initial)
        assert answer.json() == {"user_id": self.name}, answer.text

    def post(self, path: str, *, headers: Any = None, stream: bool = False, **body: Any) -> requests.Response:
        return requests.post(
            f"{self._url}/{path}",
            json={"user_id": self.name, **body},
            headers={**self._headers, **(headers or {})},
            stream=stream,
            timeout=60,
        )

    def ask(self, query: str = CREATE, how: str = "invoke_agent", **body: Any) -> dict[str, Any]:
        """The answer of a blocking call that goes well."""
        response = self.post(how, user_query=query, **body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def do(self, command: str, **parameters: Any) -> str:
        """The response to an action."""
        action = {"command_name": command, "parameters": parameters}
        return response_of(self.post("perform_action", action=action).json())

    def frames(self, query: str = CREATE, **body: Any) -> list[Message]:
        return frames_of(self.post("invoke_agent_stream", user_query=query, **body))

    def conversations(self, **query: Any) -> list[dict[str, Any]]:
        asked = {"user_id": self.name, **query}
        answer: list[dict[str, Any]] = requests.get(
            f"{self._url}/conversations", params=asked, headers=self._headers, timeout=30
        ).json()
        return answer


def frames_of(response: requests.Response) -> list[Message]:
    assert response.status_code == 200, response.text
    return list(parse(response.text))


def lines_of(response: requests.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.split("\n") if line]


def response_of(output: dict[str, Any]) -> str:
    (response,) = output["command_responses"]
    return str(response["response"])


def errors_of(frames: list[Message]) -> list[str]:
    """The details of a stream that is one error and nothing else."""
    assert [frame.event for frame in frames] == ["error"], frames
    return [frame.data["detail"] for frame in frames]
