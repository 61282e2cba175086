"""All routes."""

from django.contrib import admin
from django.urls import include, path

from evoserver import description, health, metrics, pages

handler400 = pages.bad_request
handler403 = pages.permission_denied
handler404 = pages.not_found
handler500 = pages.server_error

urlpatterns = [
    path("health", health.health),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.metrics),
    path("api/schema", description.schema, name="schema"),
    path("docs", description.docs, name="docs"),
    path("admin/", admin.site.urls),
    path("", include("workflows.urls")),
]
