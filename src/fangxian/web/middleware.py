"""What surrounds every page: its language, its problems, its security headers."""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from fangxian.kernel.problems import Problem

from . import style
from .ways import ways

Respond = Callable[[HttpRequest], HttpResponse]

# No inline script, no inline style but this package's own, nothing from elsewhere, no frames. Charts of
# bulletins are SVG without styles.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {style.style().digest} {style.style('forms.css').digest}",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def headers(respond: Respond) -> Respond:
    """Figures are of people: no page is kept by caches between."""

    def told(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
            _say_which_style(request, response)
        return response

    return told


def _say_which_style(request: HttpRequest, response: HttpResponse) -> None:
    """A page that carries the stylesheet lets the browser fetch the file too; the next page then links it."""
    edition = style.style().edition
    page = str(response.get("Content-Type", "")).startswith("text/html")
    if page and request.COOKIES.get(style.COOKIE) != edition:
        response.set_cookie(style.COOKIE, edition, max_age=style.KEPT, samesite="Lax", httponly=True)


def language(respond: Respond) -> Respond:
    """Chinese, unless the switch was used. A browser's own preference does not decide: an office's screens
    are set up by whoever, and its papers are Chinese."""

    def told(request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = dict(settings.LANGUAGES)
        with translation.override(chosen if chosen in known else settings.LANGUAGE_CODE):
            request.LANGUAGE_CODE = translation.get_language()
            response = respond(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ("Cookie",))
        return response

    return told


def problem_page(request: HttpRequest, problem: Problem, ways: Sequence[Any] = ()) -> HttpResponse:
    """A problem with its status and the ways on: a page; a fragment where HTMX asked; an object where a
    program did."""
    shown = {"problem": problem, "sentence": problem.sentence(), "ways": ways}
    if wants_json(request):
        told = {"code": problem.code, "status": problem.status, "detail": problem.sentence()}
        return JsonResponse(told, status=problem.status, content_type="application/problem+json")
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    page = "web/parts/problem.html" if fragment else "web/problem.html"
    return render(request, page, shown, status=problem.status)


def wants_json(request: HttpRequest) -> bool:
    asked = request.headers.get("Accept", "")
    return "json" in asked and "html" not in asked or request.path.endswith(".json")


class Problems:
    """Renders a view's Problem."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Problem):
            return None
        return problem_page(request, error, ways(request, error))
