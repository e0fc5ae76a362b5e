"""What a page's form brought, as an entry of the doors; with what it was, so that it is drawn again."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from fangxian.kernel.home import current_home
from fangxian.kernel.moments import day_of, read_moment
from fangxian.kernel.problems import MomentUnreadable
from fangxian.kernel.sealed_files import Sealing
from fangxian.submissions.envelopes import File
from fangxian.submissions.forms import Form, Question
from fangxian.submissions.forms.questions import ROWS, written

from ..doors.problems import BodyTooLarge
from .sitting import Place, Sitting

LARGEST = 12 * 2**20  # bytes of a page's answers with its photos
_MARK = re.compile(r"[0-9]{1,4}\Z")  # of a row
_ID = re.compile(r"[\w:.-]{8,64}\Z")
_KINDS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(slots=True)
class Posted:
    """`answers` by place. `unopened` are those ticked as exceptions whose sheet was not on the page yet;
    `again`: a row was to be added or taken out, and nothing sent."""

    happened: str
    envelope: str
    instances: dict[str, str]
    supersedes: dict[str, str]
    answers: dict[str, dict[str, Any]]
    usual: set[str]
    unopened: set[str]
    again: bool = False
    text: int | None = None  # what was read above the questions
    files: dict[str, list[File]] = field(default_factory=dict)
    sealings: list[Sealing] = field(default_factory=list)

    def drop(self) -> None:
        """What was not kept leaves nothing."""
        for sealing in self.sealings:
            sealing.drop()


def refuse_large(request: HttpRequest) -> None:
    """Raises BodyTooLarge."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        raise BodyTooLarge(limit=LARGEST)


def new_instance() -> str:
    return f"uuid:{uuid.uuid4()}"


def read_posted(request: HttpRequest, sitting: Sitting) -> Posted:
    """Of those places alone that the sitting knows. Nothing is kept yet."""
    data = request.POST
    posted = Posted(_moment(data, sitting.now), data.get("envelope", "")[:64], {}, {}, {}, set(), set())
    posted.again = bool(data.get("add") or data.get("drop"))
    text = data.get("text", "")
    posted.text = int(text) if text.isdecimal() and int(text) in sitting.found.terms.texts else None
    for place in sitting.places:
        _read_place(posted, place, data, request.FILES, sitting)
    return posted


def _moment(data: QueryDict, now: datetime) -> str:
    try:
        return read_moment(data.get("happened", "")).isoformat()
    except MomentUnreadable:
        return now.isoformat()


def _read_place(
    posted: Posted, place: Place, data: QueryDict, files: MultiValueDict[str, Any], sitting: Sitting
) -> None:
    instance = data.get(f"{place.key}.instance", "")
    if not _ID.match(instance):
        return  # the page did not ask about this one
    posted.instances[place.key] = instance
    if data.get(f"{place.key}.supersedes"):
        posted.supersedes[place.key] = str(data[f"{place.key}.supersedes"])[:64]
    if data.get(f"{place.key}.usual") and not data.get(f"{place.key}.except"):
        posted.usual.add(place.key)
        posted.answers[place.key] = dict(sitting.form.usual)
        return
    if data.get(f"{place.key}.usual") and not data.get(f"{place.key}.open"):
        posted.unopened.add(place.key)
    today = day_of(read_moment(posted.happened))

    def seal(name: str) -> str | None:
        return _seal(posted, place, name, files[name]) if name in files else None

    posted.answers[place.key] = read_answers(sitting.form, place.key, data, today=today, seal=seal)


def read_answers(
    form: Form,
    key: str,
    data: QueryDict,
    *,
    today: date | None = None,
    seal: Callable[[str], Any] = lambda _name: None,
) -> dict[str, Any]:
    """What was put into a sheet as `drawn.draw` names its fields; with `today`, without what is not asked of
    whoever answered so. What is no such value stays as it was written, to be refused by name."""
    found = {}
    for question in form.questions:
        name = f"{key}-{question.name}"
        if question.children:
            found[question.name] = _rows(form.rows[question.name], name, data, today, seal)
        else:
            found[question.name] = _answer(question, name, data, seal)
    answers = {name: value for name, value in found.items() if value not in (None, "", [])}
    return form.without_irrelevant(answers, today=today) if today else answers


def _rows(
    row: Form, name: str, data: QueryDict, today: date | None, seal: Callable[[str], Any]
) -> list[dict[str, Any]]:
    """A repeat's rows in the page's order, without those in which nothing was written; with one more where
    that is what was asked for."""
    marks = [mark for mark in data.getlist(f"{name}.row")[:ROWS] if _MARK.match(mark)]
    kept = [mark for mark in marks if data.get("drop") != f"{name}.{mark}"]
    found = [read_answers(row, f"{name}.{mark}", data, today=today, seal=seal) for mark in kept]
    return [one for one in found if one] + [{}] * (data.get("add") == name)


def _answer(question: Question, name: str, data: QueryDict, seal: Callable[[str], Any]) -> Any:
    if question.type == "select_multiple":
        return data.getlist(name)
    if question.type == "file":
        return seal(name)
    text = data.get(name, "").strip()
    if question.type == "geopoint":
        return _place(text)
    if question.type == "datetime" and len(text) == 16:  # as the browser's own field has it
        return f"{text}:00.000+08:00"
    return written(question.type, text) if text else None


def _place(text: str) -> str:
    """As people type it: parted by a comma, of either width, or by spaces."""
    return " ".join(re.split(r"[,，\s]+", text))


def _seal(posted: Posted, place: Place, control: str, upload: Any) -> str:
    sealing = Sealing(current_home().attachments)
    posted.sealings.append(sealing)
    for chunk in upload.chunks():
        sealing.write(chunk)
    stored = sealing.finish()
    media = str(upload.content_type or "")[:80]
    name = f"{control.removeprefix(place.key + '-')}.{_KINDS.get(media, 'bin')}"
    posted.files.setdefault(place.key, []).append(File(name, media, stored.size, stored.digest))
    return name


def entry_of(posted: Posted, sitting: Sitting, channel: str) -> dict[str, Any]:
    """One envelope: taken whole, or refused whole."""
    places: Mapping[str, Place] = {place.key: place for place in sitting.places}
    return {
        "campaign": sitting.campaign.code,
        "round": sitting.found.round,
        "version": sitting.found.version,
        "happened": posted.happened,
        "envelope_id": posted.envelope,
        "channel": channel,
        "text": posted.text,
        "reporter": sitting.actor.person,
        "sheets": [_sheet(posted, places[key], posted.answers[key]) for key in posted.instances],
    }


def _sheet(posted: Posted, place: Place, answers: dict[str, Any]) -> dict[str, Any]:
    return {
        "instance_id": posted.instances[place.key],
        "subject": place.named,
        "household": place.household,
        "supersedes": posted.supersedes.get(place.key),
        "answers": answers,
        "files": tuple(posted.files.get(place.key, ())),
    }
