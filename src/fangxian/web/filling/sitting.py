"""What somebody is asked to fill in now: a campaign, whom it is about, and what was said before."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from fangxian.access import policy
from fangxian.access.actor import Actor
from fangxian.access.authentication import Reporter, reporter
from fangxian.access.people import leaves
from fangxian.access.problems import NotThere
from fangxian.campaigns.audiences import members
from fangxian.campaigns.models import Campaign, CampaignText
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import OFFICE_ZONE, day_of
from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import Membership, PersonState
from fangxian.registry.tree import tree
from fangxian.submissions.forms import Form, Question
from fangxian.submissions.intake import published_form
from fangxian.submissions.known import read_terms
from fangxian.submissions.models import Submission

from ..doors.due import Due, due, find_due, open_now, subjects

UNDRAWN = "shape"  # what a plain page does not ask; devices do
GONE = ("superseded", "retracted")


@dataclass(frozen=True, slots=True)
class Place:
    """One sheet of the page: about whom, as it is shown, and what stands there already. `key` names it in the
    form; `household` where a member is answered for within a household's envelope."""

    key: str
    kind: str
    subject: int
    name: str
    unit: int | None = None
    where: str = ""
    household: int | None = None
    before: Submission | None = None

    @property
    def done(self) -> bool:
        return self.before is not None

    @property
    def named(self) -> dict[str, Any]:
        return {self.kind: self.key}


@dataclass(frozen=True, slots=True)
class Sitting:
    """`places` in the order of need: what is missing first."""

    actor: Actor
    sender: Reporter
    found: Due
    form: Form
    places: list[Place]
    now: datetime

    @property
    def campaign(self) -> Campaign:
        return self.found.campaign

    @property
    def missing(self) -> list[Place]:
        return [place for place in self.places if not place.done]

    @property
    def reported(self) -> list[Place]:
        return [place for place in self.places if place.done]

    @property
    def voluntary(self) -> bool:
        """Whether nobody owes it: whoever has not reported is not missing."""
        return bool(self.campaign.schedule.get("voluntary"))

    @property
    def undrawn(self) -> bool:
        """Whether the form asks what a plain page cannot ask."""
        return any(question.type == UNDRAWN for question in _all(self.form.questions))

    @property
    def repeats(self) -> bool:
        return any(question.children for question in self.form.questions)

    @property
    def by_exception(self) -> bool:
        """Whether those of whom nothing is to be said are signed for together."""
        return bool(self.form.usual) and all(place.kind == "person" for place in self.places)

    @property
    def text(self) -> CampaignText | None:
        """What is read and signed, as it is in force now."""
        latest = max(self.found.terms.texts, default=None)
        return None if latest is None else CampaignText.objects.get(pk=latest)

    def place(self, kind: str, key: str) -> Place:
        """Raises NotThere."""
        for place in self.places:
            if (place.kind, place.key) == (kind, key):
                return place
        raise NotThere()


def _all(questions: Iterable[Question]) -> Iterator[Question]:
    """With those of a repeat's rows."""
    for question in questions:
        yield question
        yield from _all(question.children)


def _sender(actor: Actor) -> Reporter:
    """Raises NotThere."""
    found = reporter(actor)
    if found is None:
        raise NotThere()
    return found


def open_campaigns(actor: Actor, *, now: datetime) -> list[Due]:
    """What is open and asks somebody whom this actor reports on."""
    sender = _sender(actor)
    if sender.household is None:
        return list(due(sender, now=now))
    return [one for one in open_now(now=now) if _asked_of_family(one, sender, now)]


def sitting(actor: Actor, code: str, *, now: datetime, sent: Mapping[str, str] | None = None) -> Sitting:
    """All whom the campaign asks within the actor's reach. `sent`: what a page brought, perhaps hours after
    it was opened, under the version and round that it was drawn for. Raises NotThere, ScopeTooWide."""
    sender, found = _sender(actor), _drawn_for(code, sent) if sent else None
    found = found or find_due(code, now=now)
    if found is None:
        raise NotThere()
    if sender.household is None:
        places = _reached(actor, sender, found, now)
    else:
        places = _family(actor, sender, found, now)
    if not places:
        raise NotThere()
    places = _with_before(places, found, now)
    places.sort(key=lambda place: place.done)
    return Sitting(actor, sender, found, published_form(*found.form), places, now)


def _drawn_for(code: str, sent: Mapping[str, str]) -> Due | None:
    """Also where its round has closed meanwhile: what was filled in before is taken, and marked late."""
    terms, version, text = read_terms(code), sent.get("version", ""), sent.get("round", "")
    if terms is None or version not in terms.versions or not (text.isdecimal() and len(text) < 6):
        return None
    window = terms.rounds.get(int(text)) or terms.campaign
    return Due(terms, int(text), window.opens, window.closes, version)


def _reached(actor: Actor, sender: Reporter, found: Due, now: datetime) -> list[Place]:
    units = tree(day_of(now), head_position()).nodes
    said = policy.scope(actor, "report")
    return [
        Place(
            one.key,
            one.kind,
            one.id,
            policy.told(_verdict(actor, one.unit), "B", one.name) if one.kind != "unit" else one.name,
            one.unit,
            units[one.unit].name if one.kind != "unit" else "",
        )
        for one in subjects(found, sender, now=now)
        if one.unit in said
    ]


def _verdict(actor: Actor, unit: int) -> str:
    return policy.verdict(actor, "B", unit, purpose="report")


def _asked_of_family(found: Due, sender: Reporter, now: datetime) -> dict[int, int]:
    """Person -> leaf unit of the members whom the campaign asks; where it asks households, all members."""
    day, position, selectors = day_of(now), head_position(), found.terms.selectors
    asked = members(selectors, "person", sender.members, day=day, position=position)
    assert sender.household is not None
    if members(selectors, "household", [sender.household], day=day, position=position):
        asked = dict.fromkeys(sender.members, 0) | asked
    return asked


def _family(actor: Actor, sender: Reporter, found: Due, now: datetime) -> list[Place]:
    """The members whom the campaign asks, the children of two schools on one page."""
    day, position = day_of(now), head_position()
    asked = _asked_of_family(found, sender, now)
    by_household = any(selector.kind == "household" for selector in found.terms.selectors)
    names, units = names_of(asked, now), tree(day, position).nodes
    return [
        Place(
            str(person),
            "person",
            person,
            policy.told(policy.family_verdict(actor, "B", person), "B", names.get(person, "")),
            unit,
            units[unit].name if unit in units else "",
            sender.household if by_household else None,
        )
        for person, unit in sorted(asked.items())
    ]


def within_household(whole: Sitting, place: Place) -> Sitting:
    """A household's page: a sheet a member, in one envelope. Names as the policy tells those who report."""
    day, position = day_of(whole.now), head_position()
    rows = Membership.objects.filter(holding(day, position), household=place.subject).order_by("pk")
    persons = list(rows.values_list("person_id", flat=True))
    names, said = names_of(persons, whole.now), policy.verdict(whole.actor, "B", place.unit, purpose="report")
    places = [
        Place(
            str(person),
            "person",
            person,
            policy.told(said, "B", names.get(person, "")),
            place.unit,
            place.where,
            place.subject,
        )
        for person in persons
    ]
    places = _with_before(places, whole.found, whole.now)
    return Sitting(whole.actor, whole.sender, whole.found, whole.form, places, whole.now)


def names_of(persons: Iterable[int], now: datetime) -> dict[int, str]:
    at = holding(day_of(now), head_position())
    found: dict[int, str] = {}
    for chunk in in_chunks(sorted(set(persons))):
        rows = PersonState.objects.filter(at, person__in=chunk)
        found |= dict(rows.values_list("person_id", "name"))
    return found


def _with_before(places: Sequence[Place], found: Due, now: datetime) -> list[Place]:
    """Each with the last sheet that stands: of this round; of a daily campaign, of today."""
    kinds = {place.kind for place in places}
    held: dict[tuple[str, int], Submission] = {}
    for kind in sorted(kinds):
        wanted = sorted(place.subject for place in places if place.kind == kind)
        for chunk in in_chunks(wanted):
            for row in _standing(found, kind, chunk, now):
                subject = row.household if kind == "household" and row.household else row.subject
                held[kind, subject] = row
    return [_with(place, held.get((place.kind, place.subject))) for place in places]


def _with(place: Place, before: Submission | None) -> Place:
    told = (place.key, place.kind, place.subject, place.name, place.unit, place.where, place.household)
    return Place(*told, before)


def _standing(found: Due, kind: str, chunk: list[int], now: datetime) -> Any:
    rows = Submission.objects.filter(campaign=found.campaign, round=found.round)
    if kind == "household":
        rows = rows.filter(household__in=chunk)
    else:
        rows = rows.filter(subject_kind=kind, subject__in=chunk)
    if found.campaign.schedule["kind"] == "daily":
        start = datetime.combine(day_of(now), time(), OFFICE_ZONE)
        rows = rows.filter(happened__gte=start, happened__lt=start + timedelta(days=1))
    return rows.exclude(revisions__kind__in=GONE).order_by("pk")


def own_answers(actor: Actor, place: Place) -> dict[str, Any]:
    """What was said before, as far as this actor may see it: all of what it sent itself; of what another sent
    only what the policy shows to those who report."""
    if place.before is None:
        return {}
    answers: dict[str, Any] = place.before.answers
    if place.before.by == actor.name:
        return dict(answers)
    form = published_form(place.before.form_version_id, place.before.form_version.sha256)
    classes = {question.name: question.field_class for question in form.questions}
    if actor.household is not None:
        said = {c: policy.family_verdict(actor, c, place.subject) for c in policy.CLASSES}
    else:
        where = units_on(day_of(place.before.happened), [place])[place.key]
        said = {c: policy.verdict(actor, c, where, purpose="report") for c in policy.CLASSES}
    return {n: v for n, v in answers.items() if said.get(classes.get(n, "F")) == policy.SHOWN}


def units_on(day: date, places: Sequence[Place]) -> dict[str, Collection[int]]:
    """By key: the units to which each counted on a day."""
    units = leaves(
        [place.subject for place in places if place.kind == "person"], day=day, position=head_position()
    )
    return {p.key: units[p.subject] if p.kind == "person" else {p.unit or 0} for p in places}
