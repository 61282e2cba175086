"""Logging in by name and password, for the dashboard and the admin, with a limit on guesses."""

import hashlib
from contextlib import suppress
from typing import Any, Final

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.cache import cache
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import Form
from redis.exceptions import RedisError

WINDOW_SECONDS: Final = 3600
FOR_ALL_NAMES: Final = 10
"""How many times `LOGIN_GUESSES` one address has for all names together: there may be many people behind it, and there
may be one who tries a common password on every name."""
TOO_MANY: Final = "too_many_guesses"


class LoginForm(AuthenticationForm):
    """Each try is counted before the password is looked at, so that tries at the same time count too; a right password
    clears its name's count. Without Redis nothing is counted: a limit is not worth an outage."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not belong together. Mind capital letters.",
    }

    def clean(self) -> dict[str, Any]:
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        name = _counter(address, self.cleaned_data.get("username", "").casefold())
        with suppress(RedisError, OSError):
            if _is_too_many(name, 1) or _is_too_many(_counter(address), FOR_ALL_NAMES):
                raise ValidationError("Too many tries. Wait an hour before the next one.", code=TOO_MANY)
        cleaned = super().clean()
        with suppress(RedisError, OSError):
            cache.delete(name)
        return cleaned


class AdminLoginForm(LoginForm, AdminAuthenticationForm):
    """The same for staff only."""


def was_refused_unheard(form: Form) -> bool:
    """Whether there were too many guesses before this one."""
    return form.has_error(NON_FIELD_ERRORS, TOO_MANY)


def _counter(address: str, name: str | None = None) -> str:
    """The cache's key. A digest, since names may hold anything."""
    return f"login.{hashlib.sha256(repr((address, name)).encode()).hexdigest()}"


def _is_too_many(counter: str, times: int) -> bool:
    return bool(settings.LOGIN_GUESSES) and _count(counter) > settings.LOGIN_GUESSES * times


def _count(counter: str) -> int:
    """How many there were within the hour since the first, this one included. Atomic, unlike DRF's throttles."""
    cache.add(counter, 0, WINDOW_SECONDS)
    try:
        return cache.incr(counter)
    except ValueError:  # the hour ended between the two
        return 1
