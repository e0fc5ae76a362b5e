"""No route answers before the policy has a row for it and the visitor a role that it allows.

`routes.toml` gives each route its purpose (of `access/policy.toml`) and the classes of field that it may
show. `open` is for everybody, a `door` signs in by itself, `own` for whoever signed in, `closed` for nobody.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse

from fangxian.access import authenticate, policy
from fangxian.access.actor import Actor
from fangxian.access.problems import NoRole, NotThere, NotYours, RouteUnclassified, SignInFirst
from fangxian.kernel.problems import Problem

from . import clock
from .middleware import problem_page, wants_json

Respond = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Route:
    purpose: str
    classes: str


@cache
def routes() -> dict[str, Route]:
    """Route name -> row."""
    told = tomllib.loads((Path(__file__).parent / "routes.toml").read_text("utf-8"))
    found: dict[str, Route] = {}
    for purpose, rows in told.items():
        for name, classes in rows.items():
            found[name] = Route(purpose, classes)
    return found


class Guard:
    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.now, request.moment, request.looks = clock.latest(), clock.machine(), []  # type: ignore[attr-defined]
        try:
            request.actor = None if _at_a_door(request) else authenticate(request)  # type: ignore[attr-defined]
            self.admit(request)
        except SignInFirst as problem:
            return sign_in(request, problem)
        except NotYours as problem:
            if request.path_info == reverse("board") and wants_page(request):
                return HttpResponseRedirect(reverse("home"))  # whose role has no board has a page of its own
            return problem_page(request, problem)
        except Problem as problem:
            return problem_page(request, problem)
        return self.respond(request)

    def admit(self, request: HttpRequest) -> None:
        """Before anything further in, so that nothing that was rendered for another passes by here. Where no
        route is, nothing is told but that. Raises as `check`."""
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        try:
            name = resolve(request.path_info).view_name or request.path_info
        except Resolver404:
            return
        route = check(actor, name)
        request.route = route  # type: ignore[attr-defined]
        if actor is not None and route.purpose in policy.purposes():
            request.scope = policy.scope(actor, route.purpose)  # type: ignore[attr-defined]


def _at_a_door(request: HttpRequest) -> bool:
    try:
        name = resolve(request.path_info).view_name
    except Resolver404:
        return False
    return name in routes() and routes()[name].purpose == "door"


def check(actor: Actor | None, name: str) -> Route:
    """Raises RouteUnclassified, NotThere, SignInFirst, NoRole, NotYours."""
    route = routes().get(name)
    if route is None:
        raise RouteUnclassified(route=name)
    if route.purpose in ("open", "door"):
        return route
    if route.purpose == "closed":
        raise NotThere()
    if actor is None:
        raise SignInFirst()
    if route.purpose != "own":
        if not actor.held:
            raise NoRole(account=actor.title)
        policy.require(actor, route.purpose)
    return route


def wants_page(request: HttpRequest) -> bool:
    """A browser that opens a page; programs and HTMX get the problem itself."""
    return request.method in ("GET", "HEAD") and not wants_json(request)


def sign_in(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.headers.get("HX-Request") or not wants_page(request) or request.headers.get("Authorization"):
        response = problem_page(request, problem)
        response["WWW-Authenticate"] = 'Bearer realm="Fangxian"'
        return response
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
