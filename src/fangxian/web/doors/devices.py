"""What devices fetch: the list of forms, a form, its manifest and the list of those whom it is about.

docs.getodk.org/openrosa; addresses are absolute, under the token where one stands in the address.
"""

import csv
import hashlib
import io
from collections.abc import Callable
from functools import wraps
from typing import Any
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from fangxian.kernel.problems import Problem
from fangxian.submissions.envelopes import Sender
from fangxian.submissions.xforms import SUBJECTS, served_form

from . import openrosa, who
from .answers import Told, language_of
from .due import Due, due, find_due, own_unit_alone, subjects
from .problems import NoSuchForm
from .taking import now

LIST = "http://openrosa.org/xforms/xformsList"
MANIFEST = "http://openrosa.org/xforms/xformsManifest"
View = Callable[..., HttpResponse]


def for_devices(view: Callable[..., HttpResponse]) -> View:
    """Signs in, and tells problems as devices read them."""

    @require_GET
    @wraps(view)
    def asked(request: HttpRequest, token: str = "", **named: Any) -> HttpResponse:
        try:
            sender = who.admit(
                authorization=request.headers.get("Authorization", ""),
                token=token,
                address=request.META.get("REMOTE_ADDR", ""),
                now=now(),
            )
            response = view(request, sender, f"/openrosa/t/{token}" if token else "/openrosa", **named)
        except Problem as problem:
            language = language_of(request.headers.get("Accept-Language", ""))
            response = _response(openrosa.tell_problem(problem, language))
        for name, value in openrosa.HEADERS.items():
            response[name] = value
        return response

    return asked


def _response(told: Told) -> HttpResponse:
    status, headers, body = told
    return HttpResponse(body, status=status, headers=headers)


def _xml(body: str) -> HttpResponse:
    return _response((200, openrosa.KIND, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()))


def _hash(content: bytes) -> str:
    return "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()


def _served(found: Due, sender: Sender) -> tuple[bytes, bool]:
    listed = not own_unit_alone(found, sender, now=now())
    return served_form(*found.form, listed=listed).xml, listed


@for_devices
def form_list(request: HttpRequest, sender: Sender, base: str) -> HttpResponse:
    """Forms of campaigns that ask somebody whom the sender reaches, now."""
    forms = "".join(_listed(request, found, sender, base) for found in due(sender, now=now()))
    return _xml(f'<xforms xmlns="{LIST}">{forms}</xforms>')


def _listed(request: HttpRequest, found: Due, sender: Sender, base: str) -> str:
    content, listed = _served(found, sender)
    address = request.build_absolute_uri(f"{base}/forms/{found.campaign.code}/{found.version}")
    manifest = f"<manifestUrl>{escape(address)}/manifest</manifestUrl>" if listed else ""
    return (
        f"<xform><formID>{escape(found.campaign.code)}</formID><name>{escape(found.campaign.name)}</name>"
        f"<version>{escape(found.version)}</version><hash>{_hash(content)}</hash>"
        f"<downloadUrl>{escape(address)}/form.xml</downloadUrl>{manifest}</xform>"
    )


def _find(code: str, version: str) -> Due:
    found = find_due(code, now=now())
    if found is None or found.version != version:
        raise NoSuchForm()
    return found


@for_devices
def form(request: HttpRequest, sender: Sender, base: str, code: str, version: str) -> HttpResponse:
    content, _listed = _served(_find(code, version), sender)
    return _response((200, openrosa.KIND, content))


@for_devices
def manifest(request: HttpRequest, sender: Sender, base: str, code: str, version: str) -> HttpResponse:
    found = _find(code, version)
    files = ""
    if not own_unit_alone(found, sender, now=now()):
        address = request.build_absolute_uri(f"{base}/forms/{code}/{version}/{SUBJECTS}")
        files = (
            f"<mediaFile><filename>{SUBJECTS}</filename><hash>{_hash(_list(found, sender))}</hash>"
            f"<downloadUrl>{escape(address)}</downloadUrl></mediaFile>"
        )
    return _xml(f'<manifest xmlns="{MANIFEST}">{files}</manifest>')


@for_devices
def media(request: HttpRequest, sender: Sender, base: str, code: str, version: str) -> HttpResponse:
    content = _list(_find(code, version), sender)
    return _response((200, {"Content-Type": "text/csv; charset=utf-8"}, content))


def _list(found: Due, sender: Sender) -> bytes:
    """Whom the form may be about, by name and unit."""
    made = io.StringIO()
    rows = csv.writer(made, lineterminator="\n")
    rows.writerow(("name", "label"))
    for one in subjects(found, sender, now=now()):
        rows.writerow((f"{one.kind}:{one.key}", one.label))
    return made.getvalue().encode()


urlpatterns = [
    path(f"{token}{route}", view, name=f"device-{name}")
    for token in ("", "t/<str:token>/")
    for name, route, view in (
        ("list", "formList", form_list),
        ("form", "forms/<str:code>/<str:version>/form.xml", form),
        ("manifest", "forms/<str:code>/<str:version>/manifest", manifest),
        ("subjects", f"forms/<str:code>/<str:version>/{SUBJECTS}", media),
    )
]
