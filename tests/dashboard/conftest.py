from collections.abc import Iterator

import pytest
import requests

from tests.dashboard.pages import Pages
from tests.stack import Stack


@pytest.fixture
def pages(url: str) -> Iterator[Pages]:
    """The pages as the local user gets them."""
    with requests.Session() as session:
        yield Pages(session, url)


@pytest.fixture(scope="session")
def guarded_pages(stack: Stack) -> str:
    """A web process without local access."""
    return stack.start_web("guarded-pages", LOCAL_ACCESS="0")[1]
