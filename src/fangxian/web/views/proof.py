"""A draft's numbers held against the figures: pasted or uploaded, shown with a verdict on each, or sent back
as a Word file with comments. Nothing of a draft is kept."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from docx.document import Document

from fangxian.kernel.problems import Problem
from fangxian.publishing import queries
from fangxian.publishing.proof import documents
from fangxian.publishing.proof.checking import DIFFERS, FOUND, UNKNOWN, Paragraph, Proof, Verdict

from .. import asking
from ..asking import Asked
from .bulletins import TYPES
from .common import page


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a paragraph: plain, or a number with its verdict; `place` numbers the verdicts of the draft."""

    text: str
    verdict: Verdict | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A verdict in the list of them."""

    place: int
    verdict: Verdict
    where: str
    around: tuple[str, str]
    sentence: str
    address: str


@require_http_methods(["GET", "HEAD", "POST"])
def proof(request: HttpRequest) -> HttpResponse:
    asked = asking.read(request)
    shown: dict[str, Any] = {"text": request.POST.get("text", "")}
    status = 200
    if request.method == "POST":
        try:
            shown |= _verdicts(documents.proofread(_draft(request), _proof(asked)), asked)
        except Problem as problem:
            shown["problem"], status = problem, int(problem.status)
    answer = page(request, "web/proof.html", asked, **shown)
    answer.status_code = status
    return answer


@require_POST
def file(request: HttpRequest) -> HttpResponse:
    """The draft as a Word file, with comments."""
    asked = asking.read(request)
    content = documents.commented(_draft(request), _proof(asked), _held_against(asked))
    answer = HttpResponse(content, content_type=TYPES["docx"])
    moment = asking.told(asked.moment).replace(":", "")
    answer["Content-Disposition"] = f'attachment; filename="fangxian-proof-{moment}.docx"'
    return answer


def _draft(request: HttpRequest) -> Document:
    """A file goes before a text. Raises DraftUnreadable, DraftTooLong."""
    sent = request.FILES.get("file")
    return documents.uploaded(sent.read()) if sent else documents.pasted(request.POST.get("text", ""))


def _proof(asked: Asked) -> Proof:
    return Proof(
        asked.engine,
        asked.at,
        asked.tree,
        asked.unit,
        issued=queries.told_by_bulletins(asked.engine, asked.at),
    )


def _held_against(asked: Asked) -> str:
    return _("Held against the figures of {unit} as of {moment}.").format(
        unit=asked.unit.name, moment=asking.told(asked.moment)
    )


def _verdicts(draft: documents.Draft, asked: Asked) -> dict[str, Any]:
    lines: list[Line] = []
    paragraphs = [list(_pieces(paragraph, asked, lines)) for paragraph in draft.paragraphs]
    return {
        "paragraphs": paragraphs,
        "groups": [
            (kind, [line for line in lines if line.verdict.kind == kind])
            for kind in (DIFFERS, UNKNOWN, FOUND)
        ],
        "summary": draft.summary,
        "counted": documents.counted(draft.summary),
        "pictures": list(documents.pictures(draft)),
    }


def _pieces(paragraph: Paragraph, asked: Asked, lines: list[Line]) -> Any:
    done, text = 0, paragraph.text
    for verdict in paragraph.verdicts:
        amount = verdict.amount
        if not amount.checked:
            continue
        line = Line(
            len(lines) + 1,
            verdict,
            paragraph.place,
            (text[max(0, amount.start - 14) : amount.start], text[amount.end : amount.end + 14]),
            documents.sentence(verdict),
            _address(verdict, asked),
        )
        lines.append(line)
        yield Piece(text[done : amount.start])
        yield Piece(text[amount.start : amount.end], verdict, line.place)
        done = amount.end
    yield Piece(text[done:])


def _address(verdict: Verdict, asked: Asked) -> str:
    reference = verdict.reference or (verdict.near[0] if verdict.near else None)
    return asked.address(f"/figures/{reference.figure}/", unit=reference.unit) if reference else ""
