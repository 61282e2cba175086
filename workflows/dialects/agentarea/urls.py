from workflows.dialects.agentarea import views
from workflows.dialects.agentarea.stream import create_and_wait, task_stream, tasks
from workflows.http.routes import route

AGENT = "agents/<str:agent_id>"
TASK = f"{AGENT}/tasks/<str:task_id>"


urlpatterns = [
    route("agents", views.Agents.as_view()),
    route("agents/tools/builtin", views.BuiltinTools.as_view()),
    route(AGENT, views.AgentDetail.as_view()),
    route(f"{AGENT}/tasks", tasks),
    route(f"{AGENT}/tasks/sync", create_and_wait),
    route(TASK, views.TaskDetail.as_view()),
    route(f"{TASK}/execute", views.Execute.as_view()),
    route(f"{TASK}/status", views.TaskStatus.as_view()),
    route(f"{TASK}/state", views.TaskState.as_view()),
    route(f"{TASK}/response", views.TaskResponse.as_view()),
    route(f"{TASK}/pause", views.Pause.as_view()),
    route(f"{TASK}/resume", views.Resume.as_view()),
    route(f"{TASK}/reject", views.Reject.as_view()),
    route(f"{TASK}/events", views.Events.as_view()),
    route(f"{TASK}/events/stream", task_stream),
]
