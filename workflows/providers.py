"""Which model serves: the configured provider, and what a request may choose instead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from workflows.engine.llm.settings import DEMO, ModelSettings
from workflows.exceptions import Invalid
from workflows.models.task import MODEL_KEY
from workflows.placeholders import is_placeholder

OPENAI_URL = "https://api.openai.com/v1"

OPTIONS = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "reasoning_effort", "timeout")
"""What of a request's `llm_config` goes on to the model."""


@dataclass(frozen=True)
class Provider:
    """An endpoint and the server's own key for it."""

    name: str
    base_url: str
    api_key: str = field(repr=False)


@dataclass(frozen=True)
class Choice:
    """A request's model: what is stored openly, and what is stored encrypted."""

    params: dict[str, Any]
    secrets: dict[str, str] = field(repr=False)


def configured_provider() -> Provider:
    """The demo model where nothing is configured."""
    key, url = settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL
    if not key and not url:
        return Provider(DEMO, settings.DEMO_MODEL_URL, "demo")
    return Provider(_name_of(url or OPENAI_URL), url or OPENAI_URL, key)


def choose(llm_config: Mapping[str, Any]) -> Choice:
    """The model that a request asks for. Raises Invalid for an endpoint that is not allowed.

    The provider decides, not the key: with the demo model, and for placeholders from a document, a key is ignored. The
    server's own key never goes to another endpoint than its own.
    """
    provider = configured_provider()
    key = llm_config.get("openai_key") or ""
    if is_placeholder(key):
        key = ""
    asked = (llm_config.get("base_url") or llm_config.get("api_base") or "").rstrip("/")
    elsewhere = bool(asked) and asked != provider.base_url.rstrip("/")
    if elsewhere and provider.name == DEMO and not key and asked == OPENAI_URL:
        elsewhere = False
    if elsewhere and asked not in [url.rstrip("/") for url in settings.LLM_ALLOWED_BASE_URLS]:
        raise Invalid.at(
            "body",
            "llm_config",
            "base_url",
            msg=f"This server does not send requests to {_shown(asked)}. Leave base_url out, or have an administrator "
            "add it to LLM_ALLOWED_BASE_URLS.",
        )
    if provider.name == DEMO and not elsewhere:
        key = ""
    params: dict[str, Any] = {"model": llm_config.get("model") or settings.OPENAI_MODEL}
    params |= {name: llm_config[name] for name in OPTIONS if llm_config.get(name) is not None}
    if elsewhere:
        params["base_url"] = asked
    return Choice(params, {MODEL_KEY: key} if key else {})


def model_settings(params: Mapping[str, Any], secrets: Mapping[str, str]) -> ModelSettings:
    """What `choose` stored, made ready for a call."""
    options = {name: params[name] for name in OPTIONS if name in params}
    provider = configured_provider()
    if base_url := params.get("base_url"):
        provider = Provider(_name_of(base_url), base_url, "")
    return ModelSettings(
        provider=provider.name,
        base_url=provider.base_url,
        api_key=secrets.get(MODEL_KEY) or provider.api_key,
        model=params["model"],
        **options,
    )


def _name_of(base_url: str) -> str:
    return "openai" if base_url.rstrip("/") == OPENAI_URL else (urlsplit(base_url).hostname or "custom")


def _shown(url: str) -> str:
    """The address without a name and password that may stand in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()[:200]
