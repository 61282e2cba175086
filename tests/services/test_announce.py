"""What gathers while a message is under way goes out as one, and never with a hole in it."""

import json
import uuid
from datetime import UTC, datetime

from workflows.events import Kind
from workflows.models import EventRow, StreamKey
from workflows.services.announce import MAX_ROWS, MAX_ROWS_BYTES, Announcement

KEY = StreamKey("task", uuid.uuid4())


def event(seq: int, **data: object) -> EventRow:
    return EventRow(KEY.id, seq, None, None, Kind.TASK_PROGRESS, data, datetime.now(UTC))


def announced(*commits: list[EventRow]) -> tuple[int, list[int] | None]:
    """The last id, and the ids of the rows that go along, after these commits in this order."""
    first, *later = commits
    announcement = Announcement(KEY, first[-1].number_in(KEY), first)
    for events in later:
        announcement.add(events)
    message = announcement.message()
    rows = message["rows"] and [EventRow.from_list(row).seq for row in json.loads(message["rows"])]
    return message["last"], rows


def test_commits_that_follow_one_another_gather():
    assert announced([event(4)]) == (4, [4])
    assert announced([event(4), event(5)], [event(6)], [event(7), event(8)]) == (8, [4, 5, 6, 7, 8])


def test_another_process_wrote_between_two_commits():
    assert announced([event(4)], [event(6)]) == (6, None)
    assert announced([event(4)], [event(6)], [event(7)]) == (7, None)


def test_two_threads_bring_their_commits_in_the_wrong_order():
    assert announced([event(5)], [event(4)]) == (5, None)


def test_what_is_too_much_is_left_to_the_rows():
    assert announced([event(1, text="x" * MAX_ROWS_BYTES)]) == (1, None)
    many = [[event(seq)] for seq in range(1, MAX_ROWS + 10)]
    assert announced(*many) == (MAX_ROWS + 9, None)
