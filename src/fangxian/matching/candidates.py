"""What a reviewer is shown of a row and of who it may be: as it is; the page masks it by the policy."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from fangxian.kernel.secrets import Keyring, keyring
from fangxian.registry.holding import holding
from fangxian.registry.models import Membership, PersonSecret, PersonState, Post
from fangxian.registry.tree import Tree, tree

from .actions import voices_of
from .models import Answer, Appearance, Candidate, Decision, Lead, List, Proposal, Row, RowState
from .problems import RowNotThere
from .replies import denials
from .rows import Fields, unseal
from .standing import Standing, Voice, standing


@dataclass(frozen=True, slots=True)
class Kin:
    """Somebody of the same household, the person included."""

    person: int
    name: str
    relation: str
    phone: str
    posts: tuple[tuple[int, str], ...]  # unit, role


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another row that is taken for the same person."""

    row: int
    listing: int
    source: str
    title: str
    number: int
    how: str


@dataclass(slots=True)
class Known:
    """A candidate. `fields` by name; `phone_of`: whose the phone is, where it is not the person's own;
    `denied`: who was called said that it is somebody else."""

    person: int
    fields: dict[str, str] = field(default_factory=dict)
    phone_of: str = ""
    posts: tuple[tuple[int, str], ...] = ()
    home: list[Kin] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)
    probability: float = 0.0
    reasons: list[tuple[str, str]] = field(default_factory=list)
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """All about a row that somebody is to decide. `answers`: (told, what was said beside it)."""

    row: int
    of: List
    sheet: str
    number: int
    fields: Fields
    proposal: Proposal
    candidates: list[Known]
    standing: Standing
    voices: list[Voice]
    answers: list[tuple[str, str]]
    reopened: list[tuple[str, str]]  # verdict, why


def sheet_of(row: int, *, day: date, position: int) -> Sheet:
    """Raises RowNotThere: a row that is gone, or that was not matched yet, has no sheet."""
    held = Row.objects.select_related("list__source").filter(pk=row).first()
    state = RowState.objects.filter(row=row, recorded_until=None).first()
    proposal = Proposal.objects.filter(row=row, recorded_until=None).select_related("state").first()
    if held is None or state is None or proposal is None:
        raise RowNotThere()
    ring = keyring()
    place = Appearance.objects.filter(row=row).order_by("-issue__number").first()
    voices = voices_of([row])[row]
    return Sheet(
        row,
        held.list,
        place.sheet if place else "",
        place.number if place else 0,
        unseal(state.sealed, ring),
        proposal,
        _candidates(proposal, row, day, position, ring),
        standing(voices, sensitive=held.list.sensitive),
        voices,
        [(a.told, ring.open(bytes(a.sealed))) for a in Answer.objects.filter(question__row=row)],
        list(
            Decision.objects.filter(row=row, reopened__isnull=False).values_list("verdict", "reopened__why")
        ),
    )


def _candidates(proposal: Proposal, row: int, day: date, position: int, ring: Keyring) -> list[Known]:
    held = list(Candidate.objects.filter(proposal=proposal).order_by("rank"))
    known = known_people([each.person_id for each in held], day=day, position=position, ring=ring)
    leads, denied = _leads([each.person_id for each in held], row), denials([row])
    found = []
    for each in held:
        person = known.get(each.person_id, Known(each.person_id))
        person.probability, person.reasons = each.probability, [(n, level) for n, level in each.reasons]
        person.elsewhere, person.denied = leads[each.person_id], (row, each.person_id) in denied
        found.append(person)
    return found


def known_people(people: Collection[int], *, day: date, position: int, ring: Keyring) -> dict[int, Known]:
    at = holding(day, position)
    homes = _homes(people, at)
    everybody = {person for home in homes.values() for person, _relation in home} | set(people)
    columns = ("person_id", "name", "sex", "birth_date", "birth_year")
    states = {
        row[0]: row[1:] for row in PersonState.objects.filter(at, person__in=everybody).values_list(*columns)
    }
    secrets = _secrets(everybody, position, ring)
    posts = _posts(everybody, at)
    units = tree(day, position)
    found = {}
    for person in people:
        if person in states:
            home = [
                Kin(kin, states[kin][0], relation, secrets[kin].get("phone", ""), posts[kin])
                for kin, relation in homes[person]
                if kin in states
            ]
            found[person] = _known(person, states[person], secrets[person], posts[person], home)
            found[person].fields["town"] = _town(found[person], units)
    return found


def _known(
    person: int,
    state: tuple[str, str, date | None, int | None],
    secrets: dict[str, str],
    posts: tuple[tuple[int, str], ...],
    home: list[Kin],
) -> Known:
    name, sex, born, year = state
    lender = next((kin for kin in home if kin.phone and kin.person != person), None)
    phone = secrets.get("phone", "")
    fields = {
        "name": name,
        "sex": {"m": "男", "f": "女"}.get(sex, ""),
        "birth": born.isoformat() if born else str(year or ""),
        "id_number": secrets.get("id_number", ""),
        "phone": phone or (lender.phone if lender else ""),
    }
    return Known(person, fields, "" if phone or lender is None else lender.relation, posts, home)


def _town(known: Known, units: Tree) -> str:
    from .roster import town_of

    everywhere = [*known.posts, *(post for kin in known.home for post in kin.posts)]
    towns = (town_of(unit, units) for unit, role in everywhere if role in ("pupil", "staff"))
    return next((town for town in towns if town), "")


def _homes(people: Iterable[int], at: object) -> defaultdict[int, list[tuple[int, str]]]:
    mine = Membership.objects.filter(at, person__in=list(people)).values_list("person_id", "household_id")
    home_of = dict(mine)
    members: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    held = Membership.objects.filter(at, household__in=set(home_of.values())).order_by("id")
    for home, person, relation in held.values_list("household_id", "person_id", "relation"):
        members[home].append((person, relation))
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    found.update({person: members[home] for person, home in home_of.items()})
    return found


def _secrets(people: Iterable[int], position: int, ring: Keyring) -> defaultdict[int, dict[str, str]]:
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    held = PersonSecret.objects.filter(person__in=list(people), recorded__lte=position).order_by("id")
    for person, name, sealed in held.values_list("person_id", "field", "sealed"):
        found[person][name] = ring.open(bytes(sealed))
    return found


def _posts(people: Iterable[int], at: object) -> defaultdict[int, tuple[tuple[int, str], ...]]:
    found: defaultdict[int, tuple[tuple[int, str], ...]] = defaultdict(tuple)
    held = Post.objects.filter(at, person__in=list(people)).order_by("id")
    for person, unit, role in held.values_list("person_id", "unit_id", "role"):
        found[person] += ((unit, role),)
    return found


def _leads(people: list[int], row: int) -> defaultdict[int, list[Elsewhere]]:
    """By person the other rows that are taken for it, in whatever list."""
    found: defaultdict[int, list[Elsewhere]] = defaultdict(list)
    held = Lead.objects.filter(person__in=people, recorded_until=None).exclude(row=row).order_by("id")
    leads = list(held.select_related("row__list__source"))
    numbers = dict(
        Appearance.objects.filter(row__in=[lead.row_id for lead in leads])
        .order_by("issue__number")
        .values_list("row_id", "number")
    )
    for lead in leads:
        of = lead.row.list
        told = (of.source.name, of.title, numbers.get(lead.row_id, 0), lead.how)
        found[lead.person_id].append(Elsewhere(lead.row_id, of.pk, *told))
    return found
