"""`/api/v1/webhooks`: who is told of the group's events, and how that goes."""

import uuid

from asgiref.sync import async_to_sync
from django.conf import settings
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from sessions.callers import Right
from workflows import services
from workflows.description.describe import describe
from workflows.dialects.native.webhook_serializers import (
    DeliveryPageSerializer,
    DeliverySerializer,
    NewWebhookSerializer,
    PageSizeSerializer,
    ReplaySerializer,
    TestedSerializer,
    WebhookChangesSerializer,
    WebhookIssuedSerializer,
    WebhookListSerializer,
    WebhookSerializer,
)
from workflows.exceptions import Invalid
from workflows.http.lookup import find_task, find_webhook
from workflows.http.paging import CURSOR, NewestFirst
from workflows.http.views import CallerView, validated, validated_query
from workflows.models import Delivery, Webhook
from workflows.outgoing.addresses import networks
from workflows.outgoing.posting import refusal
from workflows.worker.webhooks import send_test

NO_STORE = {"Cache-Control": "no-store"}


class WebhookList(CallerView):
    """`GET /api/v1/webhooks` lists the group's, newest first; `POST` registers one."""

    rights = {"GET": Right.WEBHOOKS, "POST": Right.WEBHOOKS}

    @describe("List webhooks", answers={200: WebhookListSerializer})
    def get(self, request: Request) -> Response:
        """`GET /api/v1/webhooks`: all of the group's, newest first."""
        webhooks = Webhook.objects.visible_to(self.caller).order_by("-created_at", "-id")
        return Response({"webhooks": WebhookSerializer(webhooks, many=True).data})

    @describe(
        "Register a webhook",
        body=NewWebhookSerializer,
        examples={"The ends of tasks": {"name": "to our board", "url": "https://board.example/hooks/evoserver"}},
        answers={201: WebhookIssuedSerializer},
        errors=(409,),
    )
    def post(self, request: Request) -> Response:
        """`POST /api/v1/webhooks`: the answer holds the secret, this once. At most 20 of a group: then 409."""
        asked = validated(NewWebhookSerializer, self.body())
        _check_url(asked["url"])
        webhook, secret = services.create_webhook(
            self.caller, name=asked["name"], url=asked["url"], types=asked["types"]
        )
        return _with_secret(webhook, secret, status=201)


class WebhookDetail(CallerView):
    """`GET /api/v1/webhooks/{id}`, `PATCH` to change it, `DELETE` to take it away."""

    rights = {"GET": Right.WEBHOOKS, "PATCH": Right.WEBHOOKS, "DELETE": Right.WEBHOOKS}

    @describe("Look at a webhook", answers={200: WebhookSerializer})
    def get(self, request: Request, webhook_id: str) -> Response:
        """`GET /api/v1/webhooks/{id}`: without its secret."""
        return Response(WebhookSerializer(find_webhook(self.caller, webhook_id)).data)

    @describe(
        "Change a webhook",
        body=WebhookChangesSerializer,
        examples={"Deliver nothing for now": {"is_active": False}, "All but text": {"types": ["*"]}},
        answers={200: WebhookSerializer},
    )
    def patch(self, request: Request, webhook_id: str) -> Response:
        """`PATCH /api/v1/webhooks/{id}`: what is not in the body stays. Made active again, it goes on where it was."""
        webhook = find_webhook(self.caller, webhook_id)
        changes = validated(WebhookChangesSerializer, self.body())
        if "url" in changes:
            _check_url(changes["url"])
        services.edit_webhook(webhook, changes)
        return Response(WebhookSerializer(webhook).data)

    @describe("Delete a webhook", answers={204: OpenApiResponse(description="It is gone.")})
    def delete(self, request: Request, webhook_id: str) -> Response:
        """`DELETE /api/v1/webhooks/{id}`: nothing more is delivered, and what was is forgotten."""
        services.delete_webhook(find_webhook(self.caller, webhook_id))
        return Response(status=204)


class SendTest(CallerView):
    """`POST /api/v1/webhooks/{id}/test`: sends a signed `webhook.test` now, and answers with what the receiver said."""

    rights = {"POST": Right.WEBHOOKS}

    @describe("Test a webhook", answers={200: TestedSerializer})
    def post(self, request: Request, webhook_id: str) -> Response:
        reply = async_to_sync(send_test)(find_webhook(self.caller, webhook_id))
        return Response({"accepted": reply.is_accepted, "status": reply.status, "said": reply.said})


class RotateSecret(CallerView):
    """`POST /api/v1/webhooks/{id}/rotate`: a new secret, shown this once. For 24 hours the former one signs, too."""

    rights = {"POST": Right.WEBHOOKS}

    @describe("Rotate a webhook's secret", answers={200: WebhookIssuedSerializer})
    def post(self, request: Request, webhook_id: str) -> Response:
        webhook = find_webhook(self.caller, webhook_id)
        secret = services.rotate_secret(webhook)
        return _with_secret(webhook, secret, status=200)


class Replay(CallerView):
    """`POST /api/v1/webhooks/{id}/replay`: a task's events after an id, again, with the same ids."""

    rights = {"POST": Right.WEBHOOKS}

    @describe(
        "Deliver again",
        body=ReplaySerializer,
        examples={"From the first one on": {"task_id": str(uuid.UUID(int=0)), "after": 0}},
        answers={200: DeliverySerializer},
        errors=(409,),
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        webhook = find_webhook(self.caller, webhook_id)
        asked = validated(ReplaySerializer, self.body())
        task = find_task(self.caller, str(asked["task_id"]))
        return Response(DeliverySerializer(services.replay(webhook, task, asked["after"])).data)


class DeliveryList(CallerView):
    """`GET /api/v1/webhooks/{id}/deliveries`: how far it is with each task, newest first; `page_size`, `cursor`."""

    rights = {"GET": Right.WEBHOOKS}

    @describe(
        "List a webhook's deliveries", answers={200: DeliveryPageSerializer}, parameters=[PageSizeSerializer, CURSOR]
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        webhook = find_webhook(self.caller, webhook_id)
        validated_query(PageSizeSerializer, request.query_params)
        pages = NewestFirst()
        page = pages.paginate_queryset(Delivery.objects.filter(webhook=webhook), request, view=self)
        return pages.get_paginated_response(DeliverySerializer(page, many=True).data)


def _check_url(url: str) -> None:
    """Raises Invalid for an address to which nothing could be sent."""
    problem = async_to_sync(refusal)(url, networks(settings.WEBHOOK_ALLOWED_NETWORKS))
    if problem:
        raise Invalid.at("body", "url", msg=problem, type="url_parsing")


def _with_secret(webhook: Webhook, secret: str, *, status: int) -> Response:
    shown = {**WebhookSerializer(webhook).data, "secret": secret}
    return Response(shown, status=status, headers=NO_STORE)
