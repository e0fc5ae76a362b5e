"""One visitor at a time finds a page that is kept; whose page must be rendered holds up nobody."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from fangxian.web import turns

ask = RequestFactory()


@pytest.fixture(autouse=True)
def _free() -> Iterator[None]:
    assert not turns._one.locked()
    yield
    assert not turns._one.locked(), "somebody kept the turn"


def test_one_at_a_time_is_in_turn() -> None:
    inside, most = 0, 0
    lock = threading.Lock()

    def find(_request: HttpRequest) -> HttpResponse:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.002)
        with lock:
            inside -= 1
        return HttpResponse("kept")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _n: turns.in_turn(find)(ask.get("/")), range(40)))
    assert most == 1


def test_who_leaves_the_turn_holds_up_nobody() -> None:
    rendering, found = threading.Event(), threading.Event()

    def render(request: HttpRequest) -> HttpResponse:
        turns.leave(request)
        rendering.set()
        assert found.wait(10), "the next visitor waited for a page that was being rendered"
        return HttpResponse("rendered")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(turns.in_turn(render), ask.get("/"))
        assert rendering.wait(10)
        assert turns.in_turn(lambda _r: HttpResponse("kept"))(ask.get("/")).content == b"kept"
        found.set()
        assert first.result(10).content == b"rendered"


@pytest.mark.parametrize(
    "request_",
    [ask.post("/"), ask.get("/", headers={"Authorization": "Basic eDp5"})],
    ids=["post", "password"],
)
def test_what_records_and_what_brings_a_password_is_never_in_it(request_: Any) -> None:
    def respond(_request: HttpRequest) -> HttpResponse:
        assert not turns._one.locked()
        return HttpResponse()

    turns.in_turn(respond)(request_)


def test_a_fault_ends_the_turn() -> None:
    def fails(_request: HttpRequest) -> HttpResponse:
        raise ValueError

    with pytest.raises(ValueError):
        turns.in_turn(fails)(ask.get("/"))


def test_a_turn_that_is_over_ends_nobody_elses() -> None:
    first = turns.Turn()
    first.over()
    second = turns.Turn()
    first.over()
    assert turns._one.locked()
    second.over()
