from workflows.dialects.workflows import views
from workflows.dialects.workflows.stream import workflow_stream
from workflows.http.routes import route

ONE = "workflows/<str:workflow_id>"


urlpatterns = [
    route("workflows", views.Workflows.as_view()),
    route("workflows/mermaid", views.DrawGraph.as_view()),
    route(ONE, views.WorkflowDetail.as_view()),
    route(f"{ONE}/versions", views.Versions.as_view()),
    route(f"{ONE}/versions/<str:number>", views.Version.as_view()),
    route(f"{ONE}/execute", views.Execute.as_view()),
    route(f"{ONE}/retry", views.Retry.as_view()),
    route(f"{ONE}/cancel", views.Cancel.as_view()),
    route(f"{ONE}/pause", views.Pause.as_view()),
    route(f"{ONE}/resume", views.Resume.as_view()),
    route(f"{ONE}/stream", workflow_stream),
    route(f"{ONE}/events", views.Events.as_view()),
    route(f"{ONE}/runs", views.Runs.as_view()),
    route(f"{ONE}/graph", views.Graph.as_view()),
    route(f"{ONE}/mermaid", views.Mermaid.as_view()),
]
