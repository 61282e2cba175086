"""Every write. Whatever changes a task, a session or an event goes through here; nothing else saves those rows."""

from workflows.services.agents import (
    AgentDraft,
    cancel_conversation,
    create_agent,
    delete_agent,
    edit_agent,
    give_first_agent,
    start_conversation,
    take_turn,
)
from workflows.services.append import Appended, Claim, TextPiece, Write, append, append_texts
from workflows.services.budgets import is_limited, release, reserve
from workflows.services.cancel import cancel, cancel_quietly
from workflows.services.channels import (
    Partner,
    activate_conversation,
    give_feedback,
    leave_conversation,
    open_channel,
    take_channel_turn,
)
from workflows.services.claim import claim, requeue
from workflows.services.deliveries import replay
from workflows.services.finish import complete, expire_deadline, fail
from workflows.services.mcp import delete_mcp_server, save_mcp_server
from workflows.services.pause import pause, resume
from workflows.services.questions import answer, answers_of, ask, expire_questions, said_in_words, wait
from workflows.services.rerun import rerun
from workflows.services.retention import compact_texts, prune_events
from workflows.services.sessions import close_session, expire_idle_sessions, open_session, touch_sessions
from workflows.services.submit import Idempotency, Submission, submit
from workflows.services.teams import delete_team, save_team
from workflows.services.todos import complete_todo, create_todo, delete_todo, rename_todo, todos_of
from workflows.services.webhooks import (
    create_webhook,
    deactivate_webhook,
    delete_webhook,
    edit_webhook,
    rotate_secret,
)
from workflows.services.workflows import Draft, create_workflow, delete_workflow, edit_workflow, run_workflow

__all__ = [
    "AgentDraft",
    "Appended",
    "Claim",
    "Draft",
    "Idempotency",
    "Partner",
    "Submission",
    "TextPiece",
    "Write",
    "activate_conversation",
    "answer",
    "answers_of",
    "append",
    "append_texts",
    "ask",
    "cancel",
    "cancel_conversation",
    "cancel_quietly",
    "claim",
    "close_session",
    "compact_texts",
    "complete",
    "complete_todo",
    "create_agent",
    "create_todo",
    "create_webhook",
    "create_workflow",
    "deactivate_webhook",
    "delete_agent",
    "delete_mcp_server",
    "delete_team",
    "delete_todo",
    "delete_webhook",
    "delete_workflow",
    "edit_agent",
    "edit_webhook",
    "edit_workflow",
    "expire_deadline",
    "expire_idle_sessions",
    "expire_questions",
    "fail",
    "give_feedback",
    "give_first_agent",
    "is_limited",
    "leave_conversation",
    "open_channel",
    "open_session",
    "pause",
    "prune_events",
    "release",
    "rename_todo",
    "replay",
    "requeue",
    "rerun",
    "reserve",
    "resume",
    "rotate_secret",
    "run_workflow",
    "said_in_words",
    "save_mcp_server",
    "save_team",
    "start_conversation",
    "submit",
    "take_channel_turn",
    "take_turn",
    "todos_of",
    "touch_sessions",
    "wait",
]
