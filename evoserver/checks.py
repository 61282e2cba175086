"""Settings that cannot work, found at start by Django's system checks and not at the first request."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from workflows.outgoing.addresses import networks
from workflows.toolbox import BadTools, offered

NETWORKS = ("FETCH_ALLOWED_NETWORKS", "MCP_ALLOWED_NETWORKS", "WEBHOOK_ALLOWED_NETWORKS")


@register()
def check_settings(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    yield from _check_engines()
    yield from _check_model()
    yield from _check_limits()
    yield from _check_tools()


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Any, **_: Any) -> Iterable[CheckMessage]:
    """What is right on a laptop and wrong for all others; asked for by `manage.py check --deploy`."""
    if settings.LOCAL_ACCESS:
        yield Warning(
            "LOCAL_ACCESS is on: whoever has an account on this machine may call without a token.",
            hint="LOCAL_ACCESS=0, and a token for each caller: manage.py create_token",
            id="evoserver.W002",
        )


def _check_engines() -> Iterable[CheckMessage]:
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        yield Error("The database is not PostgreSQL.", hint="DATABASE_URL=postgresql://…", id="evoserver.E001")
    if urlsplit(settings.REDIS_URL).scheme not in ("redis", "rediss", "unix"):
        yield Error("REDIS_URL is not the address of a Redis.", hint="REDIS_URL=redis://…", id="evoserver.E002")


def _check_model() -> Iterable[CheckMessage]:
    urls = [url for url in [settings.OPENAI_BASE_URL, *settings.LLM_ALLOWED_BASE_URLS] if url]
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            yield Error(
                f"{url[:100]!r} is not the address of a model endpoint.",
                hint="OPENAI_BASE_URL and LLM_ALLOWED_BASE_URLS hold URLs such as https://api.openai.com/v1.",
                id="evoserver.E003",
            )
        elif parts.username or parts.password:
            yield Error(
                "A model endpoint's address holds a password.",
                hint="Put the key into OPENAI_API_KEY; addresses are shown and logged.",
                id="evoserver.E004",
            )


def _check_limits() -> Iterable[CheckMessage]:
    if not 0 < settings.SERVER_PORT < 65536:
        yield Error("SERVER_PORT is no port.", hint="SERVER_PORT=8001", id="evoserver.E005")
    if settings.LOCAL_ACCESS and settings.SERVER_HOST not in ("127.0.0.1", "localhost", "::1"):
        yield Warning(
            "LOCAL_ACCESS is on while the server listens to other machines.",
            hint="Behind a proxy on this machine that sets no forwarding header, everybody would be the local user.",
            id="evoserver.W001",
        )


def _check_tools() -> Iterable[CheckMessage]:
    bad = [name for name in NETWORKS if not _are_networks(name)]
    for name in bad:
        yield Error(
            f"{name} holds something that is neither an address nor a network.",
            hint=f"{name}=10.1.0.0/16,192.168.7.7",
            id="evoserver.E006",
        )
    if "FETCH_ALLOWED_NETWORKS" in bad:
        return
    try:
        offered()
    except BadTools as error:
        yield Error(str(error), hint="docs/tools.md says what a tool has to be.", id="evoserver.E007")
    for name in ("TOOL_DATABASE_URL", "BUSINESS_DATABASE_URL"):
        yield from _check_tool_database(name)


def _check_tool_database(name: str) -> Iterable[CheckMessage]:
    url = getattr(settings, name)
    if not url:
        return
    try:
        other = conninfo_to_dict(url)
    except ProgrammingError:
        yield Error(
            f"{name} is not the address of a PostgreSQL database.",
            hint=f"{name}=postgresql://name:password@host:5432/database",
            id="evoserver.E008",
        )
        return
    own = settings.DATABASES["default"]
    places = [(own["HOST"], own["PORT"], own["NAME"]), (other.get("host"), other.get("port"), other.get("dbname"))]
    if len({(host or "localhost", str(port or 5432), name) for host, port, name in places}) == 1:
        yield Error(
            f"{name} is the server's own database: every agent could read everybody's tasks.",
            hint="Name another database.",
            id="evoserver.E009",
        )


def _are_networks(name: str) -> bool:
    try:
        networks(getattr(settings, name))
    except ValueError:
        return False
    return True
