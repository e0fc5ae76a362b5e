"""What programs ask for over JSON, and the document of the whole JSON door (OpenAPI 3.1).

Submissions themselves are taken beside Django (see `asgi`); here they are described.
"""

import uuid
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from pydantic import BaseModel, Field, TypeAdapter

from fangxian.kernel.moments import day_of
from fangxian.kernel.problems import Problem
from fangxian.registry.importing.archive import check_content
from fangxian.submissions.chains import Proposal, read_chain
from fangxian.submissions.envelopes import Sender
from fangxian.submissions.intake import published_form
from fangxian.submissions.known import Terms, read_terms
from fangxian.submissions.models import FormVersion
from fangxian.submissions.sheets import About, Row, read_about, read_sheet, write_sheet

from . import answers, who
from .answers import PROBLEM, language_of
from .bodies import BODY
from .due import Due, Subject, due, find_due, subjects
from .problems import BodyAmiss, BodyTooLarge, BodyUnreadable, NoSuchForm
from .taking import now, take_here

PATH = "/api/submissions"
STATED = (400, 401, 404, 405, 408, 409, 413, 415, 422, 503)


SECURITY: list[dict[str, list[str]]] = [{"device": []}, {"password": []}]
SCHEMES = {
    "device": {"type": "http", "scheme": "bearer", "description": "A device's token"},
    "password": {"type": "http", "scheme": "basic"},
}


class Fault(BaseModel):
    question: str
    code: str
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457. `code` is stable; `detail` is in the language that was asked for."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance_id: str | None = None
    faults: list[Fault] = Field(default=[], description="What the form finds wrong, question by question")


class Refused(ProblemOut):
    problems: list[ProblemOut] = []


class Taken(BaseModel):
    outcome: Literal["accepted", "already"]
    submissions: list[int] = Field(description="Numbers of what was stored, one a sheet")
    late: bool = Field(description="Received after the round had closed: kept, and marked so")


class Result(BaseModel):
    status: int = Field(description="As the entry alone would have been answered")
    outcome: Literal["accepted", "already", "refused"]
    submissions: list[int] = []
    late: bool = False
    problems: list[ProblemOut] = []


class Results(BaseModel):
    results: list[Result] = Field(description="One an entry, in the order sent")


class CampaignOut(Schema):
    campaign: str
    name: str
    name_en: str
    round: int = Field(description="0 where each day is a window of its own")
    opens: datetime
    closes: datetime | None
    version: str = Field(description="The form's latest version")


class ChoiceOut(Schema):
    code: str
    label: str


class QuestionOut(Schema):
    name: str
    type: str
    label: str
    required: bool | str
    relevant: list[str]
    constraint: str
    choices: list[ChoiceOut]


class FormOut(Schema):
    campaign: str
    version: str
    title: str
    questions: list[QuestionOut]


class SubjectOut(Schema):
    kind: Literal["person", "unit", "household"]
    key: str = Field(description="As `subject` of a submission names it")
    unit: int
    label: str


class Door(OpenAPISchema):
    """ninja's document, with the routes that are taken beside Django."""

    def get_paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = super().get_paths()
        paths[PATH] = {"post": self._submissions()}
        for path in paths.values():
            for operation in path.values():
                operation["responses"] |= {
                    status: told
                    for status, told in self._problems().items()
                    if status not in operation["responses"]
                }
        return paths

    def get_components(self) -> dict[str, Any]:
        return {**super().get_components(), "securitySchemes": SCHEMES}

    def _submissions(self) -> dict[str, Any]:
        """One submission or envelope, or a list of up to 500."""
        body = self._part(BODY, "validation")
        return {
            "operationId": "submit",
            "summary": "Submit one, or up to 500 at once",
            "description": "Answered when it is durable. The same instance id with the same content is taken "
            "once; with other content it is a conflict. A list is answered with 200, and a result for each.",
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                201: self._told("Taken", self._part(TypeAdapter(Taken))),
                200: self._told(
                    "Taken before with the same content; or the results of a list",
                    {"anyOf": [self._part(TypeAdapter(Taken)), self._part(TypeAdapter(Results))]},
                ),
            },
            "security": SECURITY,
        }

    def _problems(self) -> dict[int, Any]:
        schema = self._part(TypeAdapter(Refused))
        return {status: self._told("A problem", schema, PROBLEM) for status in STATED}

    def _told(self, text: str, schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
        return {"description": text, "content": {kind: {"schema": schema}}}

    def _part(
        self, shape: TypeAdapter[Any], mode: Literal["validation", "serialization"] = "serialization"
    ) -> Any:
        made = shape.json_schema(mode=mode, ref_template="#/components/schemas/{model}")
        self.schemas.update(made.pop("$defs", {}))
        return made


class Described(NinjaAPI):
    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        return Door(self, "/api/" if path_prefix is None else path_prefix)


def _sender(request: HttpRequest) -> Sender:
    return who.admit(
        authorization=request.headers.get("Authorization", ""),
        token="",
        address=request.META.get("REMOTE_ADDR", ""),
        now=now(),
    )


api = Described(
    title="Fangxian 防线",
    version="1",
    description="Reports in, forms and whom they are about out. Refusals are Problems (RFC 9457).",
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
    openapi_extra={"security": SECURITY},
    auth=_sender,  # before the body is read
)


@api.exception_handler(ValidationError)
def amiss(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    where = "/" + "/".join(str(step)[:40] for step in first["loc"][2:])
    return told(request, BodyAmiss(where=where, reason=first["msg"]))


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return told(request, BodyUnreadable(reason=str(error)[:200]))


@api.exception_handler(Problem)
def told(request: HttpRequest, problem: Problem) -> HttpResponse:
    language = language_of(request.headers.get("Accept-Language", ""))
    status, headers, body = answers.tell_problem(problem, language)
    return HttpResponse(body, status=status, headers=headers)


def _admitted(request: HttpRequest) -> Sender:
    sender: Sender = request.auth  # type: ignore[attr-defined]
    return sender


def _find(code: str) -> Due:
    found = find_due(code, now=now())
    if found is None:
        raise NoSuchForm()
    return found


@api.get("/campaigns", response=list[CampaignOut], operation_id="campaigns", summary="What is due")
def campaigns(request: HttpRequest) -> list[dict[str, Any]]:
    """Campaigns that take reports now and ask somebody whom you reach."""
    return [
        {
            "campaign": found.campaign.code,
            "name": found.campaign.name,
            "name_en": found.campaign.name_en,
            "round": found.round,
            "opens": found.opens,
            "closes": found.closes,
            "version": found.version,
        }
        for found in due(_admitted(request), now=now())
    ]


@api.get("/campaigns/{code}/form", response=FormOut, operation_id="form", summary="The form of a campaign")
def form(request: HttpRequest, code: str) -> dict[str, Any]:
    """Its latest version: the questions, in order."""
    _admitted(request)
    found = _find(code)
    version = FormVersion.objects.only("title").get(pk=found.form[0])
    questions = [
        {
            "name": question.name,
            "type": question.type,
            "label": question.label_in(language_of(request.headers.get("Accept-Language", ""))),
            "required": question.required,
            "relevant": list(question.relevant),
            "constraint": question.constraint,
            "choices": [
                {"code": c.name, "label": next(iter(c.label.values()), c.name)} for c in question.choices
            ],
        }
        for question in published_form(*found.form).questions
    ]
    return {"campaign": code, "version": found.version, "title": version.title, "questions": questions}


@api.get(
    "/campaigns/{code}/subjects",
    response=list[SubjectOut],
    operation_id="subjects",
    summary="Whom it is about, of those whom you reach",
)
def whom(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """Names and units, of at most 5,000; an account that reaches more is told so."""
    sender = _admitted(request)
    return [_told(one) for one in subjects(_find(code), sender, now=now())]


class ChainIn(Schema):
    text: str = Field(max_length=100_000, description="As it was pasted: a numbered line each")


class ProposalOut(Schema):
    number: int
    text: str
    sure: bool = Field(description="One subject, all understood, nothing that the form finds wrong")
    entry: dict[str, Any] | None = Field(description="To be posted to /api/submissions once it is confirmed")
    subjects: list[SubjectOut] = Field(description="All whom the name could mean")
    answers: dict[str, Any]
    doubts: list[str]


@api.post(
    "/campaigns/{code}/chain",
    response=list[ProposalOut],
    operation_id="chain",
    summary="Read a pasted chat chain; stores nothing",
)
def chain(request: HttpRequest, code: str, body: ChainIn) -> list[dict[str, Any]]:
    """What each numbered line says, for a person to confirm, correct or drop."""
    sender, found, at = _admitted(request), _find(code), now()
    rows = {(one.kind, one.key, one.label): one for one in subjects(found, sender, now=at)}
    form = published_form(*found.form)
    with translation.override(language_of(request.headers.get("Accept-Language", ""))):
        proposals = read_chain(body.text, form, list(rows), today=day_of(at))
        return [_proposed(one, rows, found, at) for one in proposals]


def _proposed(one: Proposal, rows: dict[Row, Subject], found: Due, at: datetime) -> dict[str, Any]:
    entry = None
    if len(one.subjects) == 1:
        kind, key, _label = one.subjects[0]
        entry = {
            "campaign": found.campaign.code,
            "round": found.round,
            "version": found.version,
            "happened": at.isoformat(),
            "channel": "class",
            "instance_id": f"uuid:{uuid.uuid4()}",
            "subject": {kind: key},
            "answers": one.answers,
        }
    return {
        "number": one.number,
        "text": one.text,
        "sure": one.sure,
        "entry": entry,
        "subjects": [_told(rows[row]) for row in one.subjects],
        "answers": one.answers,
        "doubts": [*one.doubts, *(fault.sentence() for fault in one.faults)],
    }


def _told(one: Subject) -> dict[str, Any]:
    return {"kind": one.kind, "key": one.key, "unit": one.unit, "label": one.label}


WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_SHEET = 8 * 2**20


@api.get(
    "/campaigns/{code}/sheet.xlsx",
    operation_id="sheet",
    summary="A prefilled sheet: a row for each who is asked",
    openapi_extra={"responses": {200: {"description": "A workbook", "content": {WORKBOOK: {}}}}},
)
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """Fill it in and post it back; sent twice, it is taken once."""
    sender, found, at = _admitted(request), _find(code), now()
    rows = [(one.kind, one.key, one.label) for one in subjects(found, sender, now=at)]
    about = About(code, found.round, found.version, at.isoformat())
    with translation.override(language_of(request.headers.get("Accept-Language", ""))):
        content = write_sheet(published_form(*found.form), about, rows)
    named = {"Content-Disposition": f'attachment; filename="{code}.xlsx"'}
    return HttpResponse(content, content_type=WORKBOOK, headers=named)


@api.post(
    "/sheets",
    response={200: Results},
    operation_id="sheet_back",
    summary="The filled-in sheet",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {WORKBOOK: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def sheet_back(request: HttpRequest) -> HttpResponse:
    """A result for each row that was filled in, in order."""
    sender = _admitted(request)
    if int(request.headers.get("Content-Length") or 0) > LARGEST_SHEET:
        raise BodyTooLarge(limit=LARGEST_SHEET)
    _, entries = read_sheet_back(request.read(LARGEST_SHEET))
    outcomes = take_here(entries, sender, door="sheet")
    language = language_of(request.headers.get("Accept-Language", ""))
    status, headers, body = answers.tell_many(outcomes, language)
    return HttpResponse(body, status=status, headers=headers)


def read_sheet_back(content: bytes) -> tuple[Terms, list[dict[str, Any]]]:
    """Whose form it was drawn from, and the rows that were filled in. Raises what refuses an archive,
    SheetUnreadable, SheetOfOtherForm, NoSuchForm."""
    about = read_about(check_content(content))
    terms = read_terms(about.campaign)
    if terms is None or about.version not in terms.versions:
        raise NoSuchForm()
    return terms, list(read_sheet(content, published_form(*terms.versions[about.version]), about))
