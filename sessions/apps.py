from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    # Django's own app has the label `sessions`.
    label = "client_sessions"
    verbose_name = "Sessions and access"
