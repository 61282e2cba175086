"""A group of its own, its webhooks, and who receives them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests

from sessions.callers import Caller, Right
from tests.http.asking import bearer
from tests.sessions.test_rights import caller_with
from tests.webhooks.receiver import Receiver
from workflows.models import Webhook


class Hook:
    """A webhook as its owner has it: the id, the secret, and the API over it."""

    def __init__(self, api: str, headers: dict[str, str], body: dict[str, Any]) -> None:
        answer = requests.post(api, json={"name": "test", **body}, headers=headers)
        assert answer.status_code == 201, answer.text
        self.id, self.secret = answer.json()["webhook_id"], answer.json()["secret"]
        self._url, self._headers = f"{api}/{self.id}", headers

    def ask(self, method: str, path: str = "", **body: Any) -> Any:
        """The answer's JSON; of a refusal, too."""
        return requests.request(method, self._url + path, json=body or None, headers=self._headers).json()

    def delivery(self, task_id: object) -> dict[str, Any]:
        rows = self.ask("GET", "/deliveries?page_size=500")["results"]
        found: dict[str, Any] = next(row for row in rows if row["task_id"] == str(task_id))
        return found


Register = Callable[..., Hook]


@pytest.fixture(scope="module")
def member(database: None) -> tuple[Caller, dict[str, str]]:
    """Somebody of a group that only these tests have, and the headers of a request."""
    caller, token = caller_with(*Right)
    return caller, bearer(token)


@pytest.fixture
def register(url: str, member: tuple[Caller, dict[str, str]]) -> Iterator[Register]:
    """Registers webhooks, which are gone after the test."""
    made: list[Hook] = []

    def make(**body: Any) -> Hook:
        made.append(Hook(f"{url}/api/v1/webhooks", member[1], body))
        return made[-1]

    yield make
    Webhook.objects.filter(pk__in=[hook.id for hook in made]).delete()


@contextmanager
def _opened() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.open()
    yield receiver
    receiver.close()


@pytest.fixture
def open_receiver() -> Iterator[Callable[[], Receiver]]:
    with ExitStack() as opened:
        yield lambda: opened.enter_context(_opened())
