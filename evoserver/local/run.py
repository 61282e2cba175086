"""`make run`: engines, the steps of a start, the server's processes, until somebody asks it to stop."""

import asyncio
import time
from contextlib import AsyncExitStack, closing

from evoserver.local.banner import banner
from evoserver.local.console import Console
from evoserver.local.engines import open_home, start_postgres, start_redis
from evoserver.local.environment import Environment
from evoserver.local.errors import LocalError
from evoserver.local.folder import DataFolder, open_folder
from evoserver.local.instance import Instance, make_instance, publish
from evoserver.local.ports import check_server_port
from evoserver.local.prepared import Mark
from evoserver.local.probe import wait_for_health
from evoserver.local.product import EVOSERVER, Product
from evoserver.local.stopping import StopRequest
from evoserver.local.supervisor import Supervisor


async def run(environment: Environment, product: Product = EVOSERVER) -> None:
    """Run until a signal asks to stop, then stop everything within 5 s.

    Raises LocalError if it cannot start.
    """
    request = StopRequest()
    with open_folder(environment.data_folder) as folder:
        check_server_port(environment.host, environment.port)
        with closing(Console(folder.log("server"))) as console:
            try:
                await _serve(environment, product, folder, console, request.hurry)
            except asyncio.CancelledError:
                if request.signal is None:
                    raise
                console.say("supervisor", f"stopped by {request.signal.name}")


async def _serve(
    environment: Environment, product: Product, folder: DataFolder, console: Console, hurry: asyncio.Event
) -> None:
    """The contexts end in reverse: first the programs are stopped, then the engines."""
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        redis_url = environment.redis_url
        if redis_url is None:
            engines = await stack.enter_async_context(Supervisor(console, hurry))
            redis_url = await start_redis(engines, folder, durable=True)
        database_url, mark = environment.database_url, Mark(None)
        if database_url is None:
            home = stack.enter_context(open_home(folder))
            engines = await stack.enter_async_context(Supervisor(console, hurry))
            database_url, mark = await start_postgres(engines, folder, home, durable=True), Mark(home / "postgres")

        instance = make_instance(environment, folder, database_url, redis_url)
        stack.callback(publish(instance, folder).unlink, missing_ok=True)
        programs = await stack.enter_async_context(Supervisor(console, hurry))
        was_prepared = mark.is_current()
        if not was_prepared:
            await _prepare(product, instance, programs)
            mark.set()
        for program in product.programs(instance):
            programs.keep(program)
        await wait_for_health(instance.url)

        console.say("supervisor", f"ready after {time.monotonic() - started:.1f} s")
        console.show(banner(instance))
        if was_prepared:
            # It finds nothing to do, unless somebody emptied the database; a start need not wait for that.
            await _prepare(product, instance, programs)
        await asyncio.Event().wait()


async def _prepare(product: Product, instance: Instance, supervisor: Supervisor) -> None:
    for step in product.steps(instance):
        if await supervisor.run(step):
            raise LocalError(f"`{' '.join(step.command[1:3])}` failed; the lines above say why.")
