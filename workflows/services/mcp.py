"""MCP servers: registered, looked at, and what was found."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from workflows.exceptions import Invalid, NotAllowed
from workflows.mcp.server import Listing, Server
from workflows.models import McpServer
from workflows.outgoing.addresses import networks
from workflows.services import secrets

CHECK_SECONDS: Final = 180
"""Between two looks at a server."""
SOONEST_SECONDS: Final = 10
"""Between a look and the next one that the server itself asks for."""
STDIO_REFUSED: Final = "Only a superuser may register a command: it runs on this server, with its rights."


def save_mcp_server(
    by: User | AbstractBaseUser | AnonymousUser,
    row: McpServer,
    *,
    env: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Register a server, or edit it; a worker looks at it at once. None leaves `env` and `headers` as they are.

    Raises NotAllowed if a command is involved and `by` is no superuser, Invalid for what no server can be.
    """
    before = McpServer.objects.filter(pk=row.pk).first()
    commands = [each for each in (before, row) if each and each.transport == McpServer.Transport.STDIO]
    if commands and not (by.is_active and getattr(by, "is_superuser", False)):
        raise NotAllowed(STDIO_REFUSED)
    check_mcp_server(row)
    if env is not None:
        row.env = secrets.encrypt(env) if env else None
    if headers is not None:
        row.headers = secrets.encrypt(headers) if headers else None
    row.check_due_at = timezone.now()
    row.failing_since, row.failure = None, ""
    with transaction.atomic():
        if row._state.adding:
            row.save(force_insert=True)
            return
        row.save(
            update_fields=[
                "name", "group", "transport", "command", "args", "url", "env", "headers", "timeout_s", "is_active",
                "check_due_at", "failing_since", "failure",
            ]
        )  # fmt: skip
        McpServer.objects.filter(pk=row.pk).update(revision=F("revision") + 1)


def check_mcp_server(row: McpServer) -> None:
    """Raises Invalid: either a command, with a list of arguments, or a URL."""
    if row.transport == McpServer.Transport.STDIO:
        if not row.command or row.url:
            raise Invalid.at("command", msg="A server that is a command needs the command, and no URL.")
        if not isinstance(row.args, list) or not all(isinstance(arg, str) and "\0" not in arg for arg in row.args):
            raise Invalid.at("args", msg='The arguments are a list of texts: ["--port", "5"].')
        return
    if row.command or row.args or not row.url:
        raise Invalid.at("url", msg="A server with a URL needs the URL, and no command.")
    check_mcp_url(row.url, "url")


def check_mcp_url(url: str, *loc: str) -> str:
    """The host of a usable URL. Raises Invalid."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() or not c.isprintable() for c in url):
        raise Invalid.at(*loc, msg="Must be a URL that begins with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise Invalid.at(*loc, msg="A URL with a name or a password in it is not used. Send them in headers.")
    return host


def delete_mcp_server(by: User | AbstractBaseUser | AnonymousUser, row: McpServer) -> None:
    """Raises NotAllowed like `save_mcp_server`."""
    if row.transport == McpServer.Transport.STDIO and not getattr(by, "is_superuser", False):
        raise NotAllowed(STDIO_REFUSED)
    row.delete()


def server_of(row: McpServer) -> Server:
    """What it takes to reach it, its secrets included. Raises Unavailable if these cannot be read."""
    return Server(
        name=row.name,
        command=(row.command, *row.args) if row.transport == McpServer.Transport.STDIO else (),
        env=tuple(secrets.decrypt(row.env).items()) if row.env else (),
        url=row.url,
        headers=tuple(secrets.decrypt(row.headers).items()) if row.headers else (),
        networks=networks(settings.MCP_ALLOWED_NETWORKS),
        timeout_s=row.timeout_s,
    )


def ask_for_check(name: str, *, by_itself: bool = False) -> None:
    """Have a worker look at the server now. `by_itself`: it says that its tools changed, as often as it likes."""
    wait = timedelta(seconds=SOONEST_SECONDS if by_itself else 0)
    McpServer.objects.filter(name=name, check_due_at__gt=timezone.now() + wait).update(check_due_at=Now() + wait)


def take_due_check() -> McpServer | None:
    """The server that has waited longest for a look, now this worker's to look at; None if none is due."""
    due = McpServer.objects.filter(is_active=True, check_due_at__lte=timezone.now()).order_by("check_due_at").first()
    if due is None:
        return None
    next_at = timezone.now() + timedelta(seconds=CHECK_SECONDS)
    taken = McpServer.objects.filter(pk=due.pk, check_due_at=due.check_due_at).update(check_due_at=next_at)
    return due if taken else None


def record_listing(row: McpServer, listing: Listing, left_out: list[str]) -> None:
    """What a look found. `left_out`: sentences on what cannot be offered, besides those in the listing."""
    McpServer.objects.filter(pk=row.pk, revision=row.revision).update(
        tools=listing.tools,
        left_out=[*listing.left_out, *left_out],
        listed_at=timezone.now(),
        failing_since=None,
        failure="",
    )


def record_failure(row: McpServer, failure: str) -> None:
    """A look that failed. The tools stay on offer, as they were listed: it may be back any moment."""
    McpServer.objects.filter(pk=row.pk, revision=row.revision).update(
        failing_since=Coalesce(F("failing_since"), Now()), failure=failure[:1000]
    )
