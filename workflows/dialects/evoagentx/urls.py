from django.urls import path

from workflows.dialects.evoagentx import views

urlpatterns = [
    path("workflow/generate", views.generate),
    path("stream/workflow/generate", views.StartGeneration.as_view()),
    path("connect", views.Connect.as_view()),
    path("client/<str:client_id>/workflow/generate", views.StartInSession.as_view()),
    path("client/<str:client_id>", views.Disconnect.as_view()),
    path("clients", views.Clients.as_view()),
    path("stream/client/<str:client_id>", views.session_stream),
    path("stream/<str:task_id>", views.task_stream),
]
