"""The admin for operators: what happened, read-only, and the few things to do about it, through the services."""

from django.contrib import admin

from sessions.login import AdminLoginForm
from workflows.admin import (
    agents,
    budgets,
    channels,
    events,
    mcp_servers,
    questions,
    sessions,
    steps,
    tasks,
    teams,
    tokens,
    webhooks,
    workers,
    workflows,
)

__all__ = [
    "agents",
    "budgets",
    "channels",
    "events",
    "mcp_servers",
    "questions",
    "sessions",
    "steps",
    "tasks",
    "teams",
    "tokens",
    "webhooks",
    "workers",
    "workflows",
]

admin.site.site_header = admin.site.site_title = "Evoserver"
# The lists are wide; the index and the line above each page lead everywhere.
admin.site.enable_nav_sidebar = False
admin.site.index_title = "Operations"
admin.site.login_form = AdminLoginForm
