"""How long a delivery waits for its next attempt."""

import pytest

from workflows.outgoing.posting import Reply
from workflows.services.deliveries import FIRST_DELAY_S, JITTER, LONGEST_DELAY_S, delay_after


@pytest.mark.parametrize("attempts", [1, 2, 5, 50])
def test_it_doubles_up_to_an_hour_and_is_spread(attempts: int) -> None:
    delays = [delay_after(attempts, Reply(503)) for _ in range(100)]
    middle = min(FIRST_DELAY_S * 2 ** (attempts - 1), LONGEST_DELAY_S)
    assert middle * (1 - JITTER) <= min(delays) < max(delays) <= min(middle * (1 + JITTER), LONGEST_DELAY_S)


def test_a_receiver_may_ask_for_more_time_and_not_for_less() -> None:
    assert delay_after(1, Reply(503, retry_after=600.0)) == 600.0
    assert delay_after(1, Reply(503, retry_after=86_400.0)) == LONGEST_DELAY_S
    assert delay_after(9, Reply(503, retry_after=0.0)) > FIRST_DELAY_S
