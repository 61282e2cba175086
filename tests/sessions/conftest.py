from collections.abc import Iterator

import pytest

from sessions.callers import Caller
from sessions.models import ApiToken
from tests.sessions.recorder import Recorder, recording
from tests.stack import Stack

ALLOWED_ORIGIN = "https://app.example"


@pytest.fixture(scope="session")
def token(caller: Caller) -> str:
    """A token of the local user, for where being local is not enough."""
    return ApiToken.issue(name="tests", user_id=caller.user.pk, group_id=caller.group_id)[1]


@pytest.fixture(scope="session")
def recorder(stack: Stack) -> Iterator[Recorder]:
    with recording(f"http://127.0.0.1:{stack.demo_port}/v1") as running:
        yield running


@pytest.fixture(scope="session")
def guarded_url(stack: Stack, recorder: Recorder) -> str:
    """A second web process on the same rows: without local access, and with one more endpoint for models allowed."""
    _, url = stack.start_web(
        "guarded",
        LOCAL_ACCESS="0",
        LLM_ALLOWED_BASE_URLS=recorder.url,
        CORS_ALLOWED_ORIGINS=ALLOWED_ORIGIN,
    )
    return url
