from django.contrib.auth.views import LogoutView
from django.urls import path

from workflows.dashboard import agents, executing, questions, views, workflows
from workflows.dashboard.pages import guarded

app_name = "dashboard"

urlpatterns = [
    path("", views.tasks, name="tasks"),
    path("tasks/<str:task_id>/", views.task, name="task"),
    path("tasks/<str:task_id>/cancel", views.cancel, name="cancel"),
    path("tasks/<str:task_id>/rerun", views.rerun, name="rerun"),
    path("tasks/<str:task_id>/pause", views.pause, name="pause"),
    path("tasks/<str:task_id>/resume", views.resume, name="resume"),
    path("tasks/<str:task_id>/execute", executing.execute_generated, name="execute"),
    path("tasks/<str:task_id>/questions", questions.of_task, name="task_questions"),
    path("questions/", questions.questions, name="questions"),
    path("questions/<str:question_id>/answer", questions.answer, name="answer"),
    path("workflows/", workflows.workflows, name="workflows"),
    path("workflows/<str:workflow_id>/", workflows.workflow, name="workflow"),
    path("workflows/<str:workflow_id>/execute", executing.execute_workflow, name="execute_workflow"),
    path("agents/", agents.agents, name="agents"),
    path("agents/<str:agent_id>/", agents.agent, name="agent"),
    path("agents/<str:agent_id>/<str:thread_id>/", agents.conversation, name="conversation"),
    path("agents/<str:agent_id>/<str:thread_id>/stop", agents.stop, name="stop"),
    path("dashboard/feed", views.feed, name="feed"),
    path("login/", guarded(views.Login.as_view()), name="login"),
    path("logout/", guarded(LogoutView.as_view(next_page="dashboard:login")), name="logout"),
]
