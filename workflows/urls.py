"""The routes of the dashboard and of the dialects. A further dialect is one more line."""

from django.urls import include, path

urlpatterns = [
    path("", include("workflows.dashboard.urls")),
    path("", include("workflows.websocket.urls")),
    path("", include("workflows.dialects.evoagentx.urls")),
    path("", include("workflows.dialects.autogen.urls")),
    path("", include("workflows.dialects.fastworkflow.urls")),
    path("api/v1/", include("workflows.dialects.native.urls")),
    path("api/v1/", include("workflows.dialects.workflows.urls")),
    path("api/v1/", include("workflows.dialects.agentarea.urls")),
]
