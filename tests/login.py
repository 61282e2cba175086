"""Being logged in without a form: hashing a password takes as long as a test should."""

from django.contrib.auth.models import User
from django.test import Client


def session_of(name: str) -> str:
    """What a browser would have in its cookie `sessionid` after this user's login."""
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client.cookies["sessionid"].value
