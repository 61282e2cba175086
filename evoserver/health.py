"""Is the server there, and is what it needs?"""

from dataclasses import asdict, dataclass
from enum import StrEnum

import redis.asyncio
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse
from redis.exceptions import RedisError

from evoserver import answers
from evoserver.inquiry import Inquiry
from evoserver.operators import for_operators, public
from workflows.database import DatabaseThreads
from workflows.description.describe import describe
from workflows.models import Worker


class State(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    """Something waits or is late; streams still work and nothing is lost."""
    FAILED = "failed"
    """Requests cannot be served."""


@dataclass(frozen=True)
class Part:
    status: State
    detail: str


@describe("Is the process there?", answers={200: answers.HealthSerializer})
@public
async def health(request: HttpRequest) -> JsonResponse:
    """`GET /health`: the process answers. It says nothing of the database or the workers."""
    return JsonResponse({"status": "healthy"})


@describe("Is the process alive?", answers={200: answers.LiveSerializer})
@public
async def live(request: HttpRequest) -> JsonResponse:
    """`GET /health/live`: for whoever restarts a process that no longer answers."""
    return JsonResponse({"status": State.OK})


@describe(
    "Can requests be served?",
    answers={
        200: answers.ReadySerializer,
        503: OpenApiResponse(answers.ReadySerializer, "The same, where requests cannot be served."),
    },
    errors=(401, 403),
)
@for_operators
async def ready(request: HttpRequest) -> JsonResponse:
    """`GET /health/ready`: each part by name. 503 only where requests cannot be served; within two seconds or so."""
    parts = {**await _ask_database(), "redis": await _ask_redis()}
    status = max((part.status for part in parts.values()), key=list(State).index)
    return JsonResponse(
        {"status": status, "checks": {name: asdict(part) for name, part in parts.items()}},
        status=503 if status is State.FAILED else 200,
    )


async def _ask_database() -> dict[str, Part]:
    try:
        workers = await _workers.answer()
    except (DatabaseError, InterfaceError, TimeoutError) as error:
        return {
            "database": Part(State.FAILED, f"It does not answer ({type(error).__name__})."),
            "worker": Part(State.DEGRADED, "Unknown while the database is away."),
        }
    database = Part(State.OK, "It answers.")
    if not workers:
        return {"database": database, "worker": Part(State.DEGRADED, "None has a fresh lease; tasks wait for one.")}
    return {"database": database, "worker": Part(State.OK, f"{workers} with a fresh lease.")}


async def _ask_redis() -> Part:
    try:
        await _ping.answer()
    except (RedisError, OSError, TimeoutError) as error:
        detail = f"It does not answer ({type(error).__name__}). Streams and tasks go on by polling, a little later."
        return Part(State.DEGRADED, detail)
    return Part(State.OK, "It answers.")


async def _count_workers() -> int:
    return await _threads.run(_with_fresh_lease)


def _with_fresh_lease() -> int:
    try:
        return Worker.objects.filter(lease_until__gt=timezone.now()).count()
    finally:
        connection.close()


async def _send_ping() -> None:
    async with redis.asyncio.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as client:
        await client.ping()


_threads = DatabaseThreads(1, "health")
_workers = Inquiry(_count_workers)
_ping = Inquiry(_send_ping)
