from django.apps import AppConfig


class EvoserverConfig(AppConfig):
    name = "evoserver"
