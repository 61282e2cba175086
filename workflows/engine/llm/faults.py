"""What went wrong with a call: whether another attempt makes sense, and what a person can do if not.

The words are ours. A library's or an endpoint's message may quote the key, the address or the prompt.
"""

import re
from dataclasses import dataclass
from typing import Final

import openai

from workflows.engine.llm.settings import ModelSettings
from workflows.exceptions import ModelFailed
from workflows.retry_after import retry_after_s

# 402 and a 429 with this code mean an empty account, which waiting does not fill.
QUOTA_CODES: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})

CHECK_KEY: Final = "Check llm_config.openai_key or OPENAI_API_KEY."
CHECK_URL: Final = "Check llm_config.base_url or OPENAI_BASE_URL."


_NO_TOOLS: Final = re.compile(r"support (the )?(tool|function)", re.IGNORECASE)


class StreamLost(Exception):
    """A reply that began and did not end. `reason` is in our words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


CallError = openai.APIError | StreamLost


@dataclass(frozen=True)
class Fault:
    """A failure that may pass: the reason in our words, the HTTP status, the wait that was asked for."""

    reason: str
    status: int | None = None
    retry_after_s: float | None = None


def passing(error: CallError) -> Fault | None:
    """The fault, or None if the endpoint would answer the same again."""
    match error:
        case StreamLost():
            return Fault(error.reason)
        case openai.APIStatusError():
            return _passing_status(error)
        case openai.APITimeoutError():
            return Fault("no answer in time")
        case openai.APIConnectionError():
            return Fault("the endpoint cannot be reached")
    return None


def failure(error: CallError, settings: ModelSettings, attempts: int) -> ModelFailed:
    """What the task ends with."""
    fault = passing(error)
    if fault is not None:
        hint = CHECK_URL if isinstance(error, openai.APIConnectionError) else "Try again later, or another model."
        return ModelFailed(f"The model endpoint failed {attempts} times, at last with: {fault.reason}. {hint}")
    if isinstance(error, openai.APIStatusError):
        return ModelFailed(_refusal(error, settings))
    return ModelFailed(f"The model endpoint sent an answer that is no chat completion. {CHECK_URL}")


def _passing_status(error: openai.APIStatusError) -> Fault | None:
    status = error.status_code
    asked = retry_after_s(error.response.headers.get("retry-after"))
    if status == 429:
        return None if error.code in QUOTA_CODES else Fault("rate limited", status, asked)
    if status in (408, 409) or status >= 500:
        return Fault(f"endpoint error {status}", status, asked)
    return None


def _refusal(error: openai.APIStatusError, settings: ModelSettings) -> str:
    if error.status_code in (400, 404, 422) and _NO_TOOLS.search(error.message):
        return f"The model {settings.model!r} cannot call tools. Use another one, or set tool_names to null."
    match error.status_code:
        case 401:
            return f"The model endpoint refused the key. {CHECK_KEY}"
        case 402 | 429:
            return "The model account has no credit left. Check its billing, or use another key."
        case 403:
            return f"The key may not use the model {settings.model!r} at this endpoint. {CHECK_KEY}"
        case 404:
            return f"The endpoint has no model {settings.model!r}. Check llm_config.model. {CHECK_URL}"
        case 413:
            return "The request is too large for the model endpoint. Shorten the goal."
        case status if status < 400:
            return f"The model endpoint redirects ({status}), which is not followed. {CHECK_URL}"
        case status:
            told = f"{status}{_code(error, settings)}"
            return f"The model endpoint refused the request ({told}). Check llm_config."


def _code(error: openai.APIStatusError, settings: ModelSettings) -> str:
    """The endpoint's error code, if it is a plain word and not the key."""
    code = error.code or ""
    is_plain = re.fullmatch(r"[a-z_]{1,60}", code) is not None
    return f", {code}" if is_plain and code != settings.api_key else ""


def status_of(error: CallError) -> int | None:
    """The HTTP status of a refusal."""
    return error.status_code if isinstance(error, openai.APIStatusError) else None
