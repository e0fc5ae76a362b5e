"""Pages as they were rendered, until something is recorded, mirrored, or a minute has passed.

A page is what its address, the language, who asks in which roles and the records make of it; so whoever
opens the same address again gets the same page, at the cost of sending it. What of it is to be in the audit
log is written there at each look, as at the first. What bears phones, ID numbers or free texts is never kept,
nor a paper, each copy of which has an id of its own. Tokens of forms are put in anew.
"""

import re
import struct
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import Resolver404, resolve

from fangxian.access import audit
from fangxian.access.actor import Actor
from fangxian.kernel.changes import head
from fangxian.kernel.home import current_home

from . import clock, counting, days, style, turns
from .guard import routes

KEPT = ("count", "issue", "chase")  # purposes
LARGEST = 48 * 2**20  # bytes of all pages that are kept
_TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{32,128}"')
_PLACE = b"@token@"


@dataclass(frozen=True, slots=True)
class Kept:
    """A rendered page in pieces, between which visitors' tokens stand; each as it is and as deflated."""

    pieces: Sequence[bytes]
    packed: Sequence[bytes]
    headers: dict[str, str]
    looks: Sequence[dict[str, Any]]  # what the audit log is told of it

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces)) + sum(map(len, self.packed))

    def response(self, request: HttpRequest) -> HttpResponse:
        if self.looks:
            turns.leave(request)  # the next visitor is served while the disk takes this one's look
        for look in self.looks:
            audit.record(request.actor.name, at=request.moment, **look)  # type: ignore[attr-defined]
        token = get_token(request).encode() if len(self.pieces) > 1 else b""
        body = token.join(self.pieces)
        if "gzip" not in request.headers.get("Accept-Encoding", ""):
            return HttpResponse(body, headers=self.headers)
        packed = gzipped(self.packed, token, body)
        return HttpResponse(packed, headers=self.headers | {"Content-Encoding": "gzip"})


def kept(response: HttpResponse, looks: Sequence[dict[str, Any]] = ()) -> Kept:
    body = _TOKEN.sub(rb"\1" + _PLACE + b'"', response.content)
    pieces = body.split(_PLACE)
    headers = dict(response.items()) | {"Vary": "Accept-Encoding, Cookie"}
    return Kept(pieces, [deflated(piece) for piece in pieces], headers, tuple(looks))


def deflated(piece: bytes) -> bytes:
    """Whole blocks, which refer to nothing before them, so that others may stand between (RFC 1951)."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)


def gzipped(packed: Sequence[bytes], between: bytes, body: bytes) -> bytes:
    """The pieces with `between` between them, as one file of gzip (RFC 1952): a token is a block stored as it
    is, and only what is checked at the end is reckoned anew."""
    size = len(between)
    stored = struct.pack("<BHH", 0, size, size ^ 0xFFFF) + between
    end = b"\x03\x00" + struct.pack("<II", zlib.crc32(body), len(body) & 0xFFFFFFFF)
    return _GZIP + stored.join(packed) + end


_GZIP = b"\x1f\x8b\x08" + bytes(6) + b"\xff"  # deflated, no name, no time, of an unknown system


class Pages:
    """The pages last asked for, of one state of the records."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._state: object = None
        self._pages: OrderedDict[Any, Kept] = OrderedDict()
        self._size = 0

    def find(self, state: object, key: Any) -> Kept | None:
        with self._lock:
            if state != self._state:
                self.forget()
                self._state = state
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def keep(self, state: object, key: Any, page: Kept) -> None:
        with self._lock:
            if state != self._state or key in self._pages:
                return
            self._pages[key] = page
            self._size += page.size
            while self._size > LARGEST:
                self._size -= self._pages.popitem(last=False)[1].size

    def forget(self) -> None:
        self._pages.clear()
        self._size = 0
        self._state = None


PAGES = Pages()


def remembering(respond: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def told(request: HttpRequest) -> HttpResponse:
        state = _state(request)
        if state is None:
            turns.leave(request)
            return respond(request)
        actor: Actor = request.actor  # type: ignore[attr-defined]
        known_style = request.COOKIES.get(style.COOKIE) == style.style().edition
        grants = tuple((held.role, held.unit) for held in actor.held)
        shape = (request.LANGUAGE_CODE, request.headers.get("HX-Request"), known_style)
        key = (request.get_full_path(), actor.name, grants, *shape)
        known = PAGES.find(state, key)
        if known is None:
            turns.leave(request)
            response = respond(request)
            looks = request.looks  # type: ignore[attr-defined]
            if _is_kept(response) and not any(look["copy"] for look in looks):
                PAGES.keep(state, key, kept(response, looks))
            return response
        return known.response(request)

    return told


def _state(request: HttpRequest) -> object | None:
    """What pages hang on besides their address; None where this is no page to be kept: what is posted, and
    what is asked while the figures lag behind."""
    if request.method != "GET" or request.path.startswith(settings.STATIC_URL) or not _harmless(request):
        return None
    last, known = head(), counting.abreast()
    if last is None or known is None:
        return None
    return current_home(), last[0], known, clock.now(), days.days().kept


def _harmless(request: HttpRequest) -> bool:
    """Somebody with a role opens a page of counts, of units or of figures' records; a grant that ends is a
    record."""
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return False
    route = routes().get(match.view_name)
    if actor is None or not actor.held or route is None or route.purpose not in KEPT:
        return False
    return not set(route.classes) & set("CDF")


def _is_kept(response: HttpResponse) -> bool:
    page = str(response.get("Content-Type", "")).startswith("text/html")
    ready = response.status_code == 200 and not response.streaming and not response.cookies
    return (
        page and ready and "Content-Disposition" not in response
    )  # each copy of a paper bears an id of its own
