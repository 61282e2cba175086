from django.urls import path

from workflows.dialects.evoagentx import jobs, views

urlpatterns = [
    path("workflow/generate", jobs.generate),
    path("workflow/execute", jobs.execute),
    path("workflow/run", jobs.run),
    path("stream/workflow/generate", jobs.StartGeneration.as_view()),
    path("stream/workflow/execute", jobs.StartExecution.as_view()),
    path("stream/workflow/run", jobs.StartRun.as_view()),
    path("connect", views.Connect.as_view()),
    path("client/<str:client_id>/workflow/generate", jobs.StartInSession.as_view()),
    path("client/<str:client_id>/workflow/execute", jobs.StartExecutionInSession.as_view()),
    path("client/<str:client_id>/workflow/run", jobs.StartRunInSession.as_view()),
    path("client/<str:client_id>", views.Disconnect.as_view()),
    path("clients", views.Clients.as_view()),
    path("stream/client/<str:client_id>", views.session_stream),
    path("stream/<str:task_id>", views.task_stream),
]
