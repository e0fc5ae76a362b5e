"""Drafts: pasted, or a Word file; and the same as a Word file with a comment at each number that is wrong or
unknown. Nothing of a draft is stored."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from docx import Document
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.text.run import Run

from ..blocks import FALLBACK, SKIPPED
from ..counting import figure_name
from ..problems import DraftTooLong, DraftUnreadable, TemplateUnreadable
from ..wording import check_package
from .checking import DIFFERS, FOUND, UNKNOWN, Paragraph, Proof, Verdict, summary

LONGEST = 200_000  # characters of a draft
AUTHOR, INITIALS = "防线 Fangxian", "防"
_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_VML = "{urn:schemas-microsoft-com:vml}imagedata"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")  # what XML cannot hold


@dataclass(frozen=True, slots=True)
class Draft:
    """`pictures`: how many of them there are; what numbers they show cannot be read."""

    paragraphs: tuple[Paragraph, ...]
    pictures: int = 0

    @property
    def summary(self) -> dict[str, int]:
        return summary(self.paragraphs)


def pasted(text: str) -> WordDocument:
    """A pasted text as a document. Raises DraftTooLong, DraftUnreadable."""
    if len(text) > LONGEST:
        raise DraftTooLong(longest=LONGEST)
    if not text.strip():
        raise DraftUnreadable(reason=_("it is empty"))
    document = Document()
    for line in _CONTROL.sub("", text).splitlines():
        if line.strip():
            document.add_paragraph(line)
    return document


def uploaded(content: bytes) -> WordDocument:
    """A Word file. Raises DraftTooLong, DraftUnreadable."""
    try:
        check_package(content)
        document = Document(io.BytesIO(content))
    except TemplateUnreadable as error:
        raise DraftUnreadable(reason=error.facts["reason"]) from error
    except Exception as error:  # whatever python-docx meets in a package that is none
        raise DraftUnreadable(reason=_("it is damaged")) from error
    length = sum(len(place.text) for place in _places(document))
    if length > LONGEST:
        raise DraftTooLong(longest=LONGEST)
    if not length:
        raise DraftUnreadable(reason=_("it holds no text, only pictures or nothing"))
    return document


def proofread(document: WordDocument, proof: Proof) -> Draft:
    paragraphs = (Paragraph(p.text, p.name, proof.check(p.text)) for p in _places(document) if p.text.strip())
    return Draft(tuple(paragraphs), _pictures(document))


def commented(document: WordDocument, proof: Proof, told: str) -> bytes:
    """The document with a comment at each number that differs or is unknown, and at its beginning one that
    sums up (`told`: as of when, of which unit). The words and their looks stay as they are."""
    draft = proofread(document, proof)
    elsewhere: list[str] = []
    for place in _places(document):
        for verdict in reversed(proof.check(place.text)):
            if verdict.kind not in (DIFFERS, UNKNOWN):
                continue
            runs = place.take_out(verdict.amount.start, verdict.amount.end) if place.commentable else []
            if runs:
                document.add_comment(
                    [Run(run, document) for run in runs], sentence(verdict), AUTHOR, INITIALS
                )
            else:
                elsewhere.append(f"{place.name}：{verdict.amount.text} — {sentence(verdict)}")
    _sum_up(document, draft, told, elsewhere)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def _sum_up(document: WordDocument, draft: Draft, told: str, elsewhere: Sequence[str]) -> None:
    first = next((run for place in _places(document) if place.commentable for run in place.runs()), None)
    lines = [told, counted(draft.summary), *pictures(draft), *elsewhere]
    if first is not None:
        document.add_comment([Run(first, document)], "\n".join(lines), AUTHOR, INITIALS)


# ------------------------------------------------------------------------------------ in words


def counted(found: dict[str, int]) -> str:
    return _(
        "{found} numbers found, {differs} differ, {unknown} unknown; {passed} dates, names and the like."
    ).format(**found)


def pictures(draft: Draft) -> Iterator[str]:
    if draft.pictures:
        yield _(
            "There are {count} pictures or charts: numbers that stand in them were not read. Look at them."
        ).format(count=draft.pictures)


def sentence(verdict: Verdict) -> str:
    """What is said of a number, in the language that is active."""
    if verdict.reference:
        named = named_figure(verdict.reference)
        if verdict.kind == FOUND:
            return _("Is {figure}: {value}.").format(figure=named, value=verdict.reference.text)
        return _("Differs: {figure} is {value}.").format(figure=named, value=verdict.reference.text)
    if verdict.near:
        names = "；".join(named_figure(reference) for reference in verdict.near)
        return _("Unknown: no figure is named here. Figures of this value: {names}.").format(names=names)
    return _(
        "Unknown: no figure is named so, and none has this value. Name the figure, or take the number out."
    )


def named_figure(reference: Any) -> str:
    parts = {
        "value": "{figure}",
        "of": _("{figure}, all that it is out of"),
        "missing": _("{figure}, those that are missing"),
        "share": _("{figure}, share"),
    }
    return parts[reference.part].format(figure=figure_name(reference.figure))


# ------------------------------------------------------------------------------------ Word's paragraphs


@dataclass(frozen=True, slots=True)
class _Place:
    """One paragraph of a Word file: its text as it prints, and the runs that it is made of."""

    element: Any
    name: str
    text: str
    commentable: bool  # Word takes no comments in heads and feet of pages, and text boxes

    def runs(self) -> list[Any]:
        return list(_runs(self.element))

    def take_out(self, start: int, end: int) -> list[Any]:
        """The runs that make up these characters, cut where they begin and end."""
        found, place = [], 0
        for run in self.runs():
            length = len(_text(run))
            first, last = max(start - place, 0), min(end - place, length)
            if first < last:
                found.append(_cut(run, first, last))
            place += length
        return found


def _places(document: WordDocument) -> Iterator[_Place]:
    yield from _story(document.element.body, _("paragraph {place}"), commentable=True)
    for section in document.sections:
        for part, name in ((section.header, _("page head")), (section.footer, _("page foot"))):
            if not part.is_linked_to_previous:
                yield from _story(part._element, name + " {place}", commentable=False)


def _story(root: Any, name: str, *, commentable: bool) -> Iterator[_Place]:
    for place, paragraph in enumerate(root.iter(qn("w:p")), start=1):
        above = [parent.tag for parent in paragraph.iterancestors()]
        if FALLBACK in above:
            continue
        text = "".join(_text(run) for run in _runs(paragraph))
        boxed = qn("w:txbxContent") in above
        yield _Place(paragraph, name.format(place=place), text, commentable and not boxed)


def _runs(element: Any) -> Iterator[Any]:
    for child in element:
        if child.tag == qn("w:r"):
            yield child
        elif isinstance(child.tag, str) and child.tag not in SKIPPED:
            yield from _runs(child)


def _text(run: Any) -> str:
    told = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
    return "".join((child.text or "") if child.tag == qn("w:t") else told.get(child.tag, "") for child in run)


def _cut(run: Any, start: int, end: int) -> Any:
    """A run of these characters alone; what stood before and behind keeps its looks in runs of its own. A
    run that holds more than plain text stays whole."""
    inside = [child for child in run if child.tag != qn("w:rPr")]
    text = _text(run)
    if (start, end) == (0, len(text)) or len(inside) != 1 or inside[0].tag != qn("w:t"):
        return run
    before, behind = deepcopy(run), deepcopy(run)
    for part, words in ((before, text[:start]), (run, text[start:end]), (behind, text[end:])):
        part.find(qn("w:t")).text = words
        part.find(qn("w:t")).set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    if start:
        run.addprevious(before)
    if end < len(text):
        run.addnext(behind)
    return run


def _pictures(document: WordDocument) -> int:
    wanted: Iterable[str] = (_DRAWN, _VML, _CHART)
    return sum(1 for tag in wanted for _found in document.element.body.iter(tag))
