"""Whom and what the running code works for: request, task, session and caller, as log lines carry them.

Kept per context (PEP 567), so that each request and each task on a shared loop or thread has its own.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

_ids: Final[ContextVar[Mapping[str, str]]] = ContextVar("trace", default=MappingProxyType({}))


def begin(**ids: object) -> None:
    """A new piece of work starts in this context: what was noted before is forgotten."""
    _ids.set({})
    note(**ids)


def note(**ids: object) -> None:
    """Add what became known meanwhile: `note(task=…)`, `session`, `caller`, `request`. None is left out."""
    _ids.set({**_ids.get(), **{name: str(id) for name, id in ids.items() if id is not None}})


def current() -> Mapping[str, str]:
    return _ids.get()
