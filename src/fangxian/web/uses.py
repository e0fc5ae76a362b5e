"""Where a figure is used: the bulletins that print it, and what has become of its number since."""

from dataclasses import dataclass
from functools import lru_cache

from fangxian.figures.results import Number
from fangxian.publishing.models import Bulletin

from .asking import Asked

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Use:
    number: int
    value: Number | None
    paragraph: str


def uses(asked: Asked, figure: str) -> list[Use]:
    """The last bulletins that print it of this unit, by the moment."""
    issued = Bulletin.objects.filter(issued_at__lte=asked.known).order_by("-number")
    copies = issued.values_list("number", "content_sha256")[:40]
    found = (_use(number, content, figure, asked.unit.code) for number, content in copies)
    return [use for use in found if use][:SHOWN]


@lru_cache(maxsize=4_096)
def _use(number: int, content: str, figure: str, unit: str) -> Use | None:
    """An issued bulletin does not change; the hash keys ledgers apart."""
    for block in _blocks(number, content):
        for run in _runs(block):
            told = run.get("figure")
            if told and told["figure"] == figure and told["unit"] == unit and told["part"] == "value":
                return Use(number, told["value"], _text(block))
    return None


@lru_cache(maxsize=8)
def _blocks(number: int, content: str) -> list[dict]:  # type: ignore[type-arg]
    kept = Bulletin.objects.values_list("frozen", flat=True)
    frozen = kept.get(number=number, content_sha256=content) or {}
    return list(frozen.get("blocks", []))


def _runs(block: dict) -> list[dict]:  # type: ignore[type-arg]
    cells = [run for row in block.get("rows", []) for cell in row for run in cell]
    return [*block.get("runs", []), *cells]


def _text(block: dict) -> str:  # type: ignore[type-arg]
    return "".join(run["text"] for run in block.get("runs", []))[:120]
