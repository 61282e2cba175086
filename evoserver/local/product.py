"""What runs on the engines: the steps of a start, and the processes that are kept running."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evoserver.local.environment import PROJECT
from evoserver.local.instance import Instance
from evoserver.local.process import Child

WORKER_THREADS = 100


@dataclass(frozen=True)
class Product:
    """`steps` run one after the other, once; `programs` are kept running. Tests bring their own."""

    steps: Callable[[Instance], Sequence[Child]]
    programs: Callable[[Instance], Sequence[Child]]


def _steps(instance: Instance) -> list[Child]:
    # The one that we made up is for a new administrator only, who may have changed it since.
    admin = {**instance.variables, "EVOSERVER_ADMIN_FIRST_PASSWORD": instance.admin_password}
    return [
        _python(instance, "setup", "manage.py", "migrate", "--no-input", "--verbosity", "0"),
        _python(instance, "setup", "manage.py", "prepare_local", variables=admin),
    ]


def _programs(instance: Instance) -> list[Child]:
    worker = (
        # As root Celery warns of pickled messages; ours are ids in JSON.
        *("-W", "ignore:You're running the worker with superuser privileges"),
        *("-m", "celery", "--quiet", "--app", "evoserver.celery", "worker"),
        *("--pool", "threads", "--concurrency", str(WORKER_THREADS)),
        # There is no second worker to hear of, and asking for one costs a second at each start.
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        *("--loglevel", instance.variables.get("LOG_LEVEL") or "INFO"),
    )
    programs = [
        _python(instance, "worker", *worker),
        _python(instance, "web", "-m", "evoserver.server"),
    ]
    if instance.model_port:
        model = ("manage.py", "demo_model", "--host", "127.0.0.1", "--port", str(instance.model_port))
        programs.insert(0, _python(instance, "model", *model))
    return programs


def _python(instance: Instance, name: str, *arguments: str, variables: dict[str, str] | None = None) -> Child:
    environment = {**(variables or instance.variables), "PYTHONUNBUFFERED": "1"}
    return Child(name, (sys.executable, *arguments), PROJECT, environment)


EVOSERVER = Product(_steps, _programs)
