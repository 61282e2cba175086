"""The API description as a document, and as a page on which it can be tried. Both hold no data and are for anybody."""

from functools import cache

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.types import OpenApiTypes
from rest_framework.renderers import JSONRenderer

from evoserver import policy
from evoserver.operators import public
from workflows.dashboard.pages import guarded
from workflows.description.describe import JSON, describe
from workflows.description.schema import document

YAML = "application/yaml"

PICTURES_TOO = policy.PAGE.replace("img-src 'self'", "img-src 'self' data:")
"""Swagger UI's style sheet has its arrows and marks inside it."""


@describe("This description", answers={(200, JSON): OpenApiTypes.OBJECT, (200, YAML): OpenApiTypes.STR})
@public
async def schema(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1, as JSON or, where `Accept` says so, as YAML."""
    content_type = YAML if "yaml" in request.headers.get("Accept", "") else JSON
    return HttpResponse(await sync_to_async(_written)(content_type), content_type=content_type)


@cache
def _written(content_type: str) -> bytes:
    renderer = OpenApiYamlRenderer() if content_type == YAML else JSONRenderer()
    written: bytes = renderer.render(document(), renderer_context={})
    return written


@guarded
def docs(request: HttpRequest) -> HttpResponse:
    """`GET /docs`: Swagger UI, from the files of drf-spectacular-sidecar."""
    response = render(request, "docs.html")
    response["Content-Security-Policy"] = PICTURES_TOO
    return response
