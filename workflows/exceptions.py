"""The one error tree. Raised anywhere, rendered once at the edge.

EvoserverError
├── RequestError                what a caller can change
│   ├── BadRequest       400    where a contract wants that
│   ├── Invalid          422    a list of {loc, msg, type}, FastAPI's shape
│   ├── NotFound         404    also what belongs to another group
│   ├── Conflict         409
│   ├── Gone             410
│   ├── TooLarge         413
│   ├── WrongMediaType   415
│   ├── NotAuthenticated 401
│   ├── NotAllowed       403
│   └── TooMany          429    carries the seconds for `Retry-After`
├── TaskError                   why a task ended without a result
│   ├── ModelFailed      502    the model's endpoint failed or refused
│   ├── ModelUnusable    502    the model's replies stayed invalid
│   ├── NotApproved      403    a person did not approve
│   ├── NodeFailed       502    nodes of a workflow failed; carries their names
│   ├── BudgetExceeded   402    the next model call could cost more than may be spent
│   ├── IterationsUsedUp 502    an agent did not come to an answer in as many iterations as it may take
│   ├── InputsMissing    422    the workflow needs inputs that were not given
│   └── TimedOut         504
├── Unavailable          503    a part of the server is away; try again
├── Paused                      the task was asked to pause; never leaves the worker
├── Waiting                     only answers of people can take the task further; never leaves the worker
└── StaleClaim                  this worker no longer owns the task; never leaves the worker
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypedDict


class Problem(TypedDict):
    """One wrong field, in FastAPI's words."""

    loc: list[str | int]
    msg: str
    type: str


class EvoserverError(Exception):
    """An error whose `detail` was written for the person who reads it."""

    status: ClassVar[int] = 500

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class RequestError(EvoserverError):
    """The caller can mend this one."""

    status = 400


class BadRequest(RequestError):
    """What is asked for cannot be, in a dialect whose contract says 400 for it."""


class Invalid(RequestError):
    """The body or the query is wrong; `problems` says where and what would be right."""

    status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems))
        self.problems = list(problems)

    @classmethod
    def at(cls, *loc: str | int, msg: str, type: str = "value_error") -> "Invalid":
        """One problem at one place: `Invalid.at("body", "goal", msg="…")`."""
        return cls([Problem(loc=list(loc), msg=msg, type=type)])


class NotFound(RequestError):
    status = 404


class Conflict(RequestError):
    status = 409


class Gone(RequestError):
    status = 410


class TooLarge(RequestError):
    status = 413


class WrongMediaType(RequestError):
    status = 415


class NotAuthenticated(RequestError):
    status = 401


class NotAllowed(RequestError):
    status = 403


class TooMany(RequestError):
    status = 429

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TaskError(EvoserverError):
    """Why a task failed. `type` is stored beside the message, so that nobody has to parse the message."""

    type: ClassVar[str] = "error"


class ModelFailed(TaskError):
    """The model's endpoint failed, refused or could not be reached, after all retries."""

    status = 502
    type = "model_failed"


class ModelUnusable(TaskError):
    """The model answered, but never with something valid."""

    status = 502
    type = "model_unusable"


class NotApproved(TaskError):
    """A person said no, or nobody said yes in time."""

    status = 403
    type = "not_approved"


class NodeFailed(TaskError):
    """A workflow's nodes failed; what did not depend on them has finished. `nodes`: their names."""

    status = 502
    type = "node_failed"

    def __init__(self, detail: str, *, nodes: Sequence[str]) -> None:
        super().__init__(detail)
        self.nodes = tuple(nodes)


class BudgetExceeded(TaskError):
    """Nothing more may be spent. `limit` is what its event tells."""

    status = 402
    type = "budget_exceeded"

    def __init__(self, detail: str, limit: Mapping[str, object]) -> None:
        super().__init__(detail)
        self.limit = dict(limit)


class IterationsUsedUp(TaskError):
    """An agent has taken all its iterations, and given no answer."""

    status = 502
    type = "max_iterations"


class InputsMissing(TaskError):
    """A generated workflow needs inputs that the request did not hold."""

    status = 422
    type = "inputs_missing"


class TimedOut(TaskError):
    status = 504
    type = "timeout"


class Unavailable(EvoserverError):
    """Something the server needs is away. Carries the seconds for `Retry-After`."""

    status = 503

    def __init__(self, detail: str, *, retry_after: int = 2) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class StaleClaim(EvoserverError):
    """A write was refused because the task is no longer this worker's."""


class Paused(EvoserverError):
    """The task was asked to pause, and nothing new is to begin. It leaves the engine once nothing is under way."""


class Waiting(EvoserverError):
    """Questions wait for their answers: those under `keys`. It leaves the engine once nothing is under way."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = frozenset(keys)
        super().__init__(f"Waiting for answers to {len(self.keys)} questions.")
