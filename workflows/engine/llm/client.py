"""The way to a model: whose it is, how it is reached, and the HTTP client that all calls of a process share.

Chat Completions through the `openai` library, since any compatible endpoint speaks it. The library's own
retries are off: ours are told as events (`calls.py`).
"""

import asyncio
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from types import TracebackType
from typing import Any, Final, Self
from weakref import WeakValueDictionary

import httpx2
from openai import AsyncOpenAI, AsyncStream, DefaultAsyncHttpx2Client, Omit
from openai.types.chat import ChatCompletionChunk

from workflows.engine.llm.concessions import Concession
from workflows.engine.llm.retries import Retries
from workflows.engine.llm.settings import ModelSettings
from workflows.exceptions import ModelFailed

CONNECT_S: Final = 10.0
SILENCE_S: Final = 120.0
PROVIDER_CALLS_AT_ONCE: Final = 64


class Models:
    """The models as one event loop of one process reaches them. Make one, share it, close it.

    Building an HTTP client costs 31 to 43 ms (certificates), an `AsyncOpenAI` over a shared one 60 µs:
    each request gets an `AsyncOpenAI` with its own key, and no key can reach another task's request.
    """

    def __init__(
        self,
        *,
        retries: Retries | None = None,
        tls: SSLContext | None = None,
        provider_calls_at_once: int = PROVIDER_CALLS_AT_ONCE,
    ) -> None:
        """`tls`: which certificates to trust, for an endpoint with a private authority; the usual ones if None."""
        self.retries = retries or Retries()
        self._calls_at_once = provider_calls_at_once
        # An endpoint's slots are there as long as a call has one or waits for one.
        self._slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._conceded: dict[tuple[str, str], tuple[Concession, ...]] = {}
        self._http = DefaultAsyncHttpx2Client(
            timeout=httpx2.Timeout(SILENCE_S, connect=CONNECT_S),
            verify=tls or True,
            # A redirect could lead from an allowed endpoint to a private address, with the key in its hands.
            follow_redirects=False,
            # What an endpoint sets for one key must not come back with another task's key.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def open(self, settings: ModelSettings, body: Mapping[str, Any]) -> AsyncStream[ChatCompletionChunk]:
        """Post a chat completion; the caller closes the stream. Raises `openai.APIError`, `ModelFailed`."""
        stream: AsyncStream[ChatCompletionChunk] = await self._client(settings).chat.completions.create(
            **body,
            stream=True,
            timeout=httpx2.Timeout(settings.timeout or SILENCE_S, connect=CONNECT_S),
            # The library would add the operator's organization from its environment to a stranger's key.
            extra_headers={"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()},
        )
        return stream

    def slot(self, settings: ModelSettings) -> asyncio.Semaphore:
        """To be held during a call: an endpoint is asked only so many things at once, in the order of asking."""
        slots = self._slots.get(settings.base_url)
        if slots is None:
            slots = self._slots[settings.base_url] = asyncio.Semaphore(self._calls_at_once)
        return slots

    def conceded(self, settings: ModelSettings) -> tuple[Concession, ...]:
        """What this endpoint is known to refuse for this model."""
        return self._conceded.get((settings.base_url, settings.model), ())

    def remember(self, settings: ModelSettings, concessions: tuple[Concession, ...]) -> None:
        """A call went through with these concessions: the next one starts with them."""
        if concessions:
            self._conceded[settings.base_url, settings.model] = concessions

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _client(self, settings: ModelSettings) -> AsyncOpenAI:
        key = settings.api_key
        if not (key.isascii() and key.isprintable()):
            raise ModelFailed(
                "The key holds characters that no key has. Check llm_config.openai_key or OPENAI_API_KEY."
            )
        try:
            # The library takes an empty key for a missing one and asks the environment for another.
            return AsyncOpenAI(api_key=key or "none", base_url=settings.base_url, http_client=self._http, max_retries=0)
        except (httpx2.InvalidURL, ValueError) as error:
            raise ModelFailed(
                "The model endpoint's address is not a URL. Check llm_config.base_url or OPENAI_BASE_URL."
            ) from error
