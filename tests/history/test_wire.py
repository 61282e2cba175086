"""Frames off the wire."""

from typing import Any

import pytest

from tests.history.wire import JsonLines, ServerSentEvents, number_of


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("parser", "wire"),
    [
        (
            ServerSentEvents,
            b'retry: 2000\n\nid: 1\nevent: a\ndata: {"x":1}\n\n: heartbeat\n\nevent: b\ndata: {}\n\nid: 2\n',
        ),
        (JsonLines, b'\n{"id":1,"event":"a","data":{"x":1}}\n\n{"event":"b","data":{}}\n{"id":2,'),
    ],
)
def test_frames_are_taken_whole_however_they_are_cut(parser: Any, wire: bytes, size: int) -> None:
    frames = parser()
    cut = [wire[at : at + size] for at in range(0, len(wire), size)]
    assert [frame for part in cut for frame in frames.take(part)] == [(1, "a", {"x": 1}), (None, "b", {})]


def test_ids_of_a_conversation_are_in_order_as_numbers() -> None:
    written = ["1-1", "1-2", "1-10", "2-1", "10-1"]
    assert sorted(written, key=number_of) == written
    assert number_of("7") == 7
