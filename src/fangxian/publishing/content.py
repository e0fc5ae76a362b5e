"""A bulletin counted: its blocks, what they refer to, and the three files that show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from fangxian.kernel.asof import AsOf
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import Home, current_home

from . import charts, html, pdf, word
from .blocks import Block, Chart, Reader, content_hash
from .corrections import Corrected, notice
from .counting import Counting, Engine
from .marks import Marks
from .references import Reference
from .wording import Issue, Wording, fill

FORMATS = ("docx", "pdf", "html")


@dataclass(frozen=True)
class Content:
    """What (day, position, template, number, date of issue) give, and nothing else."""

    at: AsOf
    issue: Issue
    blocks: tuple[Block, ...]
    references: tuple[Reference, ...]
    charts: tuple[Chart, ...]
    filled: bytes  # the Word file with marks in place of numbers
    office: str

    @property
    def sha256(self) -> str:
        return content_hash(self.blocks)

    @property
    def title(self) -> str:
        return "".join(block.text for block in self.blocks if block.kind == "title")

    def frozen(self) -> dict[str, Any]:
        """What is stored at issue: each distinct figure reference, and the blocks."""
        return {
            "figures": [reference.dump() for reference in self.distinct()],
            "blocks": [block.dump(looks=True) for block in self.blocks],
        }

    def distinct(self) -> list[Reference]:
        """Each reference that is printed or drawn, once, in the order of the text."""
        return list(dict.fromkeys(ref for block in self.blocks for ref in block.references()))

    @cached_property
    def _drawn(self) -> dict[int, str]:
        return drawings(self.blocks)

    def docx(self, marks: Marks) -> bytes:
        svgs = {block.chart: self._drawn[place] for place, block in enumerate(self.blocks) if block.chart}
        drawn = [(chart, svgs.get(chart) or charts.svg(chart)) for chart in self.charts]
        return word.finish(word.load(self.filled), self.references, drawn, self._told(marks))

    def pdf(self, marks: Marks) -> bytes:
        """Raises ChineseFontsMissing."""
        return self._shown.pdf(self._told(marks))

    def html(self, marks: Marks) -> bytes:
        return self._shown.html(self._told(marks))

    def article(self, marks: Marks) -> str:
        """The HTML without the page around it, for a page of the site."""
        return self._shown.article(self._told(marks))

    def _told(self, marks: Marks) -> Marks:
        return marks.told_of(self.issue.number, self.at)

    @property
    def _shown(self) -> "Shown":
        return Shown(self.blocks, self._drawn, self.at, self.issue.issued_at, self.office)

    def file(self, kind: str, marks: Marks) -> bytes:
        """`kind`: one of FORMATS."""
        return {"docx": self.docx, "pdf": self.pdf, "html": self.html}[kind](marks)


@dataclass(frozen=True)
class Shown:
    """Blocks, counted or as they were stored, as the papers that need nothing else."""

    blocks: tuple[Block, ...]
    drawn: dict[int, str]
    at: AsOf
    issued_at: datetime
    office: str

    def pdf(self, marks: Marks) -> bytes:
        author = "" if marks.demonstration else self.office
        return pdf.pdf(
            marked(self.blocks, marks),
            band=marks.band,
            drawn=self.drawn,
            author=author,
            at=self.issued_at,
            foot=marks.foot,
        )

    def html(self, marks: Marks) -> bytes:
        return html.page(marked(self.blocks, marks), **self._around(marks))

    def article(self, marks: Marks, changed: Sequence[Reference] = ()) -> str:
        told = {reference: place for place, reference in enumerate(changed, start=1)}
        return html.article(marked(self.blocks, marks), changed=told, **self._around(marks))

    def _around(self, marks: Marks) -> dict[str, Any]:
        link = html.figure_link(self.at)
        return {"band": marks.band, "drawn": self.drawn, "link": link, "foot": marks.foot}


def count_bulletin(
    *,
    engine: Engine,
    at: AsOf,
    template: bytes,
    number: int,
    issued_at: datetime,
    corrects: Corrected | None = None,
) -> Content:
    """Fill the template with figures as of `at`. Raises TemplateUnreadable, and the figures' own Problems."""
    counting = Counting(engine, at)
    issue = Issue(number, issued_at, corrects)
    wording = Wording(counting, issue)
    filled = fill(template, wording)
    references, drawn = tuple(wording.references.all), tuple(wording.charts)
    blocks = Reader(word.load(filled), references, drawn).blocks()
    if corrects is not None:
        filled = word.with_notice(filled, _notice(corrects, blocks, references, counting))
        blocks = Reader(word.load(filled), references, drawn).blocks()
    return Content(at, issue, blocks, references, drawn, filled, counting.root.name)


def _notice(
    corrects: Corrected, blocks: Sequence[Block], references: Sequence[Reference], counting: Counting
) -> str:
    printed = {ref for block in blocks for ref in block.references()}
    whose = {
        ref.unit: "" if ref.unit == counting.root.code else counting.unit(ref.unit).name for ref in printed
    }
    return notice(corrects, references, printed, whose)


def marks(
    *, draft: bool = False, corrected: int | None = None, copy: str = "", home: Home | None = None
) -> Marks:
    """Whether this data folder is a demonstration's, and what is said besides."""
    demonstration = demonstration_of(home or current_home()) is not None
    return Marks(demonstration, draft, corrected, copy)


def drawings(blocks: Sequence[Block]) -> dict[int, str]:
    """The SVG of each chart block, by the block's place."""
    return {place: charts.svg(block.chart) for place, block in enumerate(blocks) if block.chart}


def marked(blocks: Sequence[Block], shown: Marks) -> tuple[Block, ...]:
    return tuple(shown.apply(block) for block in blocks)
