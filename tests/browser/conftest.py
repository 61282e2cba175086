"""A real browser: Debian's Chromium, driven by selenium."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from sessions.callers import Caller
from tests.browser.person import Person
from tests.stack import Process, Stack

PASSWORD = "correct horse battery staple"

OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # for root, which CI often is
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # One process for all pages, and none in reserve: each takes a second to start.
    "--renderer-process-limit=1",
    "--disable-features=SitePerProcess,IsolateOrigins,SpareRendererForSitePerProcess,BackForwardCache,Translate",
)

FORGET: dict[str, dict[str, object]] = {
    "Network.clearBrowserCookies": {},
    "Storage.clearDataForOrigin": {"origin": "*", "storageTypes": "all"},
    "Emulation.clearDeviceMetricsOverride": {},
    "Emulation.setEmulatedMedia": {"features": []},
}

Open = Callable[..., Chrome]


@pytest.fixture(scope="session")
def programs() -> tuple[str, str]:
    """Chromium and its driver. Where they are missing the tests are skipped, but never in CI."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser and driver:
        return browser, driver
    reason = "Chromium is not installed: apt-get install chromium chromium-driver"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def open_browser(programs: tuple[str, str], tmp_path: Path) -> Iterator[Open]:
    """Starts browsers, each with an empty profile, and ends them after the test."""
    browsers: list[Chrome] = []

    def open_(*more: str) -> Chrome:
        browsers.append(start(programs, tmp_path / f"browser-{len(browsers)}", *more))
        return browsers[-1]

    yield open_
    for browser in browsers:
        browser.quit()


@pytest.fixture(scope="session")
def shared_browser(programs: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    browser = start(programs, tmp_path_factory.mktemp("browser"))
    yield browser
    browser.quit()


@pytest.fixture
def browser(shared_browser: Chrome) -> Iterator[Chrome]:
    """One for all tests, since it takes seconds to start, that forgets everything after each."""
    yield shared_browser
    shared_browser.get("about:blank")
    for command, parameters in FORGET.items():
        shared_browser.execute_cdp_cmd(command, parameters)
    shared_browser.get_log("browser")


@pytest.fixture
def person(browser: Chrome, pages: str) -> Person:
    """Somebody with a browser, at the pages that ask for a login."""
    return Person(browser, pages)


def start(programs: tuple[str, str], folder: Path, *more: str) -> Chrome:
    options = ChromeOptions()
    options.binary_location = programs[0]
    for option in (*OPTIONS, f"--user-data-dir={folder / 'profile'}", "--window-size=1280,1000", *more):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    return Chrome(options, Service(programs[1], env=environment))


@pytest.fixture(scope="session")
def web(stack: Stack) -> tuple[Process, str]:
    """A web process without local access: people have to log in."""
    return stack.start_web("pages", LOCAL_ACCESS="0")


@pytest.fixture(scope="session")
def pages(web: tuple[Process, str]) -> str:
    return web[1]


@pytest.fixture(scope="session")
def member(caller: Caller) -> str:
    """The name of somebody in the local group who has a password."""
    user, _ = User.objects.get_or_create(username="ada")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    user.groups.add(caller.group)
    return "ada"


@pytest.fixture(scope="session")
def outsider(stranger: Caller) -> str:
    """The name of somebody of another group who has a password."""
    stranger.user.set_password(PASSWORD)
    stranger.user.save(update_fields=["password"])
    return stranger.user.get_username()
