import pytest
from django.contrib.auth.models import Group, User

from sessions.models import ApiToken
from sessions.roles import open_group
from tests.dialects.transcripts import Transcript


@pytest.fixture
def transcript(url: str) -> Transcript:
    """A transcript of a caller whose group is empty, so that its lists hold only what it made."""
    user, _ = User.objects.get_or_create(username="golden")
    group = open_group(f"golden {Group.objects.count()}")
    user.groups.add(group)
    _, token = ApiToken.issue(name="golden", user_id=user.pk, group_id=group.pk)
    return Transcript(url, token)
