"""Channels, their conversations, what users said of turns, and to-dos."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from workflows.admin import showing
from workflows.admin.history import History
from workflows.models import Channel, Conversation, Feedback, Task, Todo


@admin.register(Channel)
class ChannelAdmin(History):
    list_display = ("name", "group", "owner", "partner", "partner_name", "last_conversation", "updated_at")
    list_filter = ("group", "partner")
    list_select_related = ("group", "owner", "agent", "workflow")
    ordering = ("-updated_at", "-id")
    found_by = ("pk",)
    search_fields = ("name",)
    search_help_text = "The id of a channel, or the name of its user"
    fields = (
        "id", "name", "group", "owner", "partner", "partner_name", "shown_context", "show_agent_traces",
        "conversations", "todos", "created_at", "updated_at",
    )  # fmt: skip
    readonly_fields = ("partner_name", "shown_context", "conversations", "todos")

    def find(self, queryset: QuerySet[Channel], term: str) -> QuerySet[Channel]:
        return queryset.filter(name=term)

    @admin.display(description="talks to")
    def partner_name(self, channel: Channel) -> str:
        return channel.partner_name

    @admin.display(description="context")
    def shown_context(self, channel: Channel) -> str:
        return showing.pretty(channel.context)

    @admin.display(description="conversations")
    def conversations(self, channel: Channel) -> str:
        listed = showing.list_of(Conversation, channel=channel.pk)
        return format_html('<a href="{}">{}</a>', listed, channel.last_conversation)

    @admin.display(description="todos")
    def todos(self, channel: Channel) -> str:
        return format_html('<a href="{}">{}</a>', showing.list_of(Todo, channel=channel.pk), channel.last_todo)


@admin.register(Conversation)
class ConversationAdmin(History):
    list_display = ("of_channel", "number", "topic", "turns", "created_at", "updated_at")
    list_select_related = ("channel", "thread")
    ordering = ("-pk",)
    found_by = search_fields = ("channel", "thread")
    search_help_text = "The id of a channel or of a thread"
    fields = ("of_channel", "number", "topic", "summary", "turns", "created_at", "updated_at")
    readonly_fields = ("of_channel", "turns")

    @admin.display(description="channel")
    def of_channel(self, conversation: Conversation) -> str:
        return showing.link(Channel, conversation.channel_id, conversation.channel)

    @admin.display(description="turns")
    def turns(self, conversation: Conversation) -> str:
        listed = showing.list_of(Task, thread=conversation.thread_id)
        return format_html('<a href="{}">{}</a>', listed, conversation.thread.last_run)


@admin.register(Feedback)
class FeedbackAdmin(History):
    list_display = ("of_turn", "of_channel", "score", "text", "created_at")
    list_select_related = ("turn__channel",)
    ordering = ("-pk",)
    found_by = search_fields = ("turn",)
    search_help_text = "The id of a turn"
    fields = ("of_turn", "of_channel", "score", "text", "created_at")
    readonly_fields = ("of_turn", "of_channel")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        feedback: QuerySet[Feedback] = super().get_queryset(request)
        return feedback.defer("turn__secrets", "turn__params", "turn__result")

    @admin.display(description="turn")
    def of_turn(self, feedback: Feedback) -> str:
        return showing.link(Task, feedback.turn_id)

    @admin.display(description="channel")
    def of_channel(self, feedback: Feedback) -> str:
        channel = feedback.turn.channel
        return showing.link(Channel, channel.pk, channel) if channel else showing.NOTHING


@admin.register(Todo)
class TodoAdmin(History):
    list_display = ("of_channel", "number", "text", "done", "is_deleted", "created_at")
    list_select_related = ("channel",)
    ordering = ("-pk",)
    found_by = search_fields = ("channel",)
    search_help_text = "The id of a channel"
    fields = ("of_channel", "number", "text", "done", "created_by", "deleted_by", "created_at")
    readonly_fields = ("of_channel",)

    @admin.display(description="channel")
    def of_channel(self, todo: Todo) -> str:
        return showing.link(Channel, todo.channel_id, todo.channel)

    @admin.display(boolean=True, description="deleted")
    def is_deleted(self, todo: Todo) -> bool:
        return bool(todo.deleted_by)
