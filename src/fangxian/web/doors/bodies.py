"""The JSON of the submission door: its models are what the OpenAPI document shows, and what is checked first.

Answers are checked by the form, not here.
"""

from typing import Annotated, Any, Literal

import pydantic_core
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from .problems import BodyAmiss, BodyUnreadable, TooManyAtOnce

MOST = 500  # envelopes a request
SHEETS = 500  # of an envelope

Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]+$")]
Identity = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Number = Annotated[int, Field(ge=0, lt=2**63)]
Digits = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]  # scripts in browsers lose digits of large numbers
PersonKey = Number | Digits
Answers = Annotated[dict[str, Any], Field(max_length=2_000)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Member(Strict):
    """One whom the household has not named before."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
    relation: Literal["child", "parent", "grandparent", "grown_child", "spouse", "self", "other"] = "other"
    sex: Literal["", "m", "f"] = ""
    birth_year: Annotated[int, Field(ge=1880, le=2200)] | None = None
    id_number: Annotated[str, Field(max_length=18, pattern=r"^[0-9Xx]*$")] = ""
    phone: Annotated[str, Field(max_length=20, pattern=r"^[0-9+ -]*$")] = ""


class Subject(Strict):
    """Whom or what the answers are about: one of these."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"minProperties": 1, "maxProperties": 1}
    )

    person: PersonKey = Field(default=0, description="A person's number, as lists show it")
    unit: Name = Field(default="", description="A unit's code")
    household: Number = Field(default=0, description="A household's number")
    member: Member | None = Field(default=None, description="Named for the first time; wants `household`")

    @model_validator(mode="after")
    def one(self) -> "Subject":
        if len(self.model_fields_set) != 1 or self.member is None and "member" in self.model_fields_set:
            raise ValueError("name one subject: person, unit, household or member")
        return self


class SheetIn(Strict):
    """Answers about one subject."""

    instance_id: Identity = Field(description="The sender's own id of it; the same id is taken once")
    subject: Subject
    answers: Answers = Field(description="Question to value, as the form's version says")
    household: Number | None = Field(default=None, description="The household that answered for a member")
    reporter: PersonKey | None = Field(default=None, description="Who answered or called, if on the register")
    supersedes: Identity | None = Field(default=None, description="The instance id that this one corrects")


class Asked(Strict):
    campaign: Name
    round: Annotated[int, Field(ge=0, le=32_767)] | None = Field(
        default=None, description="Default: the latest"
    )
    version: Name | None = Field(default=None, description="Of the form; default: the latest")
    happened: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="ISO 8601 with its offset; default: when it is received"
    )
    channel: Literal["phone", "web", "class", "visit", "import"] = "web"
    envelope_id: Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    text: Number | None = Field(default=None, description="The version of the text that was read or signed")


class SubmissionIn(SheetIn, Asked):
    """One answer sheet."""


class EnvelopeIn(Asked):
    """Sheets of a household, class or visit: accepted together or not at all."""

    sheets: Annotated[list[SheetIn], Field(min_length=1, max_length=SHEETS)]
    household: Number | None = None
    reporter: PersonKey | None = None


Entry = SubmissionIn | EnvelopeIn
_ONE: TypeAdapter[Any] = TypeAdapter(SubmissionIn)
_ENVELOPE: TypeAdapter[Any] = TypeAdapter(EnvelopeIn)
BODY: TypeAdapter[Any] = TypeAdapter(Entry | Annotated[list[Entry], Field(min_length=1, max_length=MOST)])


def read_body(content: bytes) -> tuple[list[dict[str, Any]], bool]:
    """The entries of a request, and whether they came as a list.

    Raises BodyUnreadable, BodyAmiss, TooManyAtOnce.
    """
    try:
        body = pydantic_core.from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise BodyUnreadable(reason=str(error)[:200]) from error
    if not isinstance(body, list):
        _check(body, "")
        return [body], False
    if not body:
        raise BodyAmiss(where="/", reason="an empty list")
    if len(body) > MOST:
        raise TooManyAtOnce(count=len(body), limit=MOST)
    for at, entry in enumerate(body):
        _check(entry, f"/{at}")
    return body, True


def _check(entry: Any, where: str) -> None:
    shape = _ENVELOPE if isinstance(entry, dict) and "sheets" in entry else _ONE
    try:
        shape.validate_python(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        steps = "".join(f"/{str(step)[:40]}" for step in first["loc"])
        raise BodyAmiss(where=f"{where}{steps}" or "/", reason=first["msg"]) from error
    for sheet in entry.get("sheets", (entry,)):
        if "member" in sheet["subject"] and sheet.get("household", entry.get("household")) is None:
            raise BodyAmiss(where=f"{where}/household", reason="a new member wants the household")
