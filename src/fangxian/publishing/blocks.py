"""The content of a bulletin as blocks, read from the filled Word file: its wording has no other source."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docx.document import Document
from docx.oxml.ns import qn
from lxml import etree

from .references import MARK, Reference

# The style a paragraph bears in Word -> what it is. Any other style is a plain paragraph.
KINDS = {
    "发文机关标志": "masthead",
    "发文字号": "number",
    "公文标题": "title",
    "主送机关": "recipients",
    "heading 1": "heading1",
    "heading 2": "heading2",
    "heading 3": "heading3",
    "发文机关署名": "signature",
    "成文日期": "date",
    "版记": "imprint",
    "图表标题": "caption",
    "表格标题": "heading_of_table",
    "更正说明": "correction",
}
SKIPPED = {qn(tag) for tag in ("w:del", "w:moveFrom", "w:txbxContent", "w:instrText", "w:pPr", "w:rPr")}
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


@dataclass(frozen=True, slots=True)
class Run:
    text: str
    figure: Reference | None = None
    bold: bool = False

    def dump(self, *, looks: bool = False) -> dict[str, Any]:
        """`looks`: also what is no content, but is wanted to show it again."""
        told: dict[str, Any] = {"text": self.text}
        if self.figure:
            told["figure"] = self.figure.dump()
        return told | ({"bold": True} if looks and self.bold else {})


@dataclass(frozen=True, slots=True)
class Series:
    """One figure in a chart: its points are (label, reference)."""

    name: str
    points: tuple[tuple[str, Reference], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    kind: str  # bars (by unit) or line (by day)
    series: tuple[Series, ...]

    def dump(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "kind": self.kind,
            "series": [
                {"name": s.name, "points": [{"label": label, **ref.dump()} for label, ref in s.points]}
                for s in self.series
            ],
        }


@dataclass(frozen=True, slots=True)
class Block:
    """`runs` of a paragraph, `rows` of a table (rows of cells of runs), or a `chart`."""

    kind: str
    runs: tuple[Run, ...] = ()
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()
    chart: Chart | None = None

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    def references(self) -> Iterator[Reference]:
        cells = [cell for row in self.rows for cell in row]
        yield from (run.figure for runs in (self.runs, *cells) for run in runs if run.figure)
        for series in self.chart.series if self.chart else ():
            yield from (reference for _label, reference in series.points)

    def dump(self, *, looks: bool = False) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": self.kind}
        if self.rows:
            told["rows"] = [[[run.dump(looks=looks) for run in cell] for cell in row] for row in self.rows]
        elif self.chart:
            told["chart"] = self.chart.dump()
        else:
            told["runs"] = [run.dump(looks=looks) for run in self.runs]
        return told


def load(told: Mapping[str, Any]) -> Block:
    """A block as `Block.dump` told it."""
    rows = tuple(tuple(tuple(map(_load_run, cell)) for cell in row) for row in told.get("rows", ()))
    chart = _load_chart(told["chart"]) if "chart" in told else None
    return Block(told["kind"], tuple(map(_load_run, told.get("runs", ()))), rows, chart)


def _load_run(told: Mapping[str, Any]) -> Run:
    figure = Reference(**told["figure"]) if "figure" in told else None
    return Run(told["text"], figure, told.get("bold", False))


def _load_chart(told: Mapping[str, Any]) -> Chart:
    series = (Series(one["name"], tuple(map(_load_point, one["points"]))) for one in told["series"])
    return Chart(told["title"], told["kind"], tuple(series))


def _load_point(told: Mapping[str, Any]) -> tuple[str, Reference]:
    return told["label"], Reference(**{key: value for key, value in told.items() if key != "label"})


def content_hash(blocks: Sequence[Block]) -> str:
    """SHA-256 over paragraphs, tables and chart data, with the figure behind each number."""
    told = json.dumps([block.dump() for block in blocks], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def chart_mark(place: int) -> str:
    return f"\ue002{place}\ue003"


@dataclass
class Reader:
    """Reads a filled document into blocks."""

    document: Document
    references: Sequence[Reference]
    charts: Sequence[Chart]
    _names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = {style.style_id: _style_name(style.element) for style in self.document.styles}

    def blocks(self) -> tuple[Block, ...]:
        return (
            *self._repeated("header", [s.header for s in self.document.sections]),
            *self._story(self.document.element.body),
            *self._repeated("footer", [s.footer for s in self.document.sections]),
        )

    def _repeated(self, kind: str, parts: Sequence[Any]) -> Iterator[Block]:
        """Words that an office put into the page's head or foot; page numbers are the layout's affair."""
        for part in parts:
            if not part.is_linked_to_previous:
                for paragraph in part._element.iter(qn("w:p")):
                    runs = self._runs(paragraph)
                    if any(run.text.strip(" —–-\t") for run in runs) and not _has_field(paragraph):
                        yield Block(kind, runs)

    def _story(self, parent: Any) -> Iterator[Block]:
        for element in parent:
            if element.tag == qn("w:p"):
                yield from self._paragraph(element)
            elif element.tag == qn("w:tbl"):
                yield from self._table(element)
            elif element.tag == qn("w:sdt"):
                yield from self._story(element.find(qn("w:sdtContent")))

    def _table(self, element: Any) -> Iterator[Block]:
        """A table of figures, or the record of issue, which is laid out as one."""
        paragraphs = list(element.iter(qn("w:p")))
        if paragraphs and all(self._kind(paragraph) == "imprint" for paragraph in paragraphs):
            yield from (Block("imprint", self._runs(row)) for row in paragraphs)
        else:
            yield Block("table", rows=tuple(self._rows(element)))

    def _paragraph(self, element: Any) -> Iterator[Block]:
        runs = self._runs(element)
        text = "".join(run.text for run in runs)
        if text.startswith("\ue002"):
            yield Block("chart", chart=self.charts[int(text.strip("\ue002\ue003 "))])
        elif text.strip():
            yield Block(self._kind(element), runs)
        for box in element.iter(qn("w:txbxContent")):
            if not any(parent.tag == FALLBACK for parent in box.iterancestors()):
                yield from self._story(box)

    def _kind(self, element: Any) -> str:
        style = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        name = self._names.get(style.get(qn("w:val")), "") if style is not None else ""
        return KINDS.get(name, "paragraph")

    def _rows(self, table: Any) -> Iterator[tuple[tuple[Run, ...], ...]]:
        for row in table.iter(qn("w:tr")):
            yield tuple(
                tuple(run for paragraph in cell.iter(qn("w:p")) for run in self._runs(paragraph))
                for cell in row.iter(qn("w:tc"))
            )

    def _runs(self, paragraph: Any) -> tuple[Run, ...]:
        pieces: list[Run] = []
        for text, bold in _texts(paragraph):
            pieces += self._split(text, bold)
        return _joined(pieces)

    def _split(self, text: str, bold: bool) -> Iterator[Run]:
        for place, piece in enumerate(MARK.split(text)):
            if place % 2:
                reference = self.references[int(piece)]
                yield Run(reference.text, reference, bold)
            elif piece:
                yield Run(piece, None, bold)


def _joined(pieces: Sequence[Run]) -> tuple[Run, ...]:
    """Word cuts a sentence where it likes; the content does not depend on where."""
    runs: list[Run] = []
    for piece in pieces:
        last = runs[-1] if runs else None
        if last and not last.figure and not piece.figure and last.bold == piece.bold:
            runs[-1] = Run(last.text + piece.text, None, last.bold)
        else:
            runs.append(piece)
    return tuple(runs)


def _texts(element: Any) -> Iterator[tuple[str, bool]]:
    """The printed texts of a paragraph in order, each with whether it is bold."""
    for child in element:
        if child.tag in SKIPPED or child.tag == FALLBACK:
            continue
        if child.tag == qn("w:t"):
            yield child.text or "", _bold(child.getparent())
        elif child.tag in (qn("w:tab"), qn("w:ptab")):
            yield "\t", False
        elif child.tag in (qn("w:br"), qn("w:cr")):
            yield "\n", False
        elif isinstance(child.tag, str) and child.tag != qn("w:p"):
            yield from _texts(child)


def _bold(run: Any) -> bool:
    mark = run.find(f"{qn('w:rPr')}/{qn('w:b')}")
    return mark is not None and mark.get(qn("w:val")) not in ("0", "false")


def _has_field(paragraph: Any) -> bool:
    return any(True for _ in paragraph.iter(qn("w:fldSimple"), qn("w:instrText")))


def _style_name(element: etree._Element) -> str:
    name = element.find(qn("w:name"))
    return str(name.get(qn("w:val"))) if name is not None else ""
