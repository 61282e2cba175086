from django.urls import path

from workflows.dialects.native import questions, tools, views, webhooks

urlpatterns = [
    path("tasks", views.TaskList.as_view()),
    path("tasks/<str:task_id>", views.TaskDetail.as_view()),
    path("tasks/<str:task_id>/events", views.TaskEvents.as_view()),
    path("tasks/<str:task_id>/events/stream", views.task_event_stream),
    path("tasks/<str:task_id>/cancel", views.CancelTask.as_view()),
    path("tasks/<str:task_id>/pause", views.PauseTask.as_view()),
    path("tasks/<str:task_id>/resume", views.ResumeTask.as_view()),
    path("tasks/<str:task_id>/rerun", views.RerunTask.as_view()),
    path("tasks/<str:task_id>/questions", questions.TaskQuestions.as_view()),
    path("questions", questions.QuestionList.as_view()),
    path("questions/<str:question_id>", questions.QuestionDetail.as_view()),
    path("questions/<str:question_id>/approve", questions.ApproveQuestion.as_view()),
    path("questions/<str:question_id>/reject", questions.RejectQuestion.as_view()),
    path("questions/<str:question_id>/answer", questions.AnswerQuestion.as_view()),
    path("tools", tools.ToolList.as_view()),
    path("tickets", views.create_ticket),
    path("webhooks", webhooks.WebhookList.as_view()),
    path("webhooks/<str:webhook_id>", webhooks.WebhookDetail.as_view()),
    path("webhooks/<str:webhook_id>/test", webhooks.SendTest.as_view()),
    path("webhooks/<str:webhook_id>/rotate", webhooks.RotateSecret.as_view()),
    path("webhooks/<str:webhook_id>/replay", webhooks.Replay.as_view()),
    path("webhooks/<str:webhook_id>/deliveries", webhooks.DeliveryList.as_view()),
]
