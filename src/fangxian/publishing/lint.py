"""No number in a bulletin is typed. This reads a template as Word would print it and finds those that are.

It reads joined runs (Word cuts "1" and "2" apart), tables, heads and feet of pages, foot- and endnotes, text
boxes, WordArt, diagrams, charts, fields, what pictures are said to show, and the constants inside {{ }}.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jinja2
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from docx.oxml.ns import qn
from jinja2 import nodes
from lxml import etree

from .blocks import FALLBACK, SKIPPED
from .numerals import typed_numbers
from .problems import TemplateUnreadable, TypedNumbers
from .wording import check_package, environment

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_VML = "{urn:schemas-microsoft-com:vml}"
FIELDS = {"PAGE", "NUMPAGES", "SECTIONPAGES", "HYPERLINK", "TOC", "PAGEREF", "REF", "STYLEREF"}
IDS = {"f": 2, "trend": 1, "opened": 1, "units": 1, "chart": 99}  # how many first arguments name something
FILTERS = {"e", "escape", "trim", "default"}
ATTRIBUTES = {
    "of",
    "missing",
    "share",
    "name",
    "code",
    "kind",
    "index",
    "first",
    "last",
}  # no ids, no lengths
SETTINGS = {"days", "part", "unit"}

USE_FIGURE = gettext_lazy('Write a reference instead, such as {{ f("party.members") }}.')
USE_DATE = gettext_lazy('Write {{ as_of }}, {{ issued_on }} or {{ opened("…") }} instead of a typed date.')
USE_CHART = gettext_lazy('Take this out and write {{ chart("…", title="…") }}: its data are counted.')
USE_NAME = gettext_lazy(
    "Word it without the number, or have the phrase added to phrases.toml with its reason."
)
USE_HEADING = gettext_lazy("Give the heading one of Word's heading styles, so that this is its numbering.")
USE_PLAIN = gettext_lazy("Take this out: numbers are made by f(…), chart(…) and trend(…) alone.")


@dataclass(frozen=True, slots=True)
class Finding:
    """A typed number: where it stands, what it is, the words around it, and what to write instead."""

    where: str
    found: str
    around: str
    advice: str

    def __str__(self) -> str:
        return f"{self.where}: “{self.found}” — {self.around} — {self.advice}"


def lint(template: bytes) -> list[Finding]:
    """All typed numbers of a template, in the order of its parts. Raises TemplateUnreadable."""
    check_package(template)
    with zipfile.ZipFile(io.BytesIO(template)) as package:
        return [finding for name in sorted(package.namelist()) for finding in _part(name, package)]


def refuse_typed_numbers(template: bytes) -> None:
    found = lint(template)
    if found:
        raise TypedNumbers(findings="\n".join(f"- {finding}" for finding in found))


def _part(name: str, package: zipfile.ZipFile) -> Iterator[Finding]:
    if name.startswith(("word/embeddings/", "word/afchunk")):
        yield Finding(_("embedded file"), name.rsplit("/", 1)[-1], "", str(USE_CHART))
    elif re.fullmatch(r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml", name):
        yield from _Story(_story_name(name), _parse(package.read(name), name), _headings(package)).findings()
    elif re.fullmatch(r"word/charts/chart[^/]*\.xml", name):
        yield from _native_chart(_parse(package.read(name), name))
    elif re.fullmatch(r"word/diagrams/data[^/]*\.xml", name):
        for text in _parse(package.read(name), name).iter(f"{_DRAWN}t"):
            yield from _in_text(text.text or "", _("diagram"))


def _parse(content: bytes, name: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise TemplateUnreadable(reason=f"{name}: {error}") from error


def _headings(package: zipfile.ZipFile) -> set[str]:
    """The ids of Word's heading styles, whatever the language of the Word that saved the file."""
    if "word/styles.xml" not in package.namelist():
        return set()
    styles = _parse(package.read("word/styles.xml"), "styles.xml")
    named = ((s.get(qn("w:styleId")), s.find(qn("w:name"))) for s in styles.iter(qn("w:style")))
    return {
        key for key, name in named if name is not None and name.get(qn("w:val"), "").startswith("heading ")
    }


def _story_name(name: str) -> str:
    stem = re.sub(r"[\d.]|xml|word/", "", name)
    return {
        "document": _("text"),
        "header": _("page head"),
        "footer": _("page foot"),
        "footnotes": _("footnote"),
        "endnotes": _("endnote"),
    }[stem]


@dataclass
class _Story:
    name: str
    root: Any
    headings: set[str]

    def findings(self) -> Iterator[Finding]:
        for place, paragraph in enumerate(self.root.iter(qn("w:p")), start=1):
            yield from self._paragraph(paragraph, place)
        yield from self._drawn()

    def _paragraph(self, paragraph: Any, place: int) -> Iterator[Finding]:
        where, heading = self._where(paragraph, place), self._heading(paragraph)
        printed, fields = "", _Fields()
        for kind, text in _pieces(paragraph):
            fields.meet(kind, text)
            if kind == "text" and not fields.in_result:
                printed += text
        yield from _in_text(printed, where, heading=heading)
        yield from (_field(code, where) for code in fields.codes if not _allowed_field(code))

    def _where(self, paragraph: Any, place: int) -> str:
        if any(parent.tag == qn("w:txbxContent") for parent in paragraph.iterancestors()):
            return _("{story}, text box in paragraph {place}").format(story=self.name, place=place)
        cell = next(paragraph.iterancestors(qn("w:tc")), None)
        if cell is None:
            return _("{story}, paragraph {place}").format(story=self.name, place=place)
        row = next(cell.iterancestors(qn("w:tr")))
        table = next(row.iterancestors(qn("w:tbl")))
        return _("{story}, table {table}, row {row}, column {column}").format(
            story=self.name,
            table=list(self.root.iter(qn("w:tbl"))).index(table) + 1,
            row=list(table.iter(qn("w:tr"))).index(row) + 1,
            column=list(row.iter(qn("w:tc"))).index(cell) + 1,
        )

    def _heading(self, paragraph: Any) -> bool:
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        return style is not None and style.get(qn("w:val")) in self.headings

    def _drawn(self) -> Iterator[Finding]:
        """Words outside paragraphs of text: what pictures are said to show, WordArt, drawn shapes."""
        for element in self.root.iter():
            if not isinstance(element.tag, str) or any(a.tag == FALLBACK for a in element.iterancestors()):
                continue
            if element.tag.endswith("}docPr"):
                words = " ".join(filter(None, (element.get("descr"), element.get("title"))))
                yield from _in_text(words, _("{story}, description of a picture").format(story=self.name))
            elif element.tag == f"{_VML}textpath":
                yield from _in_text(element.get("string", ""), _("{story}, WordArt").format(story=self.name))
            elif element.tag == f"{_DRAWN}t":
                yield from _in_text(element.text or "", _("{story}, drawing").format(story=self.name))


def _pieces(element: Any) -> Iterator[tuple[str, str]]:
    """What a paragraph holds, in order: texts, and the parts of its fields."""
    for child in element:
        if child.tag == qn("w:fldChar"):
            yield "field", child.get(qn("w:fldCharType"), "")
        elif child.tag == qn("w:instrText"):
            yield "code", child.text or ""
        elif child.tag in (qn("w:t"), f"{_MATH}t"):
            yield "text", child.text or ""
        elif child.tag == qn("w:sym"):
            yield "text", _symbol(child.get(qn("w:char"), ""))
        elif child.tag in (qn("w:tab"), qn("w:br"), qn("w:cr")):
            yield "text", " "
        elif child.tag in SKIPPED or not isinstance(child.tag, str):
            continue
        elif child.tag == qn("w:fldSimple"):
            yield from [("field", "begin"), ("code", child.get(qn("w:instr"), "")), ("field", "separate")]
            yield from _pieces(child)
            yield "field", "end"
        else:
            yield from _pieces(child)


def _symbol(code: str) -> str:
    """A symbol is a place in a font: F031 of Symbol prints as 1."""
    place = int(code or "0", 16)
    return chr(place - 0xF000 if place >= 0xF000 else place)


class _Fields:
    """Word's fields as they pass by: {PAGE} is the page's number, {= 50 + 6} a typed one in disguise."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self._open: list[tuple[int, bool]] = []  # the code's place, whether its result is passing

    @property
    def in_result(self) -> bool:
        return any(result and _allowed_field(self.codes[code]) for code, result in self._open)

    def meet(self, kind: str, text: str) -> None:
        if kind == "code" and self._open:
            self.codes[self._open[-1][0]] += text
        elif kind == "field" and text == "begin":
            self.codes.append("")
            self._open.append((len(self.codes) - 1, False))
        elif kind == "field" and text == "separate" and self._open:
            self._open[-1] = (self._open[-1][0], True)
        elif kind == "field" and text == "end" and self._open:
            self._open.pop()


def _allowed_field(code: str) -> bool:
    words = code.split()
    return not words or words[0].upper() in FIELDS


def _field(code: str, where: str) -> Finding:
    return Finding(where, "{" + code.strip() + "}", _("a field that prints a value"), str(USE_PLAIN))


def _native_chart(root: Any) -> Iterator[Finding]:
    """A chart drawn in Word keeps typed data: all of it must go."""
    values = [v.text or "" for v in root.iter(f"{_CHART}v")]
    texts = [t.text or "" for t in root.iter(f"{_DRAWN}t")]
    numbers = [text for text in (*values, *texts) if typed_numbers(text)]
    if numbers:
        yield Finding(_("chart made in Word"), numbers[0], "，".join(numbers[:8]), str(USE_CHART))


def _in_text(text: str, where: str, *, heading: bool = False) -> Iterator[Finding]:
    text = re.sub("[\u200b-\u200f\u2060\u00ad\ufeff]", "", text)  # what splits a number and prints as nothing
    for tag in TAG.findall(text):
        yield from _in_tag(tag, where)
    bare = TAG.sub(lambda tag: "\x01" * len(tag[0]), text)
    for number in typed_numbers(bare, heading=heading):
        around = text[max(0, number.start - 10) : number.end + 10]
        yield Finding(where, number.text, f"…{around}…", _advice(text, number.start, number.end))


def _advice(text: str, start: int, end: int) -> str:
    after = text[end : end + 1]
    if after in "年月日时" and after:
        return str(USE_DATE)
    if start <= 2 and after in "、）)．.":
        return str(USE_HEADING)
    return str(USE_FIGURE if after in _MEASURES or text[start].isdigit() else USE_NAME)


_MEASURES = "人名个所份家支次轮起户校班条件元万亿余多%％"


def _in_tag(tag: str, where: str) -> Iterator[Finding]:
    """The constants that a tag would print."""
    if tag.startswith("{#"):
        return
    # As docxtpl reads it: Word's curly quotes are quotes, {%tr … %} repeats a row.
    code = re.sub("[“”]", '"', re.sub("[‘’]", "'", tag))
    code = re.sub(r"^\{([{%])(?:tr|tc|p|r)\s", r"{\1 ", code)
    try:
        tree = environment().parse(_closed(code))
    except jinja2.TemplateSyntaxError as error:
        yield Finding(where, tag, str(error), str(_("Mend or remove this tag.")))
        return
    for child in tree.body:
        yield from _in_expression(child, tag, where)


def _closed(code: str) -> str:
    """A single tag as a whole template: {% for %} needs its end, {% endfor %} its beginning."""
    words = code.strip("{}%- ").split()
    keyword = words[0] if code.startswith("{%") and words else ""
    if keyword in ("for", "if", "with", "filter", "macro", "call"):
        return code + "{% end" + keyword + " %}"
    if keyword == "set" and "=" not in code:
        return code + "{% endset %}"
    if keyword.startswith("end") or keyword == "else":
        return ""
    return code.replace("elif", "if", 1) + "{% endif %}" if keyword == "elif" else code


def _in_expression(node: nodes.Node, tag: str, where: str) -> Iterator[Finding]:
    if isinstance(node, nodes.Const):
        if isinstance(node.value, bool) or node.value is None:
            return
        if not isinstance(node.value, str) or typed_numbers(node.value):
            yield Finding(where, str(node.value), tag, str(USE_FIGURE))
    elif isinstance(node, (nodes.BinExpr, nodes.Neg, nodes.Concat)):
        yield Finding(where, tag, _("a sum within the template"), str(USE_PLAIN))
    elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield Finding(where, f"|{node.name}", tag, str(USE_PLAIN))
    elif isinstance(node, nodes.Getattr) and node.attr not in ATTRIBUTES:
        yield Finding(where, f".{node.attr}", tag, str(USE_PLAIN))
    else:
        for child in _printed(node):
            yield from _in_expression(child, tag, where)


def _printed(node: nodes.Node) -> Iterator[nodes.Node]:
    """The parts of a node that can come to be printed: not a condition, not a name, not a setting."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        yield from node.args[IDS.get(node.node.name, 0) :]
        yield from (pair.value for pair in node.kwargs if pair.key not in SETTINGS)
    elif isinstance(node, (nodes.If, nodes.CondExpr)):
        yield from (child for child in node.iter_child_nodes() if child is not node.test)
    elif isinstance(node, nodes.Getitem):
        yield node.node
    else:
        yield from node.iter_child_nodes()
