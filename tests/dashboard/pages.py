"""The dashboard without a browser: pages by HTTP, forms with their CSRF token."""

from typing import Any

import requests


class Pages:
    def __init__(self, session: requests.Session, url: str) -> None:
        self.session = session
        self.url = url

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(f"{self.url}{path}", params=query, allow_redirects=False)

    def post(self, path: str, **fields: str) -> requests.Response:
        """As a form on our pages sends it."""
        self.get("/login/")
        token = self.session.cookies["csrftoken"]
        return self.session.post(
            f"{self.url}{path}", data={"csrfmiddlewaretoken": token, **fields}, allow_redirects=False
        )
