"""Who is calling, what they may do, and whether that still holds."""

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from django.contrib.auth.models import Group, User


class Right(StrEnum):
    """What a caller may do with what the group owns: Django permissions, given to users or groups in the admin."""

    SEE = "workflows.view_task"
    RUN = "workflows.run_task"
    CANCEL = "workflows.cancel_task"
    WEBHOOKS = "workflows.change_webhook"


class Ticket(NamedTuple):
    """A stream ticket that a caller came with: its row, and the one stream that it opens."""

    id: int
    stream_kind: str
    stream_id: uuid.UUID


@dataclass(frozen=True)
class Caller:
    """A user who acts for one group and sees what that group owns.

    Every query starts from `group_id`; what belongs to another group does not exist for this caller. `via` says how
    the caller was recognised, `token_id` by which token, `ticket` by which stream ticket (then `token_id` is the token
    that asked for it).
    """

    user: "User"
    group: "Group"
    via: Literal["token", "login", "local", "ticket"]
    token_id: int | None = None
    ticket: Ticket | None = None

    @property
    def group_id(self) -> int:
        return self.group.pk

    @property
    def is_local(self) -> bool:
        """Somebody on this machine who needed no credentials. Nothing limits how much they ask for."""
        return self.via == "local"

    def is_same_as(self, other: "Caller") -> bool:
        """The same user for the same group, however recognised: what limits are counted by."""
        return (self.user.pk, self.group_id) == (other.user.pk, other.group_id)

    def may(self, right: Right) -> bool:
        return self.user.has_perm(right)
