"""Chromium, and the pages on a port of their own, for every room whose tests look at pages.

A room takes the fixtures by importing `playwright_` and `chromium_` into its conftest: they then end with
that room's tests.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.db import connections

CHROMIUM = next(
    (p for p in map(Path, ("/usr/bin/chromium", "/usr/bin/chromium-browser")) if p.exists()), None
)
LAUNCH: dict[str, Any] = {
    "executable_path": str(CHROMIUM),
    "args": ["--no-sandbox", "--disable-gpu"]
    + ["--disable-background-networking", "--disable-component-update", "--disable-sync"],
}


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def process_request_thread(self, *request: Any) -> None:
        """Each request has a thread of its own, which leaves no connection to the ledger behind."""
        try:
            super().process_request_thread(*request)
        finally:
            connections.close_all()


class _Silent(WSGIRequestHandler):
    def log_message(self, *_told: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    """Their address; the server's threads read what is committed."""
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="package", name="playwright")
def playwright_() -> Iterator[Any]:
    found = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with pytest.MonkeyPatch.context() as patch, found.sync_playwright() as started:
        # Playwright keeps an event loop in this thread; the database is used beside it, never within it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield started
        connections.close_all()  # beside a running loop Django has other connections in the same thread


@pytest.fixture(scope="package", name="chromium")
def chromium_(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(**LAUNCH)
    yield browser
    browser.close()


def shoot(page: Any, name: str) -> None:
    """FANGXIAN_SHOTS names a folder: what the page looked like."""
    if os.environ.get("FANGXIAN_SHOTS"):
        page.screenshot(path=f"{os.environ['FANGXIAN_SHOTS']}/{name}.png", full_page=True)
