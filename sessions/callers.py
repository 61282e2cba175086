"""Who is calling, and what follows from it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import Group, User


@dataclass(frozen=True)
class Caller:
    """A user who acts for one group and sees what that group owns.

    Every query starts from `group_id`; what belongs to another group does not exist for this caller.
    """

    user: "User"
    group: "Group"

    @property
    def group_id(self) -> int:
        return self.group.pk
