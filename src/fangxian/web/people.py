"""People as the policy shows them: lists and single persons, field by field, as of now."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from fangxian.access import glass, policy
from fangxian.access.actor import Actor
from fangxian.access.models import BreakGlass
from fangxian.access.people import leaves
from fangxian.access.problems import NotThere
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.kernel.secrets import keyring
from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import PersonSecret, PersonState, Post
from fangxian.registry.tree import tree
from fangxian.submissions.forms.form import Form
from fangxian.submissions.models import FormVersion, Submission

from .shown import role_name
from .wording import chinese, in_a_row, in_words

SECRETS = ("phone", "id_number")
CLASS_OF = {"name": "B", "posts": "B", "phone": "C", "id_number": "D"}
ANSWERS = 20  # the last answer sheets about a person


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it is shown. `state`: shown or masked (what is denied is not made)."""

    code: str
    name: str
    value: str
    field_class: str
    state: str


@dataclass(frozen=True, slots=True)
class Card:
    id: int
    fields: list[Field]
    sheets: list["Sheet"] = field(default_factory=list)
    glass: Any = None

    @property
    def classes(self) -> str:
        """Of which classes something is shown or masked."""
        every = [*self.fields, *(f for sheet in self.sheets for f in sheet.answers)]
        return "".join(sorted({f.field_class for f in every if f.value}))

    def value(self, code: str) -> str:
        return next((f.value for f in self.fields if f.code == code), "")


@dataclass(frozen=True, slots=True)
class Sheet:
    campaign: str
    happened: datetime
    answers: list[Field]


def names_of_fields() -> dict[str, str]:
    return {"name": _("Name"), "posts": _("Units"), "phone": _("Phone"), "id_number": _("ID number")}


def card(actor: Actor, person: int, *, now: datetime, moment: datetime) -> Card:
    """One person, with the last answers. Raises NotThere: whoever counts now in no unit of the actor's is not
    there, nor is who never was."""
    day, position = day_of(now), head_position()
    units = leaves([person], day=day, position=position)[person]
    area = policy.scope(actor, "people")
    if not area.whole and units.isdisjoint(area.units):
        raise NotThere()
    rows = _cards(actor, [person], {person: units}, now, moment)
    if not rows:
        raise NotThere()
    opened = glass.open_to(actor, [person], moment=moment).get(person)
    said = _verdicts(actor, units, opened is not None)
    return Card(person, rows[0].fields, answers_of(person, said), opened)


def cards(actor: Actor, people: list[int], *, now: datetime, moment: datetime) -> list[Card]:
    """Some people, without answers, in their order."""
    return _cards(actor, people, leaves(people, day=day_of(now), position=head_position()), now, moment)


def _cards(
    actor: Actor, people: list[int], units: dict[int, frozenset[int]], now: datetime, moment: datetime
) -> list[Card]:
    at = holding(day_of(now), head_position())
    names = dict(PersonState.objects.filter(at, person__in=people).values_list("person_id", "name"))
    posts, secrets = _posts(people, policy.scope(actor, "people"), now), _secrets(people)
    opened, found = glass.open_to(actor, people, moment=moment), []
    for person in people:
        if person not in names:
            continue
        values = {"name": names[person], "posts": posts.get(person, ""), **secrets.get(person, {})}
        found.append(Card(person, _fields(_verdicts(actor, units[person], person in opened), values)))
    return found


def _verdicts(actor: Actor, units: Iterable[int], broken: bool) -> dict[str, str]:
    """Class -> what the policy says of this person now. An opened glass counts as what its purpose says."""
    units = list(units)
    said = {c: policy.verdict(actor, c, units, purpose="people") for c in policy.CLASSES}
    if broken:
        opened = {c: policy.verdict(actor, c, units, purpose="glass") for c in policy.CLASSES}
        said |= {c: verdict for c, verdict in opened.items() if verdict == policy.SHOWN}
    return said


def _fields(said: dict[str, str], values: dict[str, str]) -> list[Field]:
    found = []
    for code, name in names_of_fields().items():
        field_class = CLASS_OF[code]
        verdict, value = said[field_class], values.get(code, "")
        if code == "posts":  # where somebody counts is what lets the actor see anybody at all
            verdict = policy.SHOWN if verdict != policy.NO else policy.NO
        if verdict != policy.NO:
            found.append(Field(code, name, policy.told(verdict, field_class, value), field_class, verdict))
    return found


def _posts(people: list[int], area: policy.Scope, now: datetime) -> dict[int, str]:
    """Where each counts, as far as that lies in the actor's scope."""
    nodes = tree(day_of(now), head_position()).nodes
    found: dict[int, list[str]] = {}
    for chunk in in_chunks(people):
        rows = Post.objects.filter(holding(day_of(now), head_position()), person__in=chunk).order_by("pk")
        for person, unit, role in rows.values_list("person_id", "unit_id", "role"):
            if unit in nodes and unit in area:
                found.setdefault(person, []).append(f"{nodes[unit].name} {role_name(role)}")
    return {person: in_a_row(words) for person, words in found.items()}


def _secrets(people: list[int]) -> dict[int, dict[str, str]]:
    """The latest ID number and phone of each; none where they were erased."""
    ring = keyring()
    found: dict[int, dict[str, str]] = {}
    for chunk in in_chunks(people):
        for row in PersonSecret.objects.filter(person__in=chunk, field__in=SECRETS).order_by("pk"):
            if row.sealed:
                found.setdefault(row.person_id, {})[row.field] = ring.open(bytes(row.sealed))
    return found


def answers_of(person: int, said: dict[str, str], most: int = ANSWERS) -> list[Sheet]:
    """The last live answer sheets about the person: what is denied is left out, question and all."""
    rows = Submission.objects.filter(subject_kind="person", subject=person)
    rows = rows.exclude(revisions__kind__in=("superseded", "retracted")).select_related("campaign")
    rows = rows.order_by("-recorded", "-pk")[:ANSWERS]
    versions = FormVersion.objects.in_bulk({row.form_version_id for row in rows})
    form_of = cache(lambda version: Form.load(versions[version].fields))
    found = (_sheet(row, form_of(row.form_version_id), said) for row in rows)
    return list(islice((sheet for sheet in found if sheet.answers), most))


def _sheet(row: Submission, form: Form, said: dict[str, str]) -> Sheet:
    answers = []
    for question in form.questions:
        value, verdict = row.answers.get(question.name), said[question.field_class]
        if value not in (None, "", []) and verdict != policy.NO:
            told = policy.told(verdict, question.field_class, in_words(question, value))
            answers.append(Field(question.name, question.label_in(), told, question.field_class, verdict))
    name = row.campaign.name if chinese() else row.campaign.name_en
    return Sheet(name, row.happened, answers)


def sought_card(actor: Actor, row: BreakGlass, *, now: datetime) -> Card:
    """Somebody out of reach, while the glass is broken: what the policy says of who is sought.

    Raises NotThere where the person is no more.
    """
    person, at = row.whom, holding(day_of(now), head_position())
    name = PersonState.objects.filter(at, person=person).values_list("name", flat=True).first()
    if name is None:
        raise NotThere()
    said = {c: policy.verdict(actor, c, None, purpose="seek") for c in policy.CLASSES}
    everywhere = policy.Scope(frozenset(), whole=True)
    posts = _posts([person], everywhere, now).get(person, "")
    values = {"name": name, "posts": posts, **_secrets([person]).get(person, {})}
    return Card(person, _fields(said, values), answers_of(person, said), row)


def require_reach(actor: Actor, person: int, purpose: str, *, now: datetime) -> frozenset[int]:
    """The person's units now. Raises NotThere where none of them is in the actor's scope for the purpose."""
    units = leaves([person], day=day_of(now), position=head_position())[person]
    area = policy.scope(actor, purpose)
    if not area.whole and units.isdisjoint(area.units):
        raise NotThere()
    if not PersonState.objects.filter(holding(day_of(now), head_position()), person=person).exists():
        raise NotThere()
    return units


def whole(actor: Actor, person: int, code: str, *, now: datetime) -> Field:
    """A number in full, where the actor may see it for a reason. Raises NotThere."""
    units = require_reach(actor, person, "unmask", now=now)
    if policy.verdict(actor, CLASS_OF[code], units, purpose="unmask") != policy.SHOWN:
        raise NotThere()
    value = _secrets([person]).get(person, {}).get(code, "")
    return Field(code, names_of_fields()[code], value, CLASS_OF[code], policy.SHOWN)


def consentable(actor: Actor, *, now: datetime, moment: datetime) -> list[BreakGlass]:
    """Requests to break the glass that wait for this actor: of people in scope, and not the actor's own."""
    rows = [row for row in glass.pending(moment=moment) if not glass.same_person(actor, row)]
    units = leaves({row.whom for row in rows}, day=day_of(now), position=head_position())
    area = policy.scope(actor, "consent")
    return [row for row in rows if area.whole or not units[row.whom].isdisjoint(area.units)]


def named(actor: Actor, rows: list[BreakGlass], *, now: datetime) -> list[tuple[BreakGlass, str]]:
    """Requests, each with the name of who is asked about, as far as consent shows it."""
    ids = {row.whom for row in rows}
    units = leaves(ids, day=day_of(now), position=head_position())
    at = holding(day_of(now), head_position())
    names = dict(PersonState.objects.filter(at, person__in=ids).values_list("person_id", "name"))
    return [
        (row, policy.shown(actor, "B", names.get(row.whom, ""), units[row.whom], purpose="consent"))
        for row in rows
    ]
