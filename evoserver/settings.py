"""Settings, from the environment, else `.env`, else the running local instance's `instance.env`.

What an operator may set is declared here, with its meaning, and nowhere else: docs/operations.md is written from it.
"""

import sys
from pathlib import Path

import environ
from corsheaders.defaults import default_headers

from evoserver.business.address import sample_url
from evoserver.declared import Declarations
from evoserver.logs import logging_config, read_levels
from evoserver.versions import static_version
from workflows.placeholders import is_placeholder

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")
setting = Declarations(env)

setting.heading("Web server")
SERVER_HOST = setting.text("SERVER_HOST", "127.0.0.1", "where the web server listens")
SERVER_PORT = setting.integer("SERVER_PORT", 8001, "its port")
LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = setting.names(
    "ALLOWED_HOSTS",
    # Who listens on all addresses is reached by names that only its operator knows.
    ["*"] if SERVER_HOST in ("0.0.0.0", "::") else [SERVER_HOST],  # noqa: S104
    "names by which it may be called, separated by commas; loopback names always may, for probes on the machine itself",
    shown="`SERVER_HOST`; any, if that is `0.0.0.0` or `::`",
)
# A probe has no other name for the process beside it.
ALLOWED_HOSTS += [name for name in LOOPBACK_NAMES if name not in ALLOWED_HOSTS]
TRUSTED_PROXIES = setting.names(
    "TRUSTED_PROXIES",
    [],
    "addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed",
)
MAX_BODY_BYTES = setting.integer("MAX_BODY_BYTES", 2_500_000, "larger request bodies get 413")
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DEBUG = setting.flag("DEBUG", False, "Django's debug pages; never on a server that others reach")

setting.heading("Engines and data")
EVOSERVER_DATA_DIR = Path(
    setting.text(
        "EVOSERVER_DATA_DIR",
        str(BASE_DIR / ".data"),
        "of `make run`: databases, secrets, logs; one running instance for each folder",
        shown="`.data`",
    )
).resolve()
# A shell beside `make run` finds its instance by this.
env.read_env(EVOSERVER_DATA_DIR / "instance.env")


# Daphne takes over `runserver`. Nothing else needs it, and its imports would cost every process a second.
INSTALLED_APPS = [
    *(["daphne"] if sys.argv[1:2] == ["runserver"] else []),
    "evoserver",
    "workflows",
    "sessions",
    "corsheaders",
    "channels",
    "rest_framework",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "evoserver.middleware.RequestIds",
    "evoserver.policy.ContentPolicy",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "evoserver.bodies.RefuseLargeBodies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

CSRF_FAILURE_VIEW = "evoserver.pages.csrf_failure"
ROOT_URLCONF = "evoserver.urls"
ASGI_APPLICATION = "evoserver.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# One pool a process, shared by request threads (each request has its own thread, so a connection kept by a
# thread would be a connection opened per request). Streams and waiting calls hold none.
setting.mention(
    "DATABASE_URL", "own PostgreSQL", "a PostgreSQL to use: `postgresql://name:password@host:5432/database`"
)
_database = env.db_url("DATABASE_URL", default="postgresql://evoserver@127.0.0.1:5432/evoserver")
_options = _database.get("OPTIONS", {})
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_options,
            # Who is paused amidst a transaction must not keep its rows locked for the others.
            "options": f"{_options.get('options', '')} -c idle_in_transaction_session_timeout=15s",
            "pool": {
                "min_size": 0,
                "max_size": setting.integer(
                    "DATABASE_POOL_SIZE", 24, "connections that one process, web or worker, opens at most"
                ),
                "timeout": 5,
                "reconnect_timeout": 1,
                "max_idle": 60,
            },
            "connect_timeout": 5,
            # For workflows/services/prepared.py; Django's own cursors prepare nothing.
            "prepare_threshold": 5,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = setting.text(
    "REDIS_URL",
    "redis://127.0.0.1:6379/0",
    "a Redis to use: `redis://:password@host:6379/0`, with a database number that no other instance uses",
    shown="own Redis",
)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_connect_timeout": 1, "socket_timeout": 2}],
            "prefix": "evoserver",
        },
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "evoserver"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "socket_keepalive": True,
    # A send that fails is made up for by a worker's sweep; it must not wait for Redis to come back.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_PUBLISH_RETRY = False

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # It holds counts for limits, which are not worth waiting for.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "sessions.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
        "sessions.authentication.LocalAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "workflows.description.schema.Schema",
    "EXCEPTION_HANDLER": "workflows.http.errors.handle_drf_exception",
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Evoserver",
    "VERSION": "1",
    "DESCRIPTION": "Turns a goal into an agent workflow, runs it, and streams every step, durably. In words: the "
    "documents of the dialects, and `docs/events.md` for streams. All of it can also be had over one WebSocket, at "
    "`/ws/`: see `docs/websocket.md`.",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": True,
    "POSTPROCESSING_HOOKS": [],
    "SCHEMA_PATH_PREFIX": "",
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
}

setting.heading("Who may call")
SECRET_KEY = setting.text(
    "SECRET_KEY",
    "",
    "signs logins and encrypts stored model keys; 50 random characters or more, the same for all processes",
    shown="`make run` makes one and keeps it in the data folder",
)
SECRET_KEY_FALLBACKS = setting.names("SECRET_KEY_FALLBACKS", [], "former secret keys that may still verify and decrypt")
LOCAL_ACCESS = setting.flag(
    "LOCAL_ACCESS",
    False,
    "whether direct callers on this machine need no token; not for a machine that others have accounts on",
    shown="on in `make run`, else off",
)
setting.mention(
    "EVOSERVER_ADMIN_PASSWORD", "made at random", "of `make run`: the password of the user `admin` it makes"
)

LOOPBACK_ORIGINS = r"^https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$"
CORS_ALLOWED_ORIGINS = setting.names(
    "CORS_ALLOWED_ORIGINS", [], "web origins that may call, separated by commas; with `LOCAL_ACCESS` also loopback ones"
)
CORS_ALLOWED_ORIGIN_REGEXES = [LOOPBACK_ORIGINS] if LOCAL_ACCESS else []
CORS_ALLOW_HEADERS = [*default_headers, "last-event-id", "idempotency-key"]
CORS_EXPOSE_HEADERS = ["X-Task-Id", "X-Request-ID"]

setting.heading("HTTPS")
HTTPS = setting.flag(
    "HTTPS",
    not (DEBUG or LOCAL_ACCESS),
    "whether people reach it by HTTPS, through a proxy in `TRUSTED_PROXIES`: cookies go over nothing else",
    shown="on, unless `LOCAL_ACCESS` or `DEBUG` is; off in `make run`",
)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = setting.flag(
    "HTTPS_REDIRECT",
    HTTPS,
    "whether requests over plain HTTP are sent to HTTPS, but for health and metrics",
    shown="as `HTTPS`",
)
# Probes and scrapers ask the process itself, past the proxy.
SECURE_REDIRECT_EXEMPT = [r"^health(/|$)", r"^metrics$"]
SECURE_HSTS_SECONDS = setting.integer(
    "HSTS_SECONDS",
    3600 if HTTPS else 0,
    "how long browsers remember to come by HTTPS only; raise it, up to `31536000`, once all works",
    shown="`3600` with `HTTPS`, else `0`",
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = setting.flag(
    "HSTS_SUBDOMAINS", False, "whether that holds for all names below the server's"
)
SECURE_HSTS_PRELOAD = setting.flag("HSTS_PRELOAD", False, "whether browsers may ship with it: hard to take back")
# What else lives below the domain, and whether it speaks HTTPS, is its owner's to know: neither is a mistake to be off.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = "evoserver.formats"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_ROOT_URL = "/static/"
STATIC_VERSION = static_version(BASE_DIR / "static")
STATIC_URL = f"{STATIC_ROOT_URL}{STATIC_VERSION}/"

setting.heading("Model")
OPENAI_API_KEY = setting.text(
    "OPENAI_API_KEY",
    "",
    "the key for the model's endpoint; for OpenAI it is enough. Without it and the next: the demo model",
)
if is_placeholder(OPENAI_API_KEY):
    OPENAI_API_KEY = ""
OPENAI_BASE_URL = setting.text(
    "OPENAI_BASE_URL", "", "another endpoint that speaks Chat Completions, such as `http://localhost:11434/v1`"
)
OPENAI_MODEL = setting.text("OPENAI_MODEL", "gpt-4o-mini", "the model for requests that name none")
LLM_ALLOWED_BASE_URLS = setting.names(
    "LLM_ALLOWED_BASE_URLS", ["https://api.openai.com/v1"], "endpoints that a request may name, separated by commas"
)
DEMO_MODEL_URL = setting.text(
    "DEMO_MODEL_URL", "http://127.0.0.1:8101/v1", "where the demo model is; `make run` starts one and says where"
)

setting.heading("Tools")
FETCH_ALLOWED_HOSTS = setting.names(
    "FETCH_ALLOWED_HOSTS",
    ["*"] if LOCAL_ACCESS else [],
    "hosts that agents may fetch pages from: names, `*.example.org` for all below one, `*` for any; none: the tool is "
    "not on offer",
    shown="`*` with `LOCAL_ACCESS`, else none",
)
FETCH_ALLOWED_NETWORKS = setting.names(
    "FETCH_ALLOWED_NETWORKS", [], "private addresses or networks that may be fetched from all the same"
)
MCP_ALLOWED_HOSTS = setting.names(
    "MCP_ALLOWED_HOSTS",
    [],
    "hosts of MCP servers that requests may bring along in `mcp_config`, besides those of registered ones; as in "
    "`FETCH_ALLOWED_HOSTS`",
)
MCP_ALLOWED_NETWORKS = setting.names(
    "MCP_ALLOWED_NETWORKS", [], "private addresses or networks in which MCP servers may be reached"
)
TOOL_DATABASE_URL = setting.text(
    "TOOL_DATABASE_URL",
    "",
    "a PostgreSQL that agents may query, with a role that may only read what they may know; none: the tool is not on "
    "offer",
)
BUSINESS_DATABASE_URL = setting.text(
    "BUSINESS_DATABASE_URL",
    sample_url(DATABASES["default"], SECRET_KEY) if LOCAL_ACCESS else "",
    "the PostgreSQL that the business insights team queries, likewise with a role that may only read; none: its "
    "DataAgent says so",
    shown="the sample sales database with `LOCAL_ACCESS`, else none",
)
TOOLS = setting.names("TOOLS", [], "further tools of yours, by their dotted paths: see [tools.md](tools.md)")
TOOLS_LEFT_OUT = setting.names("TOOLS_LEFT_OUT", [], "names of tools that are not to be on offer")

setting.heading("Webhooks")
WEBHOOK_ALLOWED_NETWORKS = setting.names(
    "WEBHOOK_ALLOWED_NETWORKS",
    [],
    "private addresses or networks that webhooks may go to all the same, such as `127.0.0.1` while you try them out",
)

setting.heading("Limits")
TASK_TIMEOUT_SECONDS = 300
TASK_TIMEOUT_MAX_SECONDS = 3600
QUESTION_TIMEOUT_SECONDS = setting.integer(
    "QUESTION_TIMEOUT_SECONDS",
    86_400,
    "how long a task waits for a person's answer before the default is taken: a rejection, or no answer",
)
THROTTLE_RUNS = setting.text(
    "THROTTLE_RUNS", "120/minute", "how many tasks a caller may start; empty: any number; the local user is not limited"
)
LOGIN_GUESSES = setting.integer(
    "LOGIN_GUESSES",
    20,
    "wrong passwords for one name from one address within an hour; ten times as many from one address for all names; "
    "`0`: any number",
)
STREAMS_PER_CALLER = setting.integer(
    "STREAMS_PER_CALLER", 200, "streams that a caller may have open in one web process"
)
SESSION_IDLE_SECONDS = setting.integer(
    "SESSION_IDLE_SECONDS", 3600, "a client session that nobody uses for so long ends"
)

setting.heading("Retention")
TEXT_RETENTION_SECONDS = setting.number(
    "TEXT_RETENTION_SECONDS", 24 * 3600, "so long after a task's end the pieces of a model's text are joined"
)
EVENT_RETENTION_SECONDS = setting.number(
    "EVENT_RETENTION_SECONDS",
    0,
    "so long after a task's end its events are kept, the closing one for ever; `0`: all of them for ever",
)

setting.heading("Streams and workers")
STREAM_HEARTBEAT_SECONDS = setting.number(
    "STREAM_HEARTBEAT_SECONDS",
    15,
    "a stream says something at least this often, and looks whether its caller may still see it",
)
STREAM_STALL_SECONDS = setting.number("STREAM_STALL_SECONDS", 20, "a reader that takes nothing for so long is cut off")
STREAM_BUFFER_BYTES = setting.integer(
    "STREAM_BUFFER_BYTES", 1_000_000, "what may wait for one slow reader; beyond it, it gets its events from the rows"
)
NODES_AT_ONCE = setting.integer("NODES_AT_ONCE", 8, "nodes that one task runs side by side")
PROVIDER_CALLS_AT_ONCE = setting.integer(
    "PROVIDER_CALLS_AT_ONCE", 64, "calls that one worker has under way at one model endpoint"
)
WORKER_LEASE_SECONDS = setting.number(
    "WORKER_LEASE_SECONDS",
    15,
    "a worker that has not renewed its lease for so long is lost, and its tasks are taken over",
)

setting.heading("Logs")
LOG_LEVEL = setting.text("LOG_LEVEL", "INFO", "`DEBUG`, `INFO`, `WARNING`, `ERROR`").upper()
LOGGING = logging_config(
    LOG_LEVEL,
    setting.text(
        "LOG_FORMAT", "console", "or `json`: one object a line; both carry the ids of request, task, session and caller"
    ),
    read_levels(
        setting.names(
            "LOG_LEVELS", [], "levels of single loggers: `stream_events=DEBUG` shows each event of the AutoGen streams"
        )
    ),
)

DECLARED = tuple(setting.all)
