"""The last step to Word: marks become numbers and pictures, and every page gets its band."""

import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run as WordRun

from . import charts
from .blocks import KINDS, Chart
from .marks import MARKED, Marks
from .references import MARK, Reference

MASTHEAD_WIDTH, MASTHEAD_SIZE = 442, 44  # points
KIND_OF_NOTICE = next(name for name, kind in KINDS.items() if kind == "correction")


def finish(
    document: WordDocument, references: Sequence[Reference], drawn: Sequence[tuple[Chart, str]], marks: Marks
) -> bytes:
    """`drawn` are the charts with their SVG, in the order of their marks."""
    for root in _roots(document):
        for text in root.iter(qn("w:t")):
            if text.text and "\ue000" in text.text:
                text.text = MARK.sub(lambda mark: references[int(mark[1])].text, text.text)
    for paragraph in list(document.element.body.iter(qn("w:p"))):
        _picture(Paragraph(paragraph, document._body), drawn)
    _mark(document, marks)
    if marks.copy:
        document.core_properties.identifier = marks.copy
    _fit_masthead(document)
    finished = io.BytesIO()
    document.save(finished)
    return finished.getvalue()


def _roots(document: WordDocument) -> list[Any]:
    """The body and each header and footer once."""
    parts = [document.part, *(rel.target_part for rel in document.part.rels.values() if not rel.is_external)]
    return [part.element for part in parts if hasattr(part, "element")]


def _picture(paragraph: Paragraph, drawn: Sequence[tuple[Chart, str]]) -> None:
    text = paragraph.text
    if not text.startswith("\ue002"):
        return
    chart, svg = drawn[int(text.strip("\ue002\ue003 "))]
    for run in paragraph.runs:
        run.text = ""
    picture = paragraph.runs[0].add_picture(io.BytesIO(charts.png(svg)), width=Mm(150))
    picture._inline.docPr.set("descr", charts.words(chart))
    picture._inline.docPr.set("title", chart.title)


def with_notice(filled: bytes, text: str) -> bytes:
    """The filled file with what it corrects, under its title, or where it has none, at its head."""
    document = load(filled)
    titles = _styled(document, "title")
    notice = document.add_paragraph(text, style=_style(document, KIND_OF_NOTICE))
    if titles:
        titles[-1]._p.addnext(notice._p)
    else:
        document.element.body.insert(0, notice._p)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def _style(document: WordDocument, name: str) -> str:
    if name not in [_label(style.element) for style in document.styles]:
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        style.font.size = Pt(14)
    return name


def stamped(file: bytes, marks: Marks) -> bytes:
    """A paper that was made before, with what is to be said of it now on every page."""
    document = load(file)
    _mark_pages(document, marks)
    document.core_properties.identifier = marks.copy
    stamped = io.BytesIO()
    document.save(stamped)
    return stamped.getvalue()


def _styled(document: WordDocument, kind: str) -> list[Paragraph]:
    return [p for p in document.paragraphs if p.style is not None and KINDS.get(_name(p)) == kind]


def _name(paragraph: Paragraph) -> str:
    style = paragraph.style
    return _label(style.element) if style is not None else ""


def _label(style: Any) -> str:
    """What a style is called in the file: Word's own names do not hang on Word's language."""
    return str(style.find(qn("w:name")).get(qn("w:val")))


def _mark(document: WordDocument, marks: Marks) -> None:
    for kind in MARKED:
        for paragraph in _styled(document, kind):
            changed = getattr(marks, kind)(paragraph.text)
            if changed != paragraph.text:
                _replace(paragraph, changed)
    _mark_pages(document, marks)


def _mark_pages(document: WordDocument, marks: Marks) -> None:
    """What is there already is not said twice."""
    for place, section in enumerate(document.sections):
        for header in _parts(document, section, "header"):
            new = [band for band in marks.bands if band not in _text(header)]
            if new:
                _band(header, "　".join(new))
        for footer in _parts(document, section, "footer"):
            if place and footer.is_linked_to_previous:
                continue
            for line in marks.foot:
                if line not in _text(footer):
                    _foot(footer, line)


def _text(part: Any) -> str:
    return "".join(paragraph.text for paragraph in part.paragraphs)


def _replace(paragraph: Paragraph, text: str) -> None:
    first, *rest = paragraph.runs
    first.text = text
    for run in rest:
        run._element.getparent().remove(run._element)


def _parts(document: WordDocument, section: Any, what: str) -> list[Any]:
    """The header or footer of its pages: of all, and where they differ, of even ones and of the first."""
    parts = [getattr(section, what)]
    if document.settings.odd_and_even_pages_header_footer:
        parts.append(getattr(section, f"even_page_{what}"))
    if section.different_first_page_header_footer:
        parts.append(getattr(section, f"first_page_{what}"))
    return parts


def _foot(footer: Any, text: str) -> None:
    if footer.is_linked_to_previous:
        footer.is_linked_to_previous = False
    paragraph = footer.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(text)
    run.font.size = Pt(9)
    _east_asian(run, "宋体")


def _band(header: Any, text: str) -> None:
    if header.is_linked_to_previous:
        header.is_linked_to_previous = False
    first = header.paragraphs[0]
    paragraph = first if not first.text.strip() else first.insert_paragraph_before()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    indent = paragraph._p.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:firstLineChars"), "0")
    indent.set(qn("w:firstLine"), "0")
    run = paragraph.add_run(text)
    run.font.size, run.font.bold = Pt(14), True
    run.font.color.rgb = RGBColor(0xB3, 0x26, 0x1E)
    _east_asian(run, "黑体")


def _east_asian(run: WordRun, font: str) -> None:
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("w:eastAsia", "w:ascii", "w:hAnsi"):
        fonts.set(qn(kind), font)


def _fit_masthead(document: WordDocument) -> None:
    """A long name of an office gets smaller letters, not a second line."""
    for paragraph in _styled(document, "masthead"):
        for run in paragraph.runs:
            run.font.size = Pt(masthead_size(paragraph.text))


def masthead_size(text: str) -> int:
    """Points; full-width characters are as wide as high."""
    wide = sum(1 if ord(char) > 0x2E7F else 0.5 for char in text)
    return min(MASTHEAD_SIZE, int(MASTHEAD_WIDTH / max(wide, 1)))


def load(filled: bytes) -> WordDocument:
    return Document(io.BytesIO(filled))
