"""The dialect's JSON routes."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Right
from workflows import services
from workflows.description.describe import IDEMPOTENCY_KEY, describe
from workflows.description.graph import WorkflowGraphSerializer
from workflows.dialects.workflows import drafting, running, showing
from workflows.dialects.workflows.answers import (
    EventPageSerializer,
    RunPageSerializer,
    VersionPageSerializer,
    VersionSerializer,
    WorkflowAnswerSerializer,
    WorkflowPageSerializer,
)
from workflows.dialects.workflows.examples import CHANGES, EXAMPLES, INPUTS, RETRIES
from workflows.dialects.workflows.history import event_page
from workflows.dialects.workflows.lookup import find_version, find_workflow, latest_run, run_to_act_on
from workflows.dialects.workflows.serializers import (
    EventsSerializer,
    ExecuteSerializer,
    GraphSerializer,
    ListSerializer,
    PageSizeSerializer,
    RetrySerializer,
    StreamFlagSerializer,
    WorkflowSerializer,
)
from workflows.dialects.workflows.states import graph_of, tasks_of
from workflows.engine.graphs.mermaid import mermaid
from workflows.exceptions import Conflict, Invalid
from workflows.http.access import require
from workflows.http.graphs import checked_graph
from workflows.http.paging import CURSOR, NewestFirst
from workflows.http.views import CallerView, validated, validated_query
from workflows.models import Task, Workflow, WorkflowVersion

LARGE = ("secrets", "params", "result", "workflow_version__definition", "workflow_version__graph")
"""What lists of runs do without."""

WORKFLOW: Mapping[Any, Any] = {200: WorkflowAnswerSerializer}
DELETED: Mapping[Any, Any] = {204: OpenApiResponse(description="It is gone.")}
DRAWING: Mapping[Any, Any] = {(200, "text/plain"): OpenApiTypes.STR}
STARTED = {"X-Task-Id": "The run's id as a task."}


class Workflows(CallerView):
    """`POST /api/v1/workflows/` and `GET /api/v1/workflows/`."""

    rights = {"GET": Right.SEE, "POST": Right.RUN}

    @describe("List workflows", answers={200: WorkflowPageSerializer}, parameters=[ListSerializer, CURSOR])
    def get(self, request: Request) -> Response:
        """The workflows of the caller's group, newest first; `q` (in the name), `page_size`, `cursor`."""
        asked = validated_query(ListSerializer, request.query_params)
        workflows = Workflow.objects.visible_to(self.caller)
        if "q" in asked:
            workflows = workflows.filter(name__icontains=asked["q"])
        pages = NewestFirst()
        page: list[Workflow] = pages.paginate_queryset(workflows, request, view=self) or []
        runs = _latest_runs(page)
        return pages.get_paginated_response([showing.summary(each, runs.get(each.thread_id)) for each in page])

    @describe(
        "Make a workflow",
        body=WorkflowSerializer,
        examples=EXAMPLES,
        answers={201: WorkflowAnswerSerializer},
        headers={"Location": "Its path."},
    )
    def post(self, request: Request) -> Response:
        """Make a workflow, of tasks or of a `workflow_graph`. It runs when it is executed."""
        body = self.body()
        workflow = services.create_workflow(self.caller, drafting.draft_of(body, self.caller))
        return Response(
            showing.workflow_object(workflow, None, _ignored(body)),
            status=201,
            headers={"Location": f"{showing.PREFIX}/{workflow.pk}"},
        )


class WorkflowView(CallerView):
    """The base of the views of one workflow."""

    workflow: Workflow

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises NotFound, before anything is said of what the request holds."""
        super().initial(request, *args, **kwargs)
        if request.method in self.allowed_methods:
            self.workflow = find_workflow(self.caller, kwargs["workflow_id"])

    def answer(self, metadata: Mapping[str, Any] | None = None) -> Response:
        """The workflow as it is now."""
        return Response(showing.workflow_object(self.workflow, latest_run(self.workflow), metadata))


class WorkflowDetail(WorkflowView):
    """`GET`, `PUT`, `PATCH`, `DELETE /api/v1/workflows/{id}`."""

    rights = {"GET": Right.SEE, "PUT": Right.RUN, "PATCH": Right.RUN, "DELETE": Right.RUN}

    @describe("Look at a workflow", answers=WORKFLOW)
    def get(self, request: Request, workflow_id: str) -> Response:
        """The workflow, with its tasks as they stand in its latest run, and their results."""
        return self.answer()

    @describe("Edit a workflow", body=WorkflowSerializer, examples=EXAMPLES, answers=WORKFLOW)
    def put(self, request: Request, workflow_id: str) -> Response:
        """A new version of the workflow. A run that is under way goes on with its own."""
        return self._edit(self.body())

    @describe("Edit a part of a workflow", body=WorkflowSerializer, examples=CHANGES, answers=WORKFLOW)
    def patch(self, request: Request, workflow_id: str) -> Response:
        """A new version, in which only what the body names is different."""
        body = self.body()
        if not isinstance(body, dict):
            raise Invalid.at("body", msg="The body must be a JSON object.", type="dict_type")
        now: dict[str, Any] = {"name": self.workflow.name, **self.workflow.newest.definition}
        for one, other in (("tasks", "workflow_graph"), ("workflow_graph", "tasks")):
            if one in body:
                now.pop(other, None)
        if isinstance(body.get("config"), dict):
            body = {**body, "config": {**now["config"], **body["config"]}}
        return self._edit({**now, **body})

    @describe("Delete a workflow", answers=DELETED)
    def delete(self, request: Request, workflow_id: str) -> Response:
        """Delete the workflow, and cancel its run. What it told stays, as tasks."""
        run = latest_run(self.workflow)
        if run and not run.has_ended:
            require(self.caller, Right.CANCEL)
        services.delete_workflow(self.workflow, reason=f"its workflow was deleted by {self.caller.user.get_username()}")
        return Response(status=204)

    def _edit(self, body: Any) -> Response:
        self.workflow = services.edit_workflow(self.caller, self.workflow, drafting.draft_of(body, self.caller))
        return self.answer(_ignored(body))


class Versions(WorkflowView):
    """`GET /api/v1/workflows/{id}/versions`: newest first, without what they hold."""

    rights = {"GET": Right.SEE}

    @describe(
        "List a workflow's versions", answers={200: VersionPageSerializer}, parameters=[PageSizeSerializer, CURSOR]
    )
    def get(self, request: Request, workflow_id: str) -> Response:
        validated_query(PageSizeSerializer, request.query_params)
        pages = NewestFirst()
        versions = self.workflow.versions.select_related("author").defer("definition", "graph")
        page: list[WorkflowVersion] = pages.paginate_queryset(versions, request, view=self) or []
        return pages.get_paginated_response([showing.version_summary(version) for version in page])


class Version(WorkflowView):
    """`GET /api/v1/workflows/{id}/versions/{number}`: what the workflow held then. `PUT` it to go back to it."""

    rights = {"GET": Right.SEE}

    @describe("Look at a version", answers={200: VersionSerializer})
    def get(self, request: Request, workflow_id: str, number: str) -> Response:
        return Response(showing.version_object(find_version(self.workflow, number)))


class Execute(WorkflowView):
    """`POST /api/v1/workflows/{id}/execute`: run the newest version. 409 if the workflow runs already."""

    rights = {"POST": Right.RUN}

    @describe(
        "Execute a workflow",
        body=ExecuteSerializer,
        examples=INPUTS,
        answers=WORKFLOW,
        errors=(409, 429),
        parameters=[StreamFlagSerializer, IDEMPOTENCY_KEY],
        headers=STARTED,
    )
    def post(self, request: Request, workflow_id: str) -> Response:
        stream = validated_query(StreamFlagSerializer, request.query_params)["stream"]
        return self._started(running.execute(request._request, self.caller, self.workflow, self.body()), stream=stream)

    def _started(self, run: Task, *, stream: bool) -> Response:
        where = {"stream_url": showing.stream_url(self.workflow)} if stream else {}
        metadata = {"run": run.run_no, "task_id": str(run.pk), **where}
        # The run as it was taken, not as it may be by now.
        return Response(showing.workflow_object(self.workflow, run, metadata), headers={"X-Task-Id": str(run.pk)})


class Retry(Execute):
    """`POST /api/v1/workflows/{id}/retry`: a new run that begins with what the latest one has done."""

    @describe(
        "Retry what failed",
        body=RetrySerializer,
        examples=RETRIES,
        answers=WORKFLOW,
        errors=(409, 429),
        parameters=[StreamFlagSerializer],
        headers=STARTED,
    )
    def post(self, request: Request, workflow_id: str) -> Response:
        stream = validated_query(StreamFlagSerializer, request.query_params)["stream"]
        return self._started(running.retry(self.caller, self.workflow, self.body()), stream=stream)


class Cancel(WorkflowView):
    """`POST /api/v1/workflows/{id}/cancel`: end the run that is under way. 409 if none is."""

    rights = {"POST": Right.CANCEL}

    @describe("Cancel a run", answers=WORKFLOW, errors=(409,))
    def post(self, request: Request, workflow_id: str) -> Response:
        services.cancel(run_to_act_on(self.workflow), reason=f"cancelled by {self.caller.user.get_username()}")
        return self.answer()


class Pause(WorkflowView):
    """`POST /api/v1/workflows/{id}/pause`: what is under way ends first. 409 if nothing runs, or it is paused."""

    rights = {"POST": Right.RUN}

    @describe("Pause a run", answers=WORKFLOW, errors=(409,))
    def post(self, request: Request, workflow_id: str) -> Response:
        services.pause(run_to_act_on(self.workflow), reason=f"paused by {self.caller.user.get_username()}")
        return self.answer()


class Resume(WorkflowView):
    """`POST /api/v1/workflows/{id}/resume`. 409 if the run is not paused."""

    rights = {"POST": Right.RUN}

    @describe("Go on with a paused run", answers=WORKFLOW, errors=(409,))
    def post(self, request: Request, workflow_id: str) -> Response:
        services.resume(run_to_act_on(self.workflow))
        return self.answer()


class Runs(WorkflowView):
    """`GET /api/v1/workflows/{id}/runs`: newest first."""

    rights = {"GET": Right.SEE}

    @describe("List the runs", answers={200: RunPageSerializer}, parameters=[PageSizeSerializer, CURSOR])
    def get(self, request: Request, workflow_id: str) -> Response:
        validated_query(PageSizeSerializer, request.query_params)
        pages = NewestFirst()
        runs = Task.objects.filter(thread=self.workflow.thread_id).select_related("workflow_version")
        page: list[Task] = pages.paginate_queryset(runs.defer("secrets", "params", "result"), request, view=self) or []
        return pages.get_paginated_response([showing.run_object(run) for run in page])


class Events(WorkflowView):
    """`GET /api/v1/workflows/{id}/events?after=&limit=`: the stream's events as JSON, for where streams are blocked."""

    rights = {"GET": Right.SEE}

    @describe("List the events", answers={200: EventPageSerializer}, parameters=[EventsSerializer])
    def get(self, request: Request, workflow_id: str) -> Response:
        page = validated_query(EventsSerializer, request.query_params)
        return Response(event_page(self.workflow, page.get("after"), page["limit"]))


class Graph(WorkflowView):
    """`GET /api/v1/workflows/{id}/graph`: the `workflow_graph`, as EvoAgentX loads it."""

    rights = {"GET": Right.SEE}

    @describe("Export a workflow", answers={200: WorkflowGraphSerializer}, errors=(409,))
    def get(self, request: Request, workflow_id: str) -> Response:
        return Response(_graph(self.workflow)[0])


class Mermaid(WorkflowView):
    """`GET /api/v1/workflows/{id}/mermaid`: the graph as a Mermaid flowchart, coloured as its tasks stand."""

    rights = {"GET": Right.SEE}

    @describe("Draw a workflow", answers=DRAWING, errors=(409,))
    def get(self, request: Request, workflow_id: str) -> HttpResponse:
        graph, version, run = _graph(self.workflow)
        statuses = {task["name"]: task["status"] for task in tasks_of(version, run)} if run else {}
        return _text(mermaid(graph, statuses))


class DrawGraph(CallerView):
    """`POST /api/v1/workflows/mermaid`: any `workflow_graph` as a Mermaid flowchart. Nothing is kept of it."""

    rights = {"POST": Right.SEE}

    @describe("Draw any graph", body=GraphSerializer, answers=DRAWING)
    def post(self, request: Request) -> HttpResponse:
        posted = validated(GraphSerializer, self.body())["workflow_graph"]
        return _text(mermaid(checked_graph(posted, self.caller)))


def _graph(workflow: Workflow) -> tuple[dict[str, Any], WorkflowVersion, Task | None]:
    """The graph that is shown, and what it is the graph of. Raises Conflict where nothing is planned yet."""
    run = showing.shown_run(workflow, latest_run(workflow))
    version = run.workflow_version if run and run.workflow_version else workflow.newest
    graph = graph_of(version, run)
    if graph is None:
        raise Conflict("This workflow is planned when it is executed, so it has no graph before a run has completed.")
    return graph, version, run


def _latest_runs(workflows: list[Workflow]) -> dict[Any, Task]:
    """The latest run of each workflow by its thread, in one query."""
    runs = Task.objects.filter(thread__in=[each.thread_id for each in workflows]).order_by("thread", "-run_no")
    found = runs.distinct("thread").select_related("workflow_version").defer(*LARGE)
    return {run.thread_id: run for run in found}


def _ignored(body: Any) -> dict[str, Any]:
    """What nothing reads of a body that was taken."""
    ignored = drafting.ignored_keys(body)
    return {"ignored": ignored} if ignored else {}


def _text(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
