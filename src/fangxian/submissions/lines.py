"""Reads envelopes from JSON objects, as the command line and later the JSON door bring them."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q

from fangxian.campaigns.models import Campaign, Round
from fangxian.campaigns.problems import UnknownCampaign
from fangxian.kernel.moments import read_moment
from fangxian.registry.actions import NewPerson
from fangxian.registry.models import Person, Unit
from fangxian.registry.problems import UnknownPerson, UnknownUnit

from .actions import latest_version
from .envelopes import Envelope, Sheet
from .intake_problems import UnknownFormVersion, UnknownInstance
from .line_problems import BadLine
from .models import SUBJECT_KINDS, Submission


def read_envelope(entry: dict[str, Any], *, file: str, line: int, now: datetime) -> Envelope:
    """An envelope from one object: with `sheets`, or itself a sheet. Round and version default to the latest.

    Raises BadLine, UnknownCampaign, UnknownFormVersion, UnknownUnit, UnknownPerson.
    """
    code = entry.get("campaign")
    if not code:
        raise BadLine(file=file, line=line, reason="“campaign” is missing")
    campaign = Campaign.objects.filter(code=code).first()
    if campaign is None:
        raise UnknownCampaign(campaign=code)
    happened = read_moment(entry["happened"]) if entry.get("happened") else now
    version = entry.get("version") or latest_version(code)
    if version is None:
        raise UnknownFormVersion(campaign=code, version="—")
    number = entry.get("round")
    return Envelope(
        campaign=code,
        round=_latest_round(campaign, happened) if number is None else int(number),
        version=str(version),
        sheets=[_sheet(sheet, entry, file, line) for sheet in entry.get("sheets", [entry])],
        happened=happened,
        channel=str(entry.get("channel", "web"))[:12],
        envelope_id=str(entry.get("envelope_id", ""))[:64],
        text=entry.get("text"),
    )


def _latest_round(campaign: Campaign, happened: datetime) -> int:
    if campaign.schedule["kind"] == "daily":
        return 0
    opened = Round.objects.filter(campaign=campaign, opens__lte=happened).order_by("-number").first()
    return opened.number if opened else 1


def _sheet(sheet: dict[str, Any], entry: dict[str, Any], file: str, line: int) -> Sheet:
    if not isinstance(sheet.get("answers"), dict):
        raise BadLine(file=file, line=line, reason="“answers” is missing")
    kind, subject, member = _subject(sheet.get("subject"), file, line)
    household = sheet.get("household", entry.get("household"))
    if member is not None and household is None:
        raise BadLine(file=file, line=line, reason="a new member wants “household”")
    reporter = sheet.get("reporter", entry.get("reporter"))
    return Sheet(
        instance_id=str(sheet.get("instance_id") or f"uuid:{uuid.uuid4()}")[:64],
        subject_kind=kind,
        subject=subject,
        answers=sheet["answers"],
        household=household,
        reporter=None if reporter is None else find_person(reporter),
        supersedes=sheet.get("supersedes"),
        member=member,
    )


def _subject(entry: Any, file: str, line: int) -> tuple[str, int, tuple[NewPerson, str] | None]:
    if isinstance(entry, dict) and len(entry) == 1:
        kind, key = next(iter(entry.items()))
        if kind == "member" and isinstance(key, dict) and key.get("name"):
            fields = {
                name: key[name] for name in ("name", "sex", "birth_year", "id_number", "phone") if name in key
            }
            return "person", 0, (NewPerson(**fields), key.get("relation", "other"))
        if kind in SUBJECT_KINDS:
            return kind, _FINDERS[kind](key), None
    reason = '“subject” is to be {"person": id}, {"unit": code}, {"household": id} or {"member": {"name": …}}'
    raise BadLine(file=file, line=line, reason=reason)


def find_person(key: Any) -> int:
    """A person's id, from the id or the surrogate that records show."""
    number = int(key) if str(key).isdigit() else -1
    found = Person.objects.filter(Q(pk=number) | Q(surrogate=number)).order_by("pk").first()
    if found is None:
        raise UnknownPerson(person=key)
    return found.pk


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


_FINDERS: dict[str, Callable[[Any], int]] = {"person": find_person, "unit": find_unit, "household": int}
