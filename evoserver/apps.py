from django.apps import AppConfig


class EvoserverConfig(AppConfig):
    name = "evoserver"

    def ready(self) -> None:
        # Whatever sends a task (web, admin, commands) sends it through this app; Celery's default one knows no broker.
        import evoserver.celery  # noqa: PLC0415
        import evoserver.checks  # noqa: F401, PLC0415 - both read the settings, which are complete only now
