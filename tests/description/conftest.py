"""The document, as the code makes it and as tests check with it."""

import pytest
from schemathesis.pytest.plugin import SchemathesisFunction

from tests.description.checking import Checker
from workflows.description.schema import document


def pytest_itemcollected(item: pytest.Item) -> None:
    """Schemathesis names tests by their operations, but gives all of them one id."""
    if isinstance(item, SchemathesisFunction):
        item._id = item.id.with_params(item.operation_label)


@pytest.fixture(scope="session")
def checker() -> Checker:
    return Checker(document())
