from workflows.dialects.fastworkflow import calls, stream, views
from workflows.http.routes import route

urlpatterns = [
    route("initialize", calls.begin),
    route("invoke_agent", calls.invoke_agent),
    route("invoke_agent_stream", stream.agent_stream),
    route("invoke_assistant", calls.invoke_assistant),
    route("perform_action", calls.perform_action),
    route("new_conversation", views.NewConversation.as_view()),
    route("conversations", views.Conversations.as_view()),
    route("activate_conversation", views.ActivateConversation.as_view()),
    route("post_feedback", views.PostFeedback.as_view()),
]
