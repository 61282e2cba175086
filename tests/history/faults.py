"""What is done to the server, and when: a schedule that a seed decides."""

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from tests.history.world import LEASE_SECONDS, Member, World

logger = logging.getLogger(__name__)

QUIET_SECONDS = 6.0
"""The last of the run, in which nothing is done any more."""


@dataclass(frozen=True)
class Fault:
    """One harm: `at` seconds from the start, for `length` seconds where it lasts, to the process in that `place`."""

    at: float
    name: str
    place: int
    length: float

    def __str__(self) -> str:
        return f"{self.at:.1f} s: {self.name} ({self.place}, {self.length:.1f} s)"


def schedule(seed: int, seconds: float) -> list[list[Fault]]:
    """The faults of a run: those of processes, and beside them those of engines."""
    return [
        list(_lane(random.Random(f"{seed}/{harms}"), harms, seconds - QUIET_SECONDS)) for harms in (PROCESSES, ENGINES)
    ]


def _lane(chance: random.Random, harms: tuple[str, ...], seconds: float) -> Iterator[Fault]:
    """Every kind comes before one comes again."""
    at = 0.0
    waiting: list[str] = []
    while (at := at + chance.uniform(1.0, 3.0)) < seconds:
        waiting = waiting or chance.sample(harms, len(harms))
        yield Fault(at, waiting.pop(), chance.randrange(2), chance.uniform(0.5, 2.5))


async def inflict(world: World, faults: list[Fault], seconds: float) -> list[Fault]:
    """Do them one after the other; one that takes long delays the next. Returns those for which there was time."""
    clock = asyncio.get_running_loop().time
    began = clock()
    done: list[Fault] = []
    for fault in faults:
        await asyncio.sleep(max(0.0, began + fault.at - clock()))
        if clock() > began + seconds - QUIET_SECONDS:
            break
        logger.info("fault %s", fault)
        done.append(replace(fault, at=clock() - began))
        await HARMS[fault.name](world, fault)
    return done


async def _stop_and_start(member: Member, how: signal.Signals) -> None:
    await asyncio.to_thread(member.restart, how)


async def _kill_worker(world: World, fault: Fault) -> None:
    await _stop_and_start(world.workers[fault.place], signal.SIGKILL)


async def _stop_worker(world: World, fault: Fault) -> None:
    await _stop_and_start(world.workers[fault.place], signal.SIGTERM)


async def _pause_worker(world: World, fault: Fault) -> None:
    """Past its lease, so that the other one takes its tasks over and it wakes up as a stranger to them."""
    process = world.workers[fault.place].process
    process.send(signal.SIGSTOP)
    await asyncio.sleep(LEASE_SECONDS + fault.length)
    process.send(signal.SIGCONT)


async def _kill_web(world: World, fault: Fault) -> None:
    await _stop_and_start(world.webs[fault.place], signal.SIGKILL)


async def _stop_web(world: World, fault: Fault) -> None:
    await _stop_and_start(world.webs[fault.place], signal.SIGTERM)


async def _pause_redis(world: World, fault: Fault) -> None:
    world.engines.redis.pause()
    await asyncio.sleep(fault.length)
    world.engines.redis.go_on()


async def _kill_redis(world: World, fault: Fault) -> None:
    """It comes back empty."""
    await asyncio.to_thread(world.engines.redis.stop, signal.SIGKILL)
    await asyncio.sleep(fault.length)
    await asyncio.to_thread(world.engines.redis.start)


async def _wipe_redis(world: World, fault: Fault) -> None:
    await asyncio.to_thread(world.engines.wipe_redis)


async def _restart_postgres(world: World, fault: Fault) -> None:
    await asyncio.to_thread(world.engines.postgres.restart, signal.SIGINT)


async def _crash_postgres(world: World, fault: Fault) -> None:
    """Immediate shutdown: it recovers from its log at the next start, which comes a little later."""
    await asyncio.to_thread(world.engines.postgres.stop, signal.SIGQUIT)
    await asyncio.sleep(fault.length)
    await asyncio.to_thread(world.engines.postgres.start)


async def _cut_connections(world: World, fault: Fault) -> None:
    await asyncio.to_thread(world.engines.cut_connections, fault.length / 2.5)


HARMS: dict[str, Callable[[World, Fault], Awaitable[None]]] = {
    "worker killed": _kill_worker,
    "worker stopped": _stop_worker,
    "worker paused past its lease": _pause_worker,
    "web killed": _kill_web,
    "web stopped": _stop_web,
    "redis paused": _pause_redis,
    "redis killed": _kill_redis,
    "redis wiped": _wipe_redis,
    "postgres restarted": _restart_postgres,
    "postgres crashed": _crash_postgres,
    "connections cut": _cut_connections,
}
PROCESSES = tuple(name for name in HARMS if name.startswith(("worker", "web")))
ENGINES = tuple(name for name in HARMS if name not in PROCESSES)
