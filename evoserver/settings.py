"""Settings, from the environment, else `.env`, else the running local instance's `instance.env`.

The names that people and scripts depend on are listed in README.md; every other name has a default that fits.
"""

import sys
from pathlib import Path

import environ
from corsheaders.defaults import default_headers

from evoserver.logs import logging_config
from workflows.placeholders import is_placeholder

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")
EVOSERVER_DATA_DIR = Path(env.path("EVOSERVER_DATA_DIR", default=str(BASE_DIR / ".data"))).resolve()
env.read_env(EVOSERVER_DATA_DIR / "instance.env")

DEBUG = env.bool("DEBUG", default=False)
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
SERVER_HOST = env.str("SERVER_HOST", default="127.0.0.1")
SERVER_PORT = env.int("SERVER_PORT", default=8001)
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
LOCAL_ACCESS = env.bool("LOCAL_ACCESS", default=False)
"""Callers on this machine are the local user, without credentials. See sessions/authentication.py for when exactly."""

# Who listens on all addresses is reached by names that only its operator knows.
_HOSTS = ["*"] if SERVER_HOST in ("0.0.0.0", "::") else ["localhost", "127.0.0.1", "[::1]", SERVER_HOST]  # noqa: S104
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=_HOSTS)

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
DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL", default="postgresql://evoserver@127.0.0.1:5432/evoserver"),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {
                "min_size": 0,
                "max_size": env.int("DATABASE_POOL_SIZE", default=24),
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

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
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
    "documents of the dialects, and `docs/events.md` for streams.",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": True,
    "POSTPROCESSING_HOOKS": [],
    "SCHEMA_PATH_PREFIX": "",
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
}

LOOPBACK_ORIGINS = r"^https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$"
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOWED_ORIGIN_REGEXES = [LOOPBACK_ORIGINS] if LOCAL_ACCESS else []
CORS_ALLOW_HEADERS = [*default_headers, "last-event-id", "idempotency-key"]
CORS_EXPOSE_HEADERS = ["X-Task-Id", "X-Request-ID"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = "evoserver.formats"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"

LOGGING = logging_config(LOG_LEVEL, env.str("LOG_FORMAT", default="console"))

# The model.
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
if is_placeholder(OPENAI_API_KEY):
    OPENAI_API_KEY = ""
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="")
OPENAI_MODEL = env.str("OPENAI_MODEL", default="gpt-4o-mini")
LLM_ALLOWED_BASE_URLS = env.list("LLM_ALLOWED_BASE_URLS", default=["https://api.openai.com/v1"])
DEMO_MODEL_URL = env.str("DEMO_MODEL_URL", default="http://127.0.0.1:8101/v1")

# Limits.
TASK_TIMEOUT_SECONDS = 300
TASK_TIMEOUT_MAX_SECONDS = 3600
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=2_500_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=3600)

# Retention, counted from a task's end. Closing events stay for ever.
TEXT_RETENTION_SECONDS = env.float("TEXT_RETENTION_SECONDS", default=24 * 3600)
EVENT_RETENTION_SECONDS = env.float("EVENT_RETENTION_SECONDS", default=0)
"""0 keeps them."""

THROTTLE_RUNS = env.str("THROTTLE_RUNS", default="120/minute")
"""How many tasks a caller may start; empty for any number. The local user is not limited."""
LOGIN_GUESSES = env.int("LOGIN_GUESSES", default=20)
"""Wrong passwords for one name from one address, within an hour; ten times as many from one address for all names."""
STREAMS_PER_CALLER = env.int("STREAMS_PER_CALLER", default=200)
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
"""Addresses or networks of proxies whose forwarding headers are believed."""

# Streams. Seconds, except where the name says otherwise.
STREAM_HEARTBEAT_SECONDS = env.float("STREAM_HEARTBEAT_SECONDS", default=15)
STREAM_STALL_SECONDS = env.float("STREAM_STALL_SECONDS", default=20)
STREAM_BUFFER_BYTES = env.int("STREAM_BUFFER_BYTES", default=1_000_000)

# Executions.
NODES_AT_ONCE = env.int("NODES_AT_ONCE", default=8)
"""Nodes that one task runs side by side."""
PROVIDER_CALLS_AT_ONCE = env.int("PROVIDER_CALLS_AT_ONCE", default=64)
"""Calls that one worker has under way at one model endpoint."""

# Workers. A lease that was not renewed for this long is lost, and its tasks are taken over.
WORKER_LEASE_SECONDS = env.float("WORKER_LEASE_SECONDS", default=15)
