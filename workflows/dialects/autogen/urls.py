from django.urls import path

from workflows.dialects.autogen import views

urlpatterns = [
    path("ask-stream", views.ask),
    path("test-stream", views.test_stream),
    path("client", views.client),
]
