"""Who is calling, what they may do, and whether that still holds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from django.contrib.auth.models import Group, User


class Right(StrEnum):
    """What a caller may do with the group's tasks: Django permissions, given to users or groups in the admin."""

    SEE = "workflows.view_task"
    RUN = "workflows.run_task"
    CANCEL = "workflows.cancel_task"


@dataclass(frozen=True)
class Caller:
    """A user who acts for one group and sees what that group owns.

    Every query starts from `group_id`; what belongs to another group does not exist for this caller. `via` says how
    the caller was recognised, `token_id` by which token.
    """

    user: "User"
    group: "Group"
    via: Literal["token", "login", "local"]
    token_id: int | None = None

    @property
    def group_id(self) -> int:
        return self.group.pk

    @property
    def is_local(self) -> bool:
        """Somebody on this machine who needed no credentials. Nothing limits how much they ask for."""
        return self.via == "local"

    def may(self, right: Right) -> bool:
        return self.user.has_perm(right)
