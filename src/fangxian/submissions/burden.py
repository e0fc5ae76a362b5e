"""What a form costs those who are asked: minutes a sheet times the audience, and how much of it they have
answered already.

Seconds a question are an estimate by type, for somebody who fills in a form on a phone and knows the answer:
reading it and one press (one choice), some presses (several choices, numbers, dates on a number pad), typing
(about fifteen characters). A question that is asked only after some answers counts half. See docs/adr.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from fangxian.campaigns.audiences import Counted, Selector
from fangxian.campaigns.models import Campaign
from fangxian.kernel.moments import day_of, from_ms
from fangxian.registry.holding import in_chunks

from .forms import Form, Question
from .models import BurdenChoice, FormVersion, Revision, Submission

SECONDS = {
    "note": 4,
    "acknowledge": 3,
    "select_one": 5,
    "select_multiple": 10,
    "integer": 8,
    "decimal": 8,
    "date": 10,
    "time": 8,
    "datetime": 14,
    "text": 25,
    "geopoint": 15,
    "shape": 60,
    "file": 30,
    "calculate": 0,
}
SHEET = 15  # to open a sheet, look over it and send it
ROWS = 3  # of a repeat
RECENT = 14  # days within which an answer is still known


@dataclass(frozen=True, slots=True)
class Burden:
    """`seconds` a sheet; `sheets` a time that all are asked."""

    seconds: float
    sheets: int

    @property
    def minutes(self) -> float:
        return self.seconds / 60

    @property
    def all_minutes(self) -> float:
        return self.minutes * self.sheets

    @property
    def hours(self) -> float:
        """Of people's time, each time that all are asked."""
        return self.seconds * self.sheets / 3600


@dataclass(frozen=True, slots=True)
class Known:
    """A question that some of these people answered elsewhere: in `campaign`, last on `latest`."""

    question: Question
    campaign: str
    name: str
    name_en: str
    people: int
    latest: datetime


def seconds(form: Form, without: Iterable[str] = ()) -> float:
    left_out = set(without)
    asked = (question for question in form.questions if question.name not in left_out)
    return SHEET + sum(map(_seconds, asked))


def _seconds(question: Question) -> float:
    if question.children:
        own = ROWS * sum(map(_seconds, question.children))
    else:
        own = float(SECONDS.get(question.type, SECONDS["text"]))
    return own / 2 if question.relevant else own


def burden(form: Form, asked: Counted, without: Iterable[str] = ()) -> Burden:
    return Burden(seconds(form, without), len(asked.subjects))


# --------------------------------------------------------------------------------- answered already


def answered(form: Form, selector: Selector, asked: Counted, *, now: datetime, but: str = "") -> list[Known]:
    """The questions that others asked the same way of some of these within the last days: the same name,
    label and choices, in a live answer to another campaign. Of several campaigns the one that most
    answered."""
    since = now - timedelta(days=RECENT)
    found: dict[str, Known] = {}
    for campaign, version, questions in _alike(form, but):
        rows = list(_as_text(_answers(campaign, version, selector.kind, since, now)))
        for question, _class in questions:
            known = _known(question, campaign, rows, asked)
            if known and (question.name not in found or found[question.name].people < known.people):
                found[question.name] = known
    return [found[question.name] for question in form.questions if question.name in found]


def _alike(form: Form, but: str) -> Iterable[tuple[Campaign, int, list[tuple[Question, str]]]]:
    """Forms of other campaigns that ask some of the same, by version: each question with the class of field
    under which it is asked there."""
    campaigns = {row.code: row for row in Campaign.objects.exclude(code=but)}
    versions = (
        FormVersion.objects.filter(form__in=campaigns).order_by("pk").values_list("pk", "form", "fields")
    )
    for pk, code, fields in versions:
        others = {entry["name"]: entry for entry in fields["questions"]}
        alike = [q for q in form.questions if _plain(q) and q.name in others and _same(q, others[q.name])]
        same = [(q, str(others[q.name]["class"])) for q in alike]
        if same:
            yield campaigns[code], pk, same


def _plain(question: Question) -> bool:
    return question.asked and not question.children


def _same(question: Question, entry: Mapping[str, Any]) -> bool:
    other = Question.load(entry)
    labels = [(question.label[key], other.label[key]) for key in question.label if key in other.label]
    codes = {choice.name for choice in question.choices} == {choice.name for choice in other.choices}
    return question.type == other.type and codes and bool(labels) and all(one == two for one, two in labels)


def _answers(
    campaign: Campaign, version: int, kind: str, since: datetime, now: datetime
) -> QuerySet[Any, tuple[int, datetime, Any]]:
    rows = _live(Submission.objects.filter(campaign=campaign, form_version=version, subject_kind=kind), now)
    return rows.filter(happened__gte=since, happened__lte=now).values_list("subject", "happened", "answers")


def _as_text(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Undecoded: a city's answers of two weeks are a million."""
    whole = rows.annotate(ms=Cast("happened", BigIntegerField()), text_=Cast("answers", TextField()))
    return whole.values_list("subject", "ms", "text_")


def _live(rows: QuerySet[Submission], now: datetime) -> QuerySet[Submission]:
    ended = Q(kind__in=("superseded", "retracted")) | Q(kind="withdrawn", day__lte=day_of(now))
    return rows.exclude(Exists(Revision.objects.filter(ended, submission=OuterRef("pk"))))


def _known(question: Question, campaign: Campaign, rows: Iterable[Any], asked: Counted) -> Known | None:
    """`rows` hold the answers as text: a key is told by its quotes, which stand escaped within any answer."""
    key = f'"{question.name}":'
    told = [(subject, ms) for subject, ms, answers in rows if key in answers and subject in asked.subjects]
    if not told:
        return None
    people, latest = len({subject for subject, _ms in told}), from_ms(max(ms for _subject, ms in told))
    return Known(question, campaign.code, campaign.name, campaign.name_en, people, latest)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was answered elsewhere, when, and under whose account or link; the classes of field under which it
    was asked there and is asked here."""

    answer: Any
    happened: datetime
    by: str
    classes: frozenset[str]


def prefilled(
    version: int, kind: str, subjects: Collection[int], *, now: datetime
) -> dict[int, dict[str, Earlier]]:
    """Subject -> question -> the latest answer elsewhere within the last days, of the questions of which it
    was decided that known answers are put in. A few queries, however many the subjects."""
    chosen = BurdenChoice.objects.filter(version=version, choice="prefill").values_list("question", flat=True)
    names = frozenset(chosen)
    if not names:
        return {}
    row = FormVersion.objects.get(pk=version)
    found: dict[int, dict[str, Earlier]] = {}
    for campaign, other, questions in _alike(Form.load(row.fields), row.form):
        wanted = [(question, asked) for question, asked in questions if question.name in names]
        for chunk in in_chunks(sorted(subjects) if wanted else []):
            rows = _answers(campaign, other, kind, now - timedelta(days=RECENT), now).filter(
                subject__in=chunk
            )
            for subject, happened, answers, by in rows.values_list("subject", "happened", "answers", "by"):
                held = found.setdefault(subject, {})
                for question, asked in wanted:
                    before = held.get(question.name)
                    if question.name in answers and (before is None or before.happened < happened):
                        classes = frozenset((question.field_class, asked))
                        held[question.name] = Earlier(answers[question.name], happened, by, classes)
    return found
