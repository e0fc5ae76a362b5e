"""What surrounds every page: its language, its problems, its security headers."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from fangxian.kernel.problems import Problem

Respond = Callable[[HttpRequest], HttpResponse]

# No inline script or style, nothing from elsewhere, no frames. Charts of bulletins are SVG without styles.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
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
        return response

    return told


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


class Problems:
    """Renders a Problem as a page, or as a fragment where HTMX asked; each with its status."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Problem):
            return None
        fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
        page = "web/parts/problem.html" if fragment else "web/problem.html"
        shown = {"problem": error, "sentence": error.sentence()}
        return render(request, page, shown, status=error.status)
