from collections.abc import Iterator

import pytest

from tests.parallel import redis_url
from tests.stack import Process, Stack


@pytest.fixture
def doomed(stack: Stack) -> Iterator[tuple[Process, str]]:
    """A worker and a web server with a queue of their own, so that the worker surely gets what the server takes."""
    queue = redis_url(1)
    worker = stack.start_worker("doomed", REDIS_URL=queue)
    stack.wait_for_worker("doomed")
    web, url = stack.start_web("web-of-the-doomed", REDIS_URL=queue)
    yield worker, url
    web.stop()
    worker.stop()
