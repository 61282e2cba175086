"""URLs as callers and models write them."""

import httpx2


class BadUrl(Exception):
    """`detail` says what is wrong with it."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def http_url(address: str) -> httpx2.URL:
    """The URL, if it is one of a page without credentials. Raises `BadUrl`."""
    try:
        url = httpx2.URL(address)
    except (httpx2.InvalidURL, ValueError, TypeError):
        raise BadUrl(f"{address[:100]!r} is no URL.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise BadUrl(f"{address[:100]!r} will not do: only http:// and https:// are asked.")
    if url.userinfo:
        raise BadUrl("A URL with a name or a password in it is not asked.")
    return url
