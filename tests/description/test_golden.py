"""The document says of the server what it was recorded to answer: bodies, and each frame of each stream."""

import pytest

from tests.description.checking import Checker
from tests.description.golden import Exchange, exchanges

UNDESCRIBED = (404, 405)
"""How the server answers to what is not in the document."""


@pytest.mark.parametrize("exchange", list(exchanges()), ids=str)
def test_every_recorded_answer_is_as_described(checker: Checker, exchange: Exchange) -> None:
    operation = checker.operation(exchange.method, exchange.path)
    if operation is None:
        assert exchange.status in UNDESCRIBED
        return
    assert str(exchange.status) in operation["responses"]
    answer = checker.answer(operation, exchange.status)
    if not exchange.content_type:
        assert "content" not in answer
    elif exchange.is_stream:
        frames = exchange.frames()
        assert frames
        for frame in frames:
            checker.check_frame(answer, exchange.content_type, frame)
    else:
        checker.check(answer["content"][exchange.content_type.partition(";")[0]]["schema"], exchange.value())


def test_all_of_them_were_found() -> None:
    found = list(exchanges())
    assert len(found) > 40
    assert sum(exchange.is_stream for exchange in found) >= 6
