"""Whether callers of open streams are still who they were."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from sessions.callers import Caller
from sessions.models import ApiToken


def no_longer_valid(callers: Collection[Caller]) -> set[Caller]:
    """Those whose token was revoked or has expired, whose account was closed, or who left the group.

    Two queries, however many they are. The local user is always who he is.
    """
    others = [caller for caller in callers if not caller.is_local]
    if not others:
        return set()
    users = User.objects.filter(pk__in={caller.user.pk for caller in others}, is_active=True)
    members = set(users.values_list("pk", "groups"))
    tokens = ApiToken.objects.filter(pk__in={caller.token_id for caller in others if caller.token_id}, revoked_at=None)
    valid = set(tokens.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now())).values_list("pk", flat=True))
    return {
        caller
        for caller in others
        if (caller.user.pk, caller.group_id) not in members or (caller.token_id and caller.token_id not in valid)
    }
