"""Which version of the static files this is."""

import hashlib
from pathlib import Path

import django


def static_version(folder: Path) -> str:
    """A name for the folder's content and for Django's own files; another content has another name."""
    digest = hashlib.sha256(django.__version__.encode())
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        digest.update(f"\0{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]
