"""What happens to tokens after they were issued."""

from django.utils import timezone

from sessions.models import ApiToken


def revoke(token: ApiToken) -> bool:
    """Make the token invalid, from now on and for good. False if it was revoked before."""
    revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    return revoked == 1
