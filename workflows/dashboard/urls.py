from django.contrib.auth.views import LogoutView
from django.urls import path

from workflows.dashboard import views
from workflows.dashboard.pages import guarded

app_name = "dashboard"

urlpatterns = [
    path("", views.tasks, name="tasks"),
    path("tasks/<str:task_id>/", views.task, name="task"),
    path("tasks/<str:task_id>/cancel", views.cancel, name="cancel"),
    path("tasks/<str:task_id>/rerun", views.rerun, name="rerun"),
    path("dashboard/feed", views.feed, name="feed"),
    path("login/", guarded(views.Login.as_view()), name="login"),
    path("logout/", guarded(LogoutView.as_view(next_page="dashboard:login")), name="logout"),
]
