"""The JSON routes."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Right
from workflows import services
from workflows.description.describe import describe
from workflows.dialects.fastworkflow import answers
from workflows.dialects.fastworkflow.frames import milliseconds
from workflows.dialects.fastworkflow.invoking import model_of
from workflows.dialects.fastworkflow.lookup import find_channel, user_of
from workflows.dialects.fastworkflow.serializers import (
    ActivateSerializer,
    ConversationsSerializer,
    FeedbackSerializer,
    UserSerializer,
)
from workflows.http.views import CallerView, validated, validated_query
from workflows.models import Channel, Conversation

OK = {"status": "ok"}


class ChannelView(CallerView):
    """A view of one user's channel."""

    def channel(self, asked: dict[str, Any]) -> Channel:
        return find_channel(self.caller, user_of(self.caller, asked))


class NewConversation(ChannelView):
    """`POST /new_conversation`."""

    rights = {"POST": Right.RUN}

    @describe("Begin a new conversation", body=UserSerializer, answers={200: answers.OkSerializer}, errors=(404, 409))
    def post(self, request: Request) -> Response:
        """The next turn begins it. A model writes a topic and a summary for the one that is left."""
        channel = self.channel(validated(UserSerializer, self.body()))
        services.leave_conversation(self.caller, channel, model_of(channel))
        return Response(OK)


class Conversations(ChannelView):
    """`GET /conversations`."""

    rights = {"GET": Right.SEE}

    @describe(
        "List a user's conversations",
        answers={200: answers.ConversationSerializer(many=True)},
        parameters=[ConversationsSerializer],
        errors=(404,),
    )
    def get(self, request: Request) -> Response:
        """The one of the newest turn comes first."""
        asked = validated_query(ConversationsSerializer, request.query_params)
        rows = self.channel(asked).conversations.order_by("-updated_at", "-number")
        return Response([_conversation(row) for row in rows[: asked["limit"]]])


class ActivateConversation(ChannelView):
    """`POST /activate_conversation`."""

    rights = {"POST": Right.RUN}

    @describe(
        "Go on with a conversation",
        body=ActivateSerializer,
        examples={"The first": {"user_id": "test_user", "conversation_id": 1}},
        answers={200: answers.OkSerializer},
        errors=(404, 409),
    )
    def post(self, request: Request) -> Response:
        """The next turn belongs to it, and knows what was said in it."""
        asked = validated(ActivateSerializer, self.body())
        channel = self.channel(asked)
        services.activate_conversation(self.caller, channel, asked["conversation_id"], model_of(channel))
        return Response(OK)


class PostFeedback(ChannelView):
    """`POST /post_feedback`."""

    rights = {"POST": Right.RUN}

    @describe(
        "Say what a turn was worth",
        body=FeedbackSerializer,
        examples=answers.FEEDBACK,
        answers={200: answers.OkSerializer},
        errors=(404,),
    )
    def post(self, request: Request) -> Response:
        """Of the newest turn of the active conversation. It takes the place of what was said of that turn before."""
        asked = validated(FeedbackSerializer, self.body())
        score, text = asked.get("binary_or_numeric_score"), asked.get("nl_feedback") or ""
        services.give_feedback(self.channel(asked), score=score, text=text)
        return Response(OK)


def _conversation(row: Conversation) -> dict[str, Any]:
    return {
        "conversation_id": row.number,
        "topic": row.topic,
        "summary": row.summary,
        "created_at": milliseconds(row.created_at),
        "updated_at": milliseconds(row.updated_at),
    }
