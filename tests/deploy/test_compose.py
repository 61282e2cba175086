"""docker-compose.yml, read as Docker reads it. No engine runs here: what can be wrong without one is looked for.

That it loads at all, Docker's own loader said by hand (`docker stack config`, docs/operations.md).
"""

import importlib
import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

ONCE = {"migrate"}
OURS = {"migrate", "web", "worker", "demo-model"}
SECRETS = {"SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}
READ_BY_OTHERS = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}


@pytest.fixture(scope="module")
def compose(root: Path) -> Any:
    return yaml.safe_load((root / "docker-compose.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def services(compose: Any) -> dict[str, Any]:
    return dict(compose["services"])


def test_it_runs_what_a_deployment_needs(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker", "demo-model", "nginx"}
    assert services["web"]["deploy"]["replicas"] == "${WEB_REPLICAS:-2}"
    assert services["worker"]["deploy"]["replicas"] == "${WORKER_REPLICAS:-2}"
    assert services["demo-model"]["profiles"] == ["demo"]


def test_every_service_that_stays_has_a_health_check_and_starts_again(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name in ONCE:
            assert service["restart"] == "no"
            continue
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert service["restart"] == "unless-stopped", name


def test_images_are_pinned(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name in OURS:
            assert service["build"] == "."
        else:
            assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z0-9.]+", service["image"]), name


def test_secrets_come_from_outside_and_are_demanded(root: Path, services: dict[str, Any]) -> None:
    text = (root / "docker-compose.yml").read_text("utf-8")
    for name in SECRETS:
        # Each place either demands it, or is a shell that reads its own environment.
        for found in re.findall(rf"\$\{{{name}\b([^}}]*)\}}", text):
            assert found.startswith(":?"), (name, found)
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            assert isinstance(value, str), f"{name}: {variable} must be quoted"
            if re.search("SECRET|PASSWORD|KEY|DATABASE_URL|REDIS_URL", variable):
                assert re.search(r"\$\{\w+:[?-]", value), f"{name}: {variable}"
                assert not re.search(r"://\w*:[^$]", value), f"{name}: {variable}"


def test_it_sets_only_settings_that_exist(services: dict[str, Any]) -> None:
    declared = {setting.name for setting in settings.DECLARED}
    for service in services.values():
        assert set(service.get("environment", {})) <= declared | READ_BY_OTHERS


def test_the_example_names_everything_that_is_demanded_and_holds_no_secret(root: Path) -> None:
    text = (root / "docker-compose.yml").read_text("utf-8")
    lines = (root / "deploy" / "example.env").read_text("utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    demanded = set(re.findall(r"\$\{(\w+):\?", text))
    assert demanded == SECRETS
    assert all(example[name] == "" for name in SECRETS)
    assert set(example) <= set(re.findall(r"\$\{(\w+)", text))


def test_it_is_a_server_for_others(services: dict[str, Any]) -> None:
    for name in OURS - {"demo-model"}:
        environment = services[name]["environment"]
        assert (environment["DEBUG"], environment["LOCAL_ACCESS"]) == ("0", "0")
        assert environment["HTTPS"] == "${HTTPS:-1}"


def test_nothing_runs_as_root_but_the_database_which_drops_it_itself(root: Path, services: dict[str, Any]) -> None:
    assert re.findall(r"^USER (.*)$", (root / "Dockerfile").read_text("utf-8"), re.MULTILINE) == ["10001:10001"]
    for name, service in services.items():
        if name == "postgres":
            continue
        assert name in OURS or re.fullmatch(r"[1-9]\d*:\d+", service["user"])
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_commands_exist(services: dict[str, Any]) -> None:
    """Each `python -m MODULE`, `manage.py COMMAND` and Celery app, of services and of their health checks."""
    asked = [services[name]["command"] for name in OURS]
    asked += [services[name]["healthcheck"]["test"][1:] for name in OURS - ONCE]
    for command in asked:
        match command:
            case ["python", "-m", module, *_]:
                assert importlib.util.find_spec(module), module
            case ["python", "manage.py", name, *_]:
                assert name in get_commands(), name
            case ["celery", "--quiet", "--app", app, "worker", *_]:
                assert importlib.import_module(app).app
            case _:
                pytest.fail(f"what is {command}?")


def test_who_needs_what_waits_for_it(services: dict[str, Any]) -> None:
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        }
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["nginx"]["depends_on"] == {"web": {"condition": "service_healthy"}}


def test_only_nginx_is_reached_from_outside_and_only_it_is_believed(compose: Any, services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert [name for name, service in services.items() if "front" in service["networks"]] == ["web", "nginx"]
    front = compose["networks"]["front"]
    assert front["internal"] is True
    (pool,) = front["ipam"]["config"]
    assert services["web"]["environment"]["TRUSTED_PROXIES"] == pool["subnet"]
    assert ipaddress.ip_network(pool["subnet"].removeprefix("${FRONT_SUBNET:-").removesuffix("}")).is_private


def test_the_database_has_connections_for_all(services: dict[str, Any]) -> None:
    """With the numbers that are written there; three are kept for superusers, and an operator has a few."""
    pools = sum(2 * int(services[name]["environment"]["DATABASE_POOL_SIZE"]) for name in ("web", "worker"))
    (limit,) = re.findall(r"max_connections=(\d+)", " ".join(services["postgres"]["command"]))
    assert pools + 10 <= int(limit)


def test_the_database_lasts(compose: Any, services: dict[str, Any]) -> None:
    # Since version 18 the image keeps its data below this folder, each version in its own.
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert "postgres" in compose["volumes"]


def test_files_that_it_mounts_are_there(root: Path, services: dict[str, Any]) -> None:
    for volume in services["nginx"]["volumes"]:
        source = volume.rpartition(":")[0].rpartition(":")[0]
        for site in ("plain", "tls"):
            path = re.sub(r"\$\{SITE:-plain\}", site, source)
            assert "${TLS_FOLDER" in path or (root / path).is_file(), path
