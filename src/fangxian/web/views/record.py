"""One record of a figure: why it is counted, and every answer sheet about it, with what became of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.access import policy
from fangxian.access.problems import NotYours
from fangxian.campaigns.models import Campaign
from fangxian.figures import inside
from fangxian.registry.holding import known
from fangxian.registry.models import Merge
from fangxian.submissions.intake import published_form
from fangxian.submissions.models import Revision, Submission, Verification

from .. import asking, coverage, disclosure, shown
from ..asking import Asked
from ..opened import Known, Shown, open_records
from ..problems import RecordNotThere
from ..wording import in_a_row, in_words
from .common import crumbs, page
from .figures import declared_figure

SHEETS = 60  # the latest are shown
Said = Mapping[str, str]  # of each class of field, what the policy says to this visitor


@dataclass(frozen=True, slots=True)
class Answer:
    question: str
    answer: str
    kept_back: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """`state`: live, or what was said of it; `because`: it puts the record into the figure."""

    row: Submission
    campaign: str
    answers: tuple[Answer, ...]
    state: str
    reason: str
    verified: tuple[Verification, ...]
    because: bool


@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, id: str, key: str) -> HttpResponse:
    """With POST, what it is asked for: the full name and the phone, once that is written down."""
    asked = asking.read(request)
    declared, part = declared_figure(asked, id), request.GET.get("part", "counted")
    disclosure.require_open(asked, id)
    table = _row(asked, id, part, key)
    found, because = (
        open_records(table, asked.at, Known(asked.scope, asked.latest))[0],
        table["because"][0].as_py(),
    )
    if not asked.scope.whole and found.name == "*":  # counted here then, elsewhere now
        raise RecordNotThere(figure=id, unit=asked.unit.name)
    said = {c: policy.verdict(asked.actor, c, asked.unit.id, purpose="count") for c in "ABCDEF"}
    sheets, more = _sheets(asked, found, because, said)
    may_unmask = policy.verdict(asked.actor, "C", asked.unit.id, purpose="unmask") == policy.SHOWN
    told: dict[str, Any] = {
        "figure": shown.show(declared, asked.engine.value(id, asked.unit.id, asked.at), asked),
        "record": found,
        "part": part,
        "sheets": sheets,
        "more": more,
        "crumbs": crumbs(asked, f"/figures/{id}/"),
        "here": asked.address(request.path, part=part),
        "is_person": found.record.kind == "person",
        "may_unmask": may_unmask,
    }
    if said["E"] == policy.SHOWN:
        disclosure.looked(request, "E", subject=f"figure:{id}:{key}", unit=asked.unit.code, count=len(sheets))
    if request.method == "POST" and told["is_person"]:
        if not may_unmask:
            raise NotYours(roles=in_a_row(asked.actor.role_names))
        purpose = request.POST.get("purpose", "")
        told |= disclosure.told_whole(request, int(found.record.id), purpose, unit=asked.unit.code)
    return page(request, "web/record.html", asked, **told)


def _row(asked: Asked, figure: str, part: str, key: str) -> pa.Table:
    """The record, of those of the figure at the unit alone. Raises RecordNotThere."""
    records = inside.records(asked.engine, figure, asked.unit.id, asked.at, part)
    wanted = pc.equal(pc.cast(records.ids, pa.string()), key) if len(records) else pa.array([], pa.bool_())
    place = pc.index(wanted, True).as_py()
    if place < 0:
        raise RecordNotThere(figure=figure, unit=asked.unit.name)
    ids = records.ids.slice(place, 1)
    because = inside.because(asked.engine, figure, asked.at, ids) if part == "counted" else [[]]
    return pa.table(
        {
            "id": ids,
            "kind": [records.record],
            "unit": [int(records.units[place])],
            "contribution": [float(records.contributions[place])],
            "because": pa.array(because, pa.list_(pa.int64())),
        }
    )


# ------------------------------------------------------------------------------------ answer sheets


def _sheets(asked: Asked, found: Shown, because: list[int], visitor: Said) -> tuple[list[Sheet], int]:
    """The latest about the record's subject, by the moment, and how many there are besides."""
    rows = Submission.objects.filter(_about(asked, found, because), recorded__lte=asked.at.position)
    rows = rows.select_related("form_version").order_by("-happened", "-pk")
    shown_rows = list(rows.defer("form_version__xlsform", "form_version__xform")[: SHEETS + 1])
    more = max(0, rows.count() - SHEETS) if len(shown_rows) > SHEETS else 0
    shown_rows = shown_rows[:SHEETS]
    pks = [row.pk for row in shown_rows]
    campaigns = {row.pk: row for row in Campaign.objects.filter(pk__in={r.campaign_id for r in shown_rows})}
    said = _said(asked, pks)
    verified: dict[int, list[Verification]] = {}
    for one in Verification.objects.filter(known(asked.at.position), submission__in=pks).order_by("pk"):
        verified.setdefault(one.submission_id, []).append(one)
    return [
        Sheet(
            row,
            coverage.campaign_name(campaigns[row.campaign_id]),
            tuple(_answers(row, visitor)),
            *said.get(row.pk, ("live", "")),
            tuple(verified.get(row.pk, ())),
            row.pk in because,
        )
        for row in shown_rows
    ], more


def _about(asked: Asked, found: Shown, because: list[int]) -> Q:
    record = found.record
    match record.kind:
        case "person":
            return Q(subject_kind="person", subject__in=_same(asked, int(record.id)))
        case "household":
            return Q(subject_kind="household", subject=record.id) | Q(household=record.id)
        case "unit":
            return Q(subject_kind="unit", subject=record.id) | Q(pk__in=because)
        case "submission":
            return Q(pk=record.id)
    return Q(pk__in=because)


def _same(asked: Asked, person: int) -> set[int]:
    """The person, and whoever was found to be the same."""
    merged = Merge.objects.filter(known(asked.at.position), into=person)
    return {person, *merged.values_list("person_id", flat=True)}


def _said(asked: Asked, pks: Iterable[int]) -> dict[int, tuple[str, str]]:
    """What was said of a sheet since, by the moment, and why; as figures take it."""
    found: dict[int, tuple[str, str]] = {}
    rows = Revision.objects.filter(submission__in=list(pks), recorded__lte=asked.at.position).order_by("pk")
    for pk, kind, day, reason in rows.values_list("submission_id", "kind", "day", "reason"):
        if day is None or day <= asked.at.day:
            found[pk] = kind, reason
    return found


def _answers(row: Submission, visitor: Said) -> Iterable[Answer]:
    """Each that was given, as the policy says of its question's class: kept back, masked or shown."""
    form = published_form(row.form_version_id, row.form_version.sha256)
    for question in form.questions:
        if question.asked and question.name in row.answers:
            verdict = visitor[question.field_class]
            answer = policy.told(
                verdict, question.field_class, in_words(question, row.answers[question.name])
            )
            kept_back = verdict == policy.NO
            yield Answer(question.label_in(), _("kept back") if kept_back else answer, kept_back)
