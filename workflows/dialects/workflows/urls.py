from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern, path

from workflows.dialects.workflows import views
from workflows.dialects.workflows.stream import workflow_stream

ONE = "workflows/<str:workflow_id>"


def both(route: str, view: Callable[..., Any]) -> Iterator[URLPattern]:
    """The route with and without a final slash: a redirect would lose the body of a POST."""
    yield path(route, view)
    yield path(f"{route}/", view)


urlpatterns = [
    *both("workflows", views.Workflows.as_view()),
    *both("workflows/mermaid", views.DrawGraph.as_view()),
    *both(ONE, views.WorkflowDetail.as_view()),
    *both(f"{ONE}/versions", views.Versions.as_view()),
    *both(f"{ONE}/versions/<str:number>", views.Version.as_view()),
    *both(f"{ONE}/execute", views.Execute.as_view()),
    *both(f"{ONE}/retry", views.Retry.as_view()),
    *both(f"{ONE}/cancel", views.Cancel.as_view()),
    *both(f"{ONE}/pause", views.Pause.as_view()),
    *both(f"{ONE}/resume", views.Resume.as_view()),
    *both(f"{ONE}/stream", workflow_stream),
    *both(f"{ONE}/events", views.Events.as_view()),
    *both(f"{ONE}/runs", views.Runs.as_view()),
    *both(f"{ONE}/graph", views.Graph.as_view()),
    *both(f"{ONE}/mermaid", views.Mermaid.as_view()),
]
