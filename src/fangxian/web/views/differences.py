"""Two bulletins side by side: what differs in their words, and which records moved between them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fangxian.kernel.moments import day_of
from fangxian.lake.problems import LakeBehind
from fangxian.publishing import differences, queries, shelf
from fangxian.publishing.differences import Change, Paragraph
from fangxian.publishing.models import Bulletin

from .. import asking
from ..asking import Asked
from .common import page

SHOWN = {"all": set(Change) - {Change.SAME}, "words": {Change.WORDS, Change.NEW, Change.GONE}}


@dataclass(frozen=True, slots=True)
class Section:
    """What lies under one heading: the paragraphs that are shown, and how many are not."""

    under: str
    paragraphs: Sequence[Paragraph]
    rest: int


@require_safe
def against(request: HttpRequest, number: int, other: int) -> HttpResponse:
    """Of bulletin `number`, against `other`. Raises UnknownBulletin."""
    new, old, asked = queries.bulletin(number), queries.bulletin(other), asking.read(request)
    show = request.GET.get("show", "all")
    show = show if show in SHOWN else "all"
    contents = old.content_sha256, new.content_sha256
    every = _differences(old.number, new.number, contents, asked.engine)
    return page(
        request,
        "web/against.html",
        asked,
        new=new,
        old=old,
        show=show,
        sections=_sections(every, SHOWN[show]),
        counts=Counter(one.change.value for one in every),
        same_template=old.template_sha256 == new.template_sha256,
        changes=_changes(old, new, asked),
        day=asking.told(old.known_by) if day_of(old.known_by) == old.day else old.day.isoformat(),
        known=asking.told(new.known_by),
    )


@lru_cache(maxsize=32)
def _differences(old: int, new: int, contents: tuple[str, str], engine: Any) -> list[Paragraph]:
    """Issued bulletins do not change; the hashes key ledgers apart."""
    told = (shelf.blocks_of(queries.bulletin(number), engine=engine) for number in (old, new))
    return differences.differences(*told)


@lru_cache(maxsize=32)
def _moved(
    old: int, contents: tuple[str, str], known_by: datetime, engine: Any
) -> list[queries.FigureChange]:
    found = queries.changes(queries.bulletin(old), known_by=known_by, engine=engine)
    return list({change.reference: change for change in found}.values())


def _changes(old: Bulletin, new: Bulletin, asked: Asked) -> list[queries.FigureChange] | None:
    """The numbers of the old one that were others by what the new one knew, each with its records. None where
    it cannot be told: the new one knew less, or the lake is behind."""
    if new.known_by < old.known_by:
        return None
    try:
        return _moved(old.number, (old.content_sha256, new.content_sha256), new.known_by, asked.engine)
    except LakeBehind:
        return None


def _sections(every: Sequence[Paragraph], wanted: set[Change]) -> list[Section]:
    """Heading by heading; what lies between two that are shown is only counted, once."""
    found: list[Section] = []
    for under, of_one in groupby(every, key=lambda one: one.under):
        paragraphs = list(of_one)
        shown = [one for one in paragraphs if one.change in wanted]
        rest = len(paragraphs) - len(shown)
        if found and not shown:
            found[-1] = replace(found[-1], rest=found[-1].rest + rest)
        else:
            found.append(Section(under, shown, rest))
    return found
