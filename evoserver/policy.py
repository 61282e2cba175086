"""What our pages may load: a Content-Security-Policy on every page, of the dashboard, the admin and errors alike."""

from django.conf import settings
from django.http import HttpResponseBase

from evoserver.middleware import Middleware

HEADER = "Content-Security-Policy"

PAGE = "; ".join(
    (
        # Files of our own and nothing else, above all no inline script or style, and nothing made of text by `eval`.
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
"""For what is no page, should a browser ever take it for one."""


class ContentPolicy(Middleware):
    """Sets the policy unless the view has set one of its own."""

    def after(self, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and settings.DEBUG and response.status_code >= 400:
            return response  # Django's debug pages are made of inline styles and scripts
        if HEADER not in response.headers:
            response.headers[HEADER] = PAGE if is_page else NO_PAGE
        return response
