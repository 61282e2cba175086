"""What a caller may do, and how much of it."""

from typing import Any

from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.throttling import SimpleRateThrottle

from sessions.callers import Caller, Right
from workflows.exceptions import NotAllowed, TooMany

WORDS = {
    Right.SEE: "see tasks",
    Right.RUN: "start tasks",
    Right.CANCEL: "cancel tasks",
    Right.WEBHOOKS: "manage webhooks",
}


def require(caller: Caller, right: Right) -> None:
    """Raises NotAllowed where the caller's group has not this right."""
    if not caller.may(right):
        raise NotAllowed(f"You may not {WORDS[right]} here. An administrator can allow it to you or to your group.")


def spend(caller: Caller) -> None:
    """Count a request that costs money. Raises TooMany beyond `THROTTLE_RUNS` per caller.

    The local user is not counted. Without Redis nothing is: a limit is not worth an outage.
    """
    if caller.is_local or not settings.THROTTLE_RUNS:
        return
    throttle = _Runs(caller)
    try:
        # The key is the caller, whatever the request and the view.
        allowed = throttle.allow_request(None, None)  # type: ignore[arg-type]
    except (RedisError, OSError):
        return
    if not allowed:
        raise TooMany(
            f"You have started more than {settings.THROTTLE_RUNS.replace('/', ' tasks a ')}. Wait a moment.",
            retry_after=max(1, round(throttle.wait() or 1)),
        )


class _Runs(SimpleRateThrottle):
    scope = "runs"

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        super().__init__()

    def get_rate(self) -> str:
        return str(settings.THROTTLE_RUNS)

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"throttle.runs.{self._caller.user.pk}.{self._caller.group_id}"
