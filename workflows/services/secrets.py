"""Secrets at rest: encrypted under `SECRET_KEY`, so that a dump of the database does not hold them."""

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from workflows.exceptions import Unavailable


def encrypt(secrets: Mapping[str, str]) -> bytes:
    return _fernet().encrypt(json.dumps(dict(secrets)).encode())


def decrypt(token: bytes | memoryview) -> dict[str, str]:
    """What `encrypt` was given. Raises Unavailable if `SECRET_KEY` changed and is not among the fallbacks."""
    try:
        secrets: dict[str, str] = json.loads(_fernet().decrypt(bytes(token)))
    except InvalidToken:
        raise Unavailable(
            "A stored secret cannot be read: was SECRET_KEY changed without SECRET_KEY_FALLBACKS?"
        ) from None
    return secrets


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # Derived, so that the same key never serves two purposes (Django signs cookies with SECRET_KEY itself).
    derived = [hashlib.blake2b(b"secrets", key=key.encode()[:64], digest_size=32).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
