"""From a request of this dialect to a task."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from sessions.callers import Caller
from sessions.models import ClientSession
from workflows import providers, services
from workflows.dialects.evoagentx.serializers import GenerateSerializer, ignored_keys
from workflows.http.access import spend
from workflows.http.idempotency import idempotency_of
from workflows.http.views import validated
from workflows.models import Job, Task


def submit_generation(request: HttpRequest, caller: Caller, body: Any, *, session: ClientSession | None = None) -> Task:
    """Validate the body and submit a generation. Raises Invalid, TooMany, or Conflict for a session that is closed."""
    asked: Mapping[str, Any] = validated(GenerateSerializer, body)
    choice = providers.choose(asked.get("llm_config") or {})
    spend(caller)
    return services.submit(
        caller,
        services.Submission(
            job=Job.GENERATE,
            goal=asked["goal"],
            params={"llm_config": choice.params},
            secrets=choice.secrets,
            timeout_seconds=asked["timeout"],
            ignored=ignored_keys(body),
            session=session,
            idempotency=idempotency_of(request),
        ),
    )
