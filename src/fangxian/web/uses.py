"""Where a figure is used: the bulletins that print it, with the number that stands there, of when it is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from fangxian.figures import definitions
from fangxian.figures.definitions import Version
from fangxian.kernel.moments import day_of
from fangxian.publishing import blocks
from fangxian.publishing.blocks import Block
from fangxian.publishing.models import Bulletin
from fangxian.publishing.references import Reference

from .asking import Asked

SHOWN = 6  # the newest; the others open


@dataclass(frozen=True, slots=True)
class Quote:
    """A number of the figure as a paper prints it, and the paragraph or chart where it stands."""

    reference: Reference
    paragraph: str


@dataclass(frozen=True, slots=True)
class Use:
    """`version`: of the definition, by which it was counted then; `newer`: another one holds today."""

    number: int
    known_by: datetime
    corrected_by: int | None
    quotes: tuple[Quote, ...]
    version: Version | None
    newer: bool


@dataclass(frozen=True, slots=True)
class Uses:
    newest: list[Use]
    earlier: list[Use]

    def __len__(self) -> int:
        return len(self.newest) + len(self.earlier)


def uses(asked: Asked, figure: str) -> Uses:
    """All bulletins by the moment that print the figure of this unit, the newest first."""
    issued = Bulletin.objects.filter(issued_at__lte=asked.known).order_by("-number")
    columns = ("number", "content_sha256", "known_by", "corrected_by__number")
    found = list(_found(issued.values_list(*columns), figure, asked.unit.code))
    return Uses(found[:SHOWN], found[SHOWN:])


def _found(rows: Iterable[tuple[int, str, datetime, int | None]], figure: str, unit: str) -> Iterator[Use]:
    latest = definitions.versions_of(figure)[-1:]
    for number, content, known_by, corrected_by in rows:
        quotes = _quotes(number, content).get((figure, unit), ())
        if quotes:
            version = definitions.in_force(figure, day_of(known_by))
            yield Use(number, known_by, corrected_by, quotes, version, (version,) != latest)


@lru_cache(maxsize=512)
def _quotes(number: int, content: str) -> Mapping[tuple[str, str], tuple[Quote, ...]]:
    """By figure and unit; of each part of it the first place. An issued bulletin does not change; the hash
    keys ledgers apart."""
    kept = Bulletin.objects.values_list("frozen", flat=True).get(number=number, content_sha256=content)
    found: dict[Reference, Quote] = {}
    for block in map(blocks.load, (kept or {}).get("blocks", ())):
        for reference in block.references():
            found.setdefault(reference, Quote(reference, _text(block)))
    by_figure: dict[tuple[str, str], list[Quote]] = {}
    for quote in found.values():
        by_figure.setdefault((quote.reference.figure, quote.reference.unit), []).append(quote)
    return {key: tuple(quotes) for key, quotes in by_figure.items()}


def _text(block: Block) -> str:
    return (block.chart.title if block.chart else block.text)[:120]
