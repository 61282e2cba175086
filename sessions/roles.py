"""Groups and what their members may do. An administrator changes it in the admin, by Django's own permissions."""

from collections.abc import Collection

from django.contrib.auth.models import Group, Permission

from sessions.callers import Right

EVERYTHING = frozenset(Right)


def open_group(name: str, rights: Collection[Right] = EVERYTHING) -> Group:
    """The group of that name. A new one gets these rights; one that is there keeps its own."""
    group, created = Group.objects.get_or_create(name=name)
    if created:
        give(group, rights)
    return group


def give(group: Group, rights: Collection[Right]) -> None:
    for right in rights:
        app, _, codename = right.partition(".")
        group.permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
