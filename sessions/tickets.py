"""Stream tickets: what an `EventSource`, which cannot send headers, puts into the address of a stream.

A ticket opens one stream, for one connection at a time: the newest wins, since the one before it is most often a dead
one that nobody has noticed. An open connection keeps its ticket valid; a minute after the last one it is over. It is
over with its stream too, and as soon as its caller is no longer let in.
"""

import secrets
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from sessions import trace
from sessions.callers import Caller, Ticket
from sessions.models import StreamTicket, digest_of

LIFETIME: Final = timedelta(seconds=60)
"""From the asking, or from the end of the last connection. At most a heartbeat longer."""
PARAMETER: Final = "ticket"
PREFIX: Final = "evt_"

_OVER = "This ticket is not known, or it is over. Ask for a new one with `POST /api/v1/tickets`."


class Admission(NamedTuple):
    """One connection by a ticket. A later one has a higher number."""

    ticket_id: int
    number: int


def issue(caller: Caller, path: str, stream_kind: str, stream_id: uuid.UUID) -> str:
    """A new ticket for the stream at that path, which cannot be shown again. The caller may see the stream."""
    ticket = PREFIX + secrets.token_urlsafe(32)
    StreamTicket.objects.create(
        digest=digest_of(ticket),
        user=caller.user,
        group=caller.group,
        token_id=caller.token_id,
        path=path,
        stream_kind=stream_kind,
        stream_id=stream_id,
        expires_at=timezone.now() + LIFETIME,
    )
    return ticket


def authenticate(ticket: str, path: str) -> Caller:
    """Who comes with a ticket to the stream at that path.

    Raises AuthenticationFailed for a ticket that is over or for another stream, and where who asked for it would no
    longer be let in.
    """
    now = timezone.now()
    rows = StreamTicket.objects.select_related("user", "group", "token")
    row = rows.filter(digest=digest_of(ticket), expires_at__gt=now).first()
    if row is None or not row.user.is_active or (row.token and not row.token.is_valid(now)):
        raise AuthenticationFailed(_OVER)
    if row.path != path:
        raise AuthenticationFailed("This ticket is for another stream. A ticket opens only the one it was made for.")
    if not row.user.groups.filter(pk=row.group_id).exists():
        raise AuthenticationFailed("This ticket's user is no longer in the group that it acts for.")
    trace.note(caller=f"{row.user_id}@{row.group_id}")
    held = Ticket(row.pk, row.stream_kind, row.stream_id)
    return Caller(user=row.user, group=row.group, via="ticket", token_id=row.token_id, ticket=held)


def admit(ticket: Ticket, *, renew: bool) -> Admission:
    """Number a connection, which makes it the newest. `renew` unless the stream has ended: what is told no more can
    still be read, but not for ever.

    Raises AuthenticationFailed for a ticket that is over.
    """
    now = timezone.now()
    with transaction.atomic():
        row = StreamTicket.objects.select_for_update().filter(pk=ticket.id, expires_at__gt=now).first()
        if row is None:
            raise AuthenticationFailed(_OVER)
        row.newest += 1
        if renew:
            row.expires_at = now + _lease()
        row.save(update_fields=["newest", "expires_at"])
    return Admission(row.pk, row.newest)


def renew(admissions: Collection[Admission]) -> set[Admission]:
    """Keep the tickets of these open connections valid. Returns the connections that are still the newest of theirs."""
    rows = StreamTicket.objects.filter(pk__in={admission.ticket_id for admission in admissions})
    newest = set(admissions) & {Admission(*row) for row in rows.values_list("pk", "newest")}
    held = StreamTicket.objects.filter(pk__in={admission.ticket_id for admission in newest})
    held.update(expires_at=timezone.now() + _lease())
    return newest


def end(ticket: Ticket) -> None:
    """Its reader has seen the end of the stream."""
    StreamTicket.objects.filter(pk=ticket.id).delete()


def delete_expired() -> int:
    """Returns how many."""
    deleted, _ = StreamTicket.objects.filter(expires_at__lte=timezone.now()).delete()
    return deleted


def _lease() -> timedelta:
    """The lifetime counts from a connection's end, of which the last to be known is its last heartbeat."""
    return LIFETIME + timedelta(seconds=settings.STREAM_HEARTBEAT_SECONDS)
