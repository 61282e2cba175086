from datetime import UTC, datetime

import pytest

from workflows.engine.llm.retries import Retries
from workflows.retry_after import retry_after_s

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after_s(header, NOW) == seconds


def test_the_wait_grows_with_jitter_and_is_bounded():
    most, least = Retries(chance=lambda: 1.0), Retries(chance=lambda: 0.0)
    assert [most.delay_s(n, None) for n in (1, 2, 3, 9)] == [1.0, 2.0, 4.0, 20.0]
    assert [least.delay_s(n, None) for n in (1, 2, 3, 9)] == [0.5, 1.0, 2.0, 10.0]


def test_what_the_endpoint_asks_for_goes_first_up_to_a_minute():
    assert Retries().delay_s(1, 12.0) == 12.0
    assert Retries().delay_s(1, 3600.0) == 60.0
