"""The rows: workflows, agents, channels, tasks, events, steps and questions, who runs them, and who is told."""

from workflows.models.agent import Agent, AgentVersion
from workflows.models.budget import Budget, Reservation, Spending
from workflows.models.channel import TODO_LIST, Channel
from workflows.models.conversation import Conversation, Feedback
from workflows.models.event import Event
from workflows.models.mcp_server import McpServer
from workflows.models.question import Question
from workflows.models.step import Step
from workflows.models.stream import EventRow, StreamKey
from workflows.models.task import ENDED, TRANSITIONS, Job, Status, Task
from workflows.models.team import BUSINESS_INSIGHTS, Team
from workflows.models.thread import Thread
from workflows.models.todo import Todo
from workflows.models.webhook import Delivery, Webhook
from workflows.models.worker import Worker
from workflows.models.workflow import Workflow, WorkflowVersion

__all__ = [
    "BUSINESS_INSIGHTS",
    "ENDED",
    "TODO_LIST",
    "TRANSITIONS",
    "Agent",
    "AgentVersion",
    "Budget",
    "Channel",
    "Conversation",
    "Delivery",
    "Event",
    "EventRow",
    "Feedback",
    "Job",
    "McpServer",
    "Question",
    "Reservation",
    "Spending",
    "Status",
    "Step",
    "StreamKey",
    "Task",
    "Team",
    "Thread",
    "Todo",
    "Webhook",
    "Worker",
    "Workflow",
    "WorkflowVersion",
]
