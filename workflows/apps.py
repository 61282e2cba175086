from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class WorkflowsConfig(AppConfig):
    name = "workflows"

    def ready(self) -> None:
        # By name: before the app is ready there are no models to import.
        post_save.connect(_begin_with_an_agent, sender="auth.Group")


def _begin_with_an_agent(instance: Any, created: bool, raw: bool, **_: Any) -> None:
    """However a group is made: by the admin, by a command, at the first start."""
    if created and not raw:
        from workflows import services  # noqa: PLC0415  # models, which exist only when all apps are ready

        services.give_first_agent(instance)
