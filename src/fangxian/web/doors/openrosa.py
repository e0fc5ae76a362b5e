"""The words of OpenRosa: headers, and messages in XML (docs.getodk.org/openrosa)."""

from xml.sax.saxutils import escape, quoteattr

from django.utils import translation
from django.utils.translation import gettext as _

from fangxian.kernel.problems import Problem

from .answers import Told, headers_of
from .taking import Outcome

LARGEST = 24 * 2**20  # bytes a request; devices send more photos in several
HEADERS = {"X-OpenRosa-Version": "1.0", "X-OpenRosa-Accept-Content-Length": str(LARGEST)}
KIND = {"Content-Type": "text/xml; charset=utf-8"}


def tell_head() -> Told:
    return 204, dict(HEADERS), b""


def tell_problem(problem: Problem, language: str) -> Told:
    with translation.override(language):
        body = message(problem.sentence(), "error", problem.code)
    return int(problem.status), {**HEADERS, **KIND, **headers_of(problem)}, body


def tell(outcome: Outcome, language: str) -> Told:
    """201, also where it was there already: devices take 200 for a sign-in page."""
    if outcome.problems:
        return tell_problem(outcome.problems[0][1], language)
    with translation.override(language):
        if outcome.receipt.already:
            text = _("It had arrived before; it is there once.")
        elif outcome.receipt.late:
            text = _("Received; it is late, and marked so.")
        else:
            text = _("Received.")
    return 201, {**HEADERS, **KIND}, message(text, "submit_success")


def message(text: str, nature: str, code: str = "") -> bytes:
    named = f" code={quoteattr(code)}" if code else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OpenRosaResponse xmlns="http://openrosa.org/http/response">'
        f'<message nature="{nature}"{named}>{escape(_clean(text))}</message></OpenRosaResponse>'
    ).encode()


def _clean(text: str) -> str:
    """Without letters that XML has no place for."""
    return "".join(
        c for c in text if c in "\t\n" or c >= " " and not "\ud800" <= c <= "\udfff" and c < "\ufffe"
    )
