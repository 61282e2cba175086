"""The dialect's JSON routes."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Right
from workflows import services
from workflows.description.describe import IDEMPOTENCY_KEY, describe
from workflows.description.describe import Answer as Described
from workflows.description.describe import Status as Code
from workflows.dialects.agentarea import answers, showing
from workflows.dialects.agentarea.approving import settle_approvals
from workflows.dialects.agentarea.drafting import changed_draft, draft_of, ignored_keys
from workflows.dialects.agentarea.examples import AGENTS, CHANGES, QUERIES
from workflows.dialects.agentarea.history import event_page
from workflows.dialects.agentarea.running import execute
from workflows.dialects.agentarea.serializers import (
    AgentChangesSerializer,
    AgentSerializer,
    EventsQuerySerializer,
    ExecuteSerializer,
    RejectSerializer,
)
from workflows.dialects.agentarea.states import current_turn
from workflows.engine.questions import Answer
from workflows.exceptions import BadRequest, Conflict, NotFound
from workflows.http.access import require
from workflows.http.lookup import find_agent, find_conversation
from workflows.http.views import CallerView, validated, validated_query
from workflows.models import Agent, Task, Thread
from workflows.toolbox import offered

AGENT: Mapping[Code, Described] = {200: answers.AgentAnswerSerializer}
ACTED: Mapping[Code, Described] = {200: answers.ActedSerializer}


class Agents(CallerView):
    """`POST /api/v1/agents` and `GET /api/v1/agents`."""

    rights = {"GET": Right.SEE, "POST": Right.RUN}

    @describe("List agents", answers={200: answers.AgentAnswerSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """The agents of the caller's group, newest first."""
        agents = Agent.objects.visible_to(self.caller).order_by("-created_at", "-id")
        return Response(showing.agent_objects([*agents]))

    @describe("Make an agent", body=AgentSerializer, examples=AGENTS, answers=AGENT, errors=(400,))
    def post(self, request: Request) -> Response:
        """Make an agent. It works when it is given a task."""
        body = self.body()
        agent = services.create_agent(self.caller, draft_of(self.caller, body))
        ignored = ignored_keys(body)
        return Response({**showing.agent_object(agent, agent.newest), **({"ignored": ignored} if ignored else {})})


class BuiltinTools(CallerView):
    """`GET /api/v1/agents/tools/builtin`: the tools that an agent may be given."""

    rights = {"GET": Right.SEE}

    @describe("List the tools on offer", answers={200: answers.ToolAnswerSerializer(many=True)})
    def get(self, request: Request) -> Response:
        return Response(
            [
                {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                    "side_effects": tool.side_effects,
                }
                for tool in offered()
            ]
        )


class AgentDetail(CallerView):
    """`GET`, `PATCH`, `DELETE /api/v1/agents/{agent_id}`."""

    rights = {"GET": Right.SEE, "PATCH": Right.RUN, "DELETE": Right.RUN}

    @describe("Look at an agent", answers=AGENT)
    def get(self, request: Request, agent_id: str) -> Response:
        agent = find_agent(self.caller, agent_id)
        return Response(showing.agent_object(agent, agent.newest))

    @describe("Edit an agent", body=AgentChangesSerializer, examples=CHANGES, answers=AGENT, errors=(400,))
    def patch(self, request: Request, agent_id: str) -> Response:
        """A new version, in which only what the body names is different. Turns that are under way go on with theirs."""
        agent = find_agent(self.caller, agent_id)
        agent = services.edit_agent(self.caller, agent, changed_draft(self.caller, agent, self.body()))
        return Response(showing.agent_object(agent, agent.newest))

    @describe("Delete an agent", answers={200: answers.DeletedSerializer})
    def delete(self, request: Request, agent_id: str) -> Response:
        """Delete the agent, and cancel what it is doing. What it told stays."""
        agent = find_agent(self.caller, agent_id)
        if Task.objects.unfinished().filter(thread__agent=agent).exists():
            require(self.caller, Right.CANCEL)
        services.delete_agent(agent, reason=f"its agent was deleted by {self.caller.user.get_username()}")
        return Response({"status": "success"})


class TaskView(CallerView):
    """The base of the views of one task."""

    thread: Thread

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises NotFound, before anything is said of what the request holds."""
        super().initial(request, *args, **kwargs)
        if request.method in self.allowed_methods:
            self.thread = find_conversation(self.caller, kwargs["agent_id"], kwargs["task_id"])

    def reason(self, verb: str) -> str:
        return f"{verb} by {self.caller.user.get_username()}"


class TaskDetail(TaskView):
    """`GET` and `DELETE /api/v1/agents/{agent_id}/tasks/{task_id}`."""

    rights = {"GET": Right.SEE, "DELETE": Right.CANCEL}

    @describe("Look at a task", answers={200: answers.TaskAnswerSerializer})
    def get(self, request: Request, agent_id: str, task_id: str) -> Response:
        return Response(showing.task_as_it_is(self.thread))

    @describe("Cancel a task", answers={200: answers.CancelledSerializer})
    def delete(self, request: Request, agent_id: str, task_id: str) -> Response:
        """Cancel the turn that is under way, and those that wait for it. 404 if all have ended."""
        turn = current_turn(self.thread)
        if not services.cancel_conversation(self.thread, reason=self.reason("cancelled")):
            raise NotFound("Task not found, or it has already ended")
        return Response({"status": "cancelled", "task_id": str(self.thread.pk), "execution_id": str(turn.pk)})


class Execute(TaskView):
    """`POST /api/v1/agents/{agent_id}/tasks/{task_id}/execute`: the next turn of the conversation."""

    rights = {"POST": Right.RUN}

    @describe(
        "Go on with a task",
        body=ExecuteSerializer,
        examples=QUERIES,
        answers={200: answers.TaskAnswerSerializer},
        errors=(400, 409, 429),
        parameters=[IDEMPOTENCY_KEY],
        headers={"X-Task-Id": "The turn's id as a task of `/api/v1/tasks`."},
    )
    def post(self, request: Request, agent_id: str, task_id: str) -> Response:
        """It waits for the turns before it. The agent knows what was said in them."""
        agent = find_agent(self.caller, agent_id)
        turn = execute(request._request, self.caller, agent, self.thread, self.body())
        return Response(showing.task_as_it_is(self.thread, turn), headers={"X-Task-Id": str(turn.pk)})


class TaskStatus(TaskView):
    """`GET …/tasks/{task_id}/status`."""

    rights = {"GET": Right.SEE}

    @describe("Ask for a task's status", answers={200: answers.StatusSerializer})
    def get(self, request: Request, agent_id: str, task_id: str) -> Response:
        return Response(showing.status_object(self.thread))


class TaskState(TaskView):
    """`GET …/tasks/{task_id}/state`: the query `get_current_state`."""

    rights = {"GET": Right.SEE}

    @describe("Ask how far a task is", answers={200: answers.StateSerializer})
    def get(self, request: Request, agent_id: str, task_id: str) -> Response:
        return Response(showing.state_object(self.thread))


class TaskResponse(TaskView):
    """`GET …/tasks/{task_id}/response`: the query `get_final_response`."""

    rights = {"GET": Right.SEE}

    @describe("Ask for a task's answer", answers={200: answers.ResponseSerializer})
    def get(self, request: Request, agent_id: str, task_id: str) -> Response:
        return Response(showing.response_object(self.thread))


class Pause(TaskView):
    """`POST …/tasks/{task_id}/pause`: what is under way ends first."""

    rights = {"POST": Right.RUN}

    @describe("Pause a task", answers=ACTED, errors=(400,))
    def post(self, request: Request, agent_id: str, task_id: str) -> Response:
        turn = current_turn(self.thread)
        try:
            services.pause(turn, reason=self.reason("paused"))
        except Conflict as conflict:
            raise BadRequest(conflict.detail) from None
        return Response(showing.acted_object("paused", self.thread, turn, "What is under way ends first."))


class Resume(TaskView):
    """`POST …/tasks/{task_id}/resume`: what waits for approval has it; what is paused goes on."""

    rights = {"POST": Right.RUN}

    @describe("Go on with a paused task, or approve", answers=ACTED, errors=(400,))
    def post(self, request: Request, agent_id: str, task_id: str) -> Response:
        turn = current_turn(self.thread)
        if settle_approvals(turn, Answer(approved=True), self.caller):
            return Response(showing.acted_object("running", self.thread, turn, "Approved."))
        try:
            services.resume(turn)
        except Conflict as conflict:
            raise BadRequest(conflict.detail) from None
        return Response(showing.acted_object("running", self.thread, turn, "The task goes on."))


class Reject(TaskView):
    """`POST …/tasks/{task_id}/reject`: no to the calls of tools that wait for approval. Ours."""

    rights = {"POST": Right.RUN}

    @describe("Refuse what waits for approval", body=RejectSerializer, answers=ACTED, errors=(400,))
    def post(self, request: Request, agent_id: str, task_id: str) -> Response:
        """The agent reads the reason, and goes on without the call."""
        asked = validated(RejectSerializer, self.body())
        turn = current_turn(self.thread)
        if not settle_approvals(turn, Answer(approved=False, reason=asked.get("reason", "")), self.caller):
            raise BadRequest(f"Nothing waits for approval: task {turn.pk} is {turn.status}.")
        return Response(showing.acted_object("running", self.thread, turn, "Rejected."))


class Events(TaskView):
    """`GET …/tasks/{task_id}/events`: oldest first, with the ids of the stream."""

    rights = {"GET": Right.SEE}

    @describe("List a task's events", answers={200: answers.EventPageSerializer}, parameters=[EventsQuerySerializer])
    def get(self, request: Request, agent_id: str, task_id: str) -> Response:
        asked = validated_query(EventsQuerySerializer, request.query_params)
        return Response(event_page(self.thread, asked["page"], asked["page_size"], asked.get("event_type", ())))
