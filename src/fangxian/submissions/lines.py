"""Reads envelopes from JSON objects, as the command line and the doors bring them."""

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from fangxian.campaigns.models import Campaign
from fangxian.campaigns.problems import UnknownCampaign
from fangxian.kernel.moments import read_moment
from fangxian.kernel.tables import among, fetch
from fangxian.registry.actions import NewPerson
from fangxian.registry.models import Person, Unit
from fangxian.registry.problems import UnknownHousehold, UnknownPerson, UnknownUnit

from .actions import latest_version
from .envelopes import Envelope, Sender, Sheet
from .intake_problems import UnknownFormVersion, UnknownInstance
from .known import Known, Terms
from .line_problems import BadLine
from .models import SUBJECT_KINDS, Submission

NUMBER = re.compile(r"[0-9]{1,19}")


class Names:
    """Finds who and what the entries of a batch name: persons by one query, the rest as `known` remembers."""

    def __init__(self, entries: Iterable[dict[str, Any]], known: Known) -> None:
        self.known = known
        self._persons = _persons({number for entry in entries for number in _named_persons(entry)})

    def person(self, key: Any) -> int:
        found = self._persons.get(_number(key))
        if found is None:
            raise UnknownPerson(person=key)
        return found

    def unit(self, key: Any) -> int:
        found = self.known.unit(str(key))
        return find_unit(key) if found is None else found

    def household(self, key: Any) -> int:
        number = _number(key)
        if number < 0:
            raise UnknownHousehold(household=key)
        return number


def _named_persons(entry: dict[str, Any]) -> Iterator[int]:
    for sheet in (entry, *entry.get("sheets", ())):
        yield _number(sheet.get("reporter"))
        if isinstance(sheet.get("subject"), dict):
            yield _number(sheet["subject"].get("person"))


def _number(key: Any) -> int:
    """-1 for what is no number of a person or household."""
    if key is None or type(key) is int:
        return key if key is not None and 0 <= key < 2**63 else -1
    text = str(key)
    return int(text) if NUMBER.fullmatch(text) and int(text) < 2**63 else -1


def _persons(numbers: set[int]) -> dict[int, int]:
    """Number -> person, by id or by the surrogate that records show; the smaller id where both are found."""
    found: dict[int, int] = {}
    asked = sorted(numbers - {-1})
    if asked:
        (one, values), (other, again) = among("id", asked), among("surrogate", asked)
        for pk, surrogate in fetch(f"{_PERSONS} {one} OR {other} ORDER BY id DESC", [*values, *again]):
            found[pk] = found[surrogate] = pk
    return {number: found[number] for number in numbers if number in found}


_PERSONS = f"SELECT id, surrogate FROM {Person._meta.db_table} WHERE"  # noqa: S608 - our own names


def read_envelope(
    entry: dict[str, Any],
    *,
    file: str,
    line: int,
    now: datetime,
    names: Names | None = None,
    sender: Sender | None = None,
    door: str = "",
) -> Envelope:
    """An envelope from one object: with `sheets`, or itself a sheet. Round and version default to the latest.

    Raises BadLine, UnknownCampaign, UnknownFormVersion, UnknownUnit, UnknownPerson, UnknownHousehold.
    """
    names = names or Names([entry], Known())
    code = entry.get("campaign")
    if not code:
        raise BadLine(file=file, line=line, reason="“campaign” is missing")
    terms = names.known.terms(code)
    if terms is None:
        raise UnknownCampaign(campaign=code)
    happened = read_moment(entry["happened"]) if entry.get("happened") else now
    version = entry.get("version") or terms.latest_version
    if version is None:
        raise UnknownFormVersion(campaign=code, version="—")
    number = entry.get("round")
    return Envelope(
        campaign=code,
        round=_latest_round(terms, happened) if number is None else int(number),
        version=str(version),
        sheets=[_sheet(sheet, entry, file, line, names) for sheet in entry.get("sheets", [entry])],
        happened=happened,
        channel=str(entry.get("channel", "web"))[:12],
        envelope_id=str(entry.get("envelope_id", ""))[:64],
        text=entry.get("text"),
        sender=sender,
        door=door,
    )


def _latest_round(terms: Terms, happened: datetime) -> int:
    if terms.campaign.schedule["kind"] == "daily":
        return 0
    return max((row.number for row in terms.rounds.values() if row.opens <= happened), default=1)


def _sheet(sheet: dict[str, Any], entry: dict[str, Any], file: str, line: int, names: Names) -> Sheet:
    if not isinstance(sheet.get("answers"), dict):
        raise BadLine(file=file, line=line, reason="“answers” is missing")
    kind, subject, member = _subject(sheet.get("subject"), file, line, names)
    household = sheet.get("household", entry.get("household"))
    if member is not None and household is None:
        raise BadLine(file=file, line=line, reason="a new member wants “household”")
    reporter = sheet.get("reporter", entry.get("reporter"))
    return Sheet(
        instance_id=str(sheet.get("instance_id") or f"uuid:{uuid.uuid4()}")[:64],
        subject_kind=kind,
        subject=subject,
        answers=sheet["answers"],
        household=None if household is None else names.household(household),
        reporter=None if reporter is None else names.person(reporter),
        supersedes=sheet.get("supersedes"),
        member=member,
        named="" if member else str(next(iter(sheet["subject"].values()))),
        files=sheet.get("files", ()),
    )


def _subject(entry: Any, file: str, line: int, names: Names) -> tuple[str, int, tuple[NewPerson, str] | None]:
    if isinstance(entry, dict) and len(entry) == 1:
        kind, key = next(iter(entry.items()))
        if kind == "member" and isinstance(key, dict) and key.get("name"):
            fields = {
                name: key[name] for name in ("name", "sex", "birth_year", "id_number", "phone") if name in key
            }
            return "person", 0, (NewPerson(**fields), key.get("relation", "other"))
        if kind in SUBJECT_KINDS:
            finders = {"person": names.person, "unit": names.unit, "household": names.household}
            return kind, finders[kind](key), None
    reason = '“subject” is to be {"person": id}, {"unit": code}, {"household": id} or {"member": {"name": …}}'
    raise BadLine(file=file, line=line, reason=reason)


def find_person(key: Any) -> int:
    """A person's id, from the id or the surrogate that records show."""
    found = _persons({_number(key)})
    if not found:
        raise UnknownPerson(person=key)
    return found[_number(key)]


def find_unit(key: Any) -> int:
    """A unit's id, from its code or its id."""
    unit = Unit.objects.filter(code=str(key)).first()
    if unit is None and isinstance(key, int):
        unit = Unit.objects.filter(pk=key).first()
    if unit is None:
        raise UnknownUnit(unit=key)
    return unit.pk


def find_submission(key: Any) -> Submission:
    """A submission, from its instance id or its number."""
    row = Submission.objects.filter(instance_id=str(key)).first()
    if row is None and str(key).isdigit():
        row = Submission.objects.filter(pk=int(key)).first()
    if row is None:
        raise UnknownInstance(instance=key)
    return row


def correction_of(old: Submission, answers: dict[str, Any], instance_id: str) -> Envelope:
    """An envelope that corrects one submission: the same subject, round and moment, other answers."""
    campaign = Campaign.objects.get(pk=old.campaign_id)
    return Envelope(
        campaign=campaign.code,
        round=old.round,
        version=latest_version(campaign.code) or "",
        sheets=[
            Sheet(
                instance_id=instance_id,
                subject_kind=old.subject_kind,
                subject=old.subject,
                answers=answers,
                household=old.household,
                reporter=old.reporter,
                supersedes=old.instance_id,
            )
        ],
        happened=old.happened,
        channel=old.channel,
        envelope_id=old.envelope_id,
        text=old.text_id,
    )
