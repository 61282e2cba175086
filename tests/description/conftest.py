"""The document, as the code makes it and as tests check with it."""

import pytest

from tests.description.checking import Checker
from workflows.description.schema import document


@pytest.fixture(scope="session")
def checker() -> Checker:
    return Checker(document())
