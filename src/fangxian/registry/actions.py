"""The registry's verbs. All are batches: one row and a city's rows pass the same checks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from fangxian.kernel.changes import Recording, recording
from fangxian.kernel.fields import Bitemporal
from fangxian.kernel.secrets import Keyring, keyring
from fangxian.kernel.span import Span

from .holding import among, holding, in_chunks, known
from .kinds import ROLES, UNIT_KINDS
from .models import (
    Cover,
    Household,
    Membership,
    Merge,
    Person,
    PersonSecret,
    PersonState,
    Post,
    Unit,
    UnitState,
)
from .problems import (
    DuplicateSecret,
    MergeIntoSelf,
    NoSuchPost,
    TwoClasses,
    TwoResponsible,
    TwoZones,
    UnitCodeTaken,
    UnitCycle,
    UnknownHousehold,
    UnknownKind,
    UnknownPerson,
    UnknownRole,
    UnknownUnit,
    WrongLine,
)


@dataclass(frozen=True, slots=True)
class NewUnit:
    code: str
    kind: str
    name: str
    parent: str | None
    since: date
    stage: str = ""
    absent: bool = False
    longitude: float | None = None
    latitude: float | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class NewCover:
    coverer: str
    covered: str
    kind: str
    since: date


@dataclass(frozen=True, slots=True)
class NewPerson:
    """`posts`: (unit id, role, since) each."""

    name: str
    sex: str = ""
    birth_date: date | None = None
    birth_year: int | None = None
    native_place: str = ""
    id_number: str = ""
    phone: str = ""
    posts: Sequence[tuple[int, str, date]] = ()


@dataclass(frozen=True, slots=True)
class NewPost:
    person: int
    unit: int
    role: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class NewHousehold:
    """`members`: (person id, relation) each."""

    members: Sequence[tuple[int, str]]
    since: date


# ---- units ------------------------------------------------------------------------------------------

UNIT_COLUMNS = ("id", "code", "line", "kind")
STATE_COLUMNS = (
    "unit_id",
    "parent_id",
    "name",
    "stage",
    "absent",
    "longitude",
    "latitude",
    "valid_from",
    "valid_until",
)


def add_units(*, units: Iterable[NewUnit], by: str, now: datetime) -> dict[str, int]:
    """Add units with their first state; ids by code. Parents may stand in the same batch, in any order.

    Raises UnknownKind, UnitCodeTaken, UnknownUnit (a parent), WrongLine, UnitCycle, SpanReversed.
    """
    units = list(units)
    with recording("registry.add_units", by=by, now=now) as change:
        ids = dict(zip((u.code for u in units), change.ids(Unit, len(units)), strict=False))
        lines = _lines_of(units, ids)
        _refuse_cycles({u.code: u.parent for u in units if u.parent in ids})
        known_ids = {code: pk for code, (pk, _line) in lines.items()} | ids
        change.append(Unit, UNIT_COLUMNS, ((ids[u.code], u.code, lines[u.code][1], u.kind) for u in units))
        change.append(
            UnitState,
            STATE_COLUMNS,
            (
                (
                    ids[u.code],
                    known_ids[u.parent] if u.parent else None,
                    u.name,
                    u.stage,
                    u.absent,
                    u.longitude,
                    u.latitude,
                    Span(u.since, u.until).start,
                    u.until,
                )
                for u in units
            ),
        )
    return ids


def _lines_of(units: Sequence[NewUnit], ids: dict[str, int]) -> dict[str, tuple[int, str]]:
    """Code -> (id, line) of the new units and their parents, after the checks."""
    if len(ids) != len(units):
        twice = Counter(u.code for u in units).most_common(1)[0][0]
        raise UnitCodeTaken(unit=twice)
    taken = _units_by_code([u.code for u in units])
    if taken:
        raise UnitCodeTaken(unit=min(taken))
    lines: dict[str, tuple[int, str]] = {}
    for unit in units:
        if unit.kind not in UNIT_KINDS:
            raise UnknownKind(kind=unit.kind)
        lines[unit.code] = (ids[unit.code], UNIT_KINDS[unit.kind].line)
    lines |= _units_by_code([u.parent for u in units if u.parent and u.parent not in ids])
    for unit in units:
        if unit.parent and unit.parent not in lines:
            raise UnknownUnit(unit=unit.parent)
        if unit.parent and lines[unit.parent][1] != lines[unit.code][1]:
            raise WrongLine(unit=unit.code, parent=unit.parent)
    return lines


def _units_by_code(codes: Iterable[str]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for chunk in in_chunks(sorted(set(codes))):
        for code, pk, line in Unit.objects.filter(code__in=chunk).values_list("code", "id", "line"):
            found[code] = (pk, line)
    return found


def _refuse_cycles(parents: dict[Any, Any]) -> None:
    """Each node's chain of parents ends. Linear: a chain is walked once."""
    safe: set[Any] = set()
    for start in parents:
        chain: list[Any] = []
        on_chain: set[Any] = set()
        at = start
        while at in parents and at not in safe:
            if at in on_chain:
                raise UnitCycle(unit=at)
            chain.append(at)
            on_chain.add(at)
            at = parents[at]
        safe.update(chain)


def change_unit(*, unit: int, day: date, by: str, now: datetime, **changes: Any) -> None:
    """Change name, parent (an id), stage, absent or place of a unit from `day` on.

    Raises UnknownUnit where the unit does not exist on that day, WrongLine, UnitCycle.
    """
    with recording("registry.change_unit", by=by, now=now) as change:
        state = _state_of(unit, day, change)
        if "parent" in changes:
            _check_parent(unit, changes["parent"], day, change)
            changes["parent_id"] = changes.pop("parent")
        _replace_from(change, state, day, **changes)


def close_unit(*, unit: int, day: date, by: str, now: datetime) -> None:
    """The unit no longer exists from `day` on."""
    with recording("registry.close_unit", by=by, now=now) as change:
        _cut(change, _state_of(unit, day, change), day)


def _state_of(unit: int, day: date, change: Recording) -> UnitState:
    state = UnitState.objects.filter(holding(day, change.position), unit=unit).first()
    if state is None:
        raise UnknownUnit(unit=unit)
    return state


def _check_parent(unit: int, parent: int, day: date, change: Recording) -> None:
    lines = dict(Unit.objects.filter(pk__in=[unit, parent]).values_list("id", "line"))
    if parent not in lines:
        raise UnknownUnit(unit=parent)
    if lines[unit] != lines[parent]:
        raise WrongLine(unit=unit, parent=parent)
    at: int | None = parent
    while at is not None:
        if at == unit:
            raise UnitCycle(unit=unit)
        at = (
            UnitState.objects.filter(holding(day, change.position), unit=at)
            .values_list("parent_id", flat=True)
            .first()
        )


def _row(row: Bitemporal, **changes: Any) -> tuple[list[str], list[Any]]:
    skip = {"id", "recorded", "recorded_until"}
    names = [f.attname for f in row._meta.concrete_fields if f.attname not in skip]
    return names, [changes.get(name, getattr(row, name)) for name in names]


def _cut(change: Recording, row: Bitemporal, day: date) -> None:
    """Known from now on: the row held only until `day`."""
    change.end(type(row), [row.pk])
    if row.valid_from < day:
        names, values = _row(row, valid_until=day)
        change.append(type(row), names, [values])


def _replace_from(change: Recording, row: Bitemporal, day: date, **changes: Any) -> None:
    _cut(change, row, day)
    names, values = _row(row, valid_from=max(day, row.valid_from), **changes)
    change.append(type(row), names, [values])


def add_covers(*, covers: Iterable[NewCover], by: str, now: datetime) -> None:
    """Say that zones cover units, or that units host others. Raises UnknownUnit, TwoZones."""
    covers = list(covers)
    with recording("registry.add_covers", by=by, now=now) as change:
        units = _units_by_code([c.coverer for c in covers] + [c.covered for c in covers])
        for cover in covers:
            for code in (cover.coverer, cover.covered):
                if code not in units:
                    raise UnknownUnit(unit=code)
        _refuse_two_zones(change, covers, {code: pk for code, (pk, _line) in units.items()})
        change.append(
            Cover,
            ("coverer_id", "covered_id", "kind", "valid_from", "valid_until"),
            ((units[c.coverer][0], units[c.covered][0], c.kind, c.since, None) for c in covers),
        )


def _refuse_two_zones(change: Recording, covers: Sequence[NewCover], ids: dict[str, int]) -> None:
    zoned: dict[int, NewCover] = {}
    for cover in covers:
        if cover.kind != "zone":
            continue
        earlier = zoned.setdefault(ids[cover.covered], cover)
        if earlier is not cover:
            raise TwoZones(unit=cover.covered, zone=earlier.coverer)
    for chunk in in_chunks(list(zoned)):
        held = Cover.objects.filter(known(change.position), covered__in=chunk, kind="zone", valid_until=None)
        for row in held.select_related("coverer"):
            raise TwoZones(unit=zoned[row.covered_id].covered, zone=row.coverer.code)


def end_cover(*, cover: int, day: date, by: str, now: datetime) -> None:
    with recording("registry.end_cover", by=by, now=now) as change:
        row = Cover.objects.filter(known(change.position), pk=cover).first()
        if row is None:
            raise UnknownUnit(unit=cover)
        _cut(change, row, day)


# ---- people -----------------------------------------------------------------------------------------

POST_COLUMNS = ("person_id", "unit_id", "role", "valid_from", "valid_until")


def enrol(*, people: Sequence[NewPerson], by: str, now: datetime) -> list[int]:
    """Enrol people with their posts; ids in order.

    Raises DuplicateSecret where an ID number is known or comes twice, UnknownUnit, UnknownRole,
    TwoClasses, TwoResponsible.
    """
    with recording("registry.enrol", by=by, now=now) as change:
        ring = keyring()
        _refuse_known_numbers(people, ring)
        ids = change.ids(Person, len(people))
        surrogates = ring.surrogates("person", ids).tolist()
        change.append(Person, ("id", "surrogate"), zip(ids, surrogates, strict=True))
        change.append(
            PersonState,
            (
                "person_id",
                "name",
                "sex",
                "birth_date",
                "birth_year",
                "native_place",
                "valid_from",
                "valid_until",
            ),
            (_state_row(pk, person, now) for pk, person in zip(ids, people, strict=True)),
        )
        _keep_secrets(change, ring, zip(ids, people, strict=True))
        appoint(
            posts=(
                NewPost(pk, unit, role, since)
                for pk, person in zip(ids, people, strict=True)
                for unit, role, since in person.posts
            ),
            by=by,
            now=now,
        )
    return list(ids)


# A person's attributes hold from birth; those whose birth is unknown, from before any record.
_ALWAYS = date(1900, 1, 1)


def _state_row(pk: int, person: NewPerson, now: datetime) -> tuple[Any, ...]:
    born = person.birth_date
    return (
        pk,
        person.name,
        person.sex,
        born,
        person.birth_year or (born.year if born else None),
        person.native_place,
        _ALWAYS,
        None,
    )


def _refuse_known_numbers(people: Sequence[NewPerson], ring: Keyring) -> None:
    digests: dict[str, NewPerson] = {}
    for person in people:
        if person.id_number:
            alike = ring.digests(person.id_number)
            if alike[0] in digests:
                raise DuplicateSecret(name=person.name)
            digests |= dict.fromkeys(alike, person)
    numbers = PersonSecret.objects.filter(field="id_number")
    for (digest,) in among(numbers, "digest", digests):
        raise DuplicateSecret(name=digests[digest].name)


def _keep_secrets(change: Recording, ring: Keyring, people: Iterable[tuple[int, NewPerson]]) -> None:
    change.append(
        PersonSecret,
        ("person_id", "field", "digest", "sealed"),
        (
            (pk, field, ring.digest(value), ring.seal(value))
            for pk, person in people
            for field, value in (("id_number", person.id_number), ("phone", person.phone))
            if value
        ),
    )


def appoint(*, posts: Iterable[NewPost], by: str, now: datetime) -> None:
    """Give people posts. Raises UnknownUnit, UnknownPerson, UnknownRole, TwoClasses, TwoResponsible,
    SpanReversed."""
    posts = list(posts)
    with recording("registry.appoint", by=by, now=now) as change:
        _check_posts(posts)
        _refuse_overlaps(change, [p for p in posts if p.role == "pupil"], "person")
        _refuse_overlaps(change, [p for p in posts if p.role == "first_responsible"], "unit")
        change.append(Post, POST_COLUMNS, ((p.person, p.unit, p.role, p.since, p.until) for p in posts))


def _check_posts(posts: Sequence[NewPost]) -> None:
    for post in posts:
        if post.role not in ROLES:
            raise UnknownRole(role=post.role)
        if post.until is not None:
            Span(post.since, post.until)
    _refuse_unknown(Unit, {p.unit for p in posts}, lambda pk: UnknownUnit(unit=pk))
    _refuse_unknown(Person, {p.person for p in posts}, lambda pk: UnknownPerson(person=pk))


def _refuse_unknown(model: Any, ids: set[int], problem: Any) -> None:
    missing = ids - {pk for (pk,) in among(model.objects.order_by(), "pk", ids)}
    if missing:
        raise problem(min(missing))


def _refuse_overlaps(change: Recording, posts: Sequence[NewPost], key: str) -> None:
    """A pupil sits in one class at a time; a unit has one first responsible person at a time."""
    if not posts:
        return
    role = posts[0].role
    spans: dict[int, list[tuple[Span, NewPost]]] = {}
    for post in posts:
        spans.setdefault(getattr(post, key), []).append((Span(post.since, post.until), post))
    held = Post.objects.filter(known(change.position), role=role)
    columns = ("person_id", "unit_id", "valid_from", "valid_until")
    for at, person, unit, start, end in among(held, key, spans, *columns):
        spans[at].append((Span(start, end), NewPost(person, unit, role, start, end)))
    for group in spans.values():
        group.sort(key=lambda pair: pair[0].start)
        for (first, a), (second, b) in zip(group, group[1:], strict=False):
            if first.overlaps(second):
                raise _overlap(a, b)


def _overlap(a: NewPost, b: NewPost) -> Exception:
    names = dict(
        UnitState.objects.filter(unit__in=[a.unit, b.unit], recorded_until=None).values_list(
            "unit_id", "name"
        )
    )
    if a.role == "pupil":
        return TwoClasses(first=names.get(a.unit, a.unit), second=names.get(b.unit, b.unit))
    return TwoResponsible(unit=names.get(a.unit, a.unit))


def end_posts(*, posts: Iterable[int], day: date, by: str, now: datetime) -> None:
    """These posts end on `day` (the first day on which they are no longer held)."""
    with recording("registry.end_posts", by=by, now=now) as change:
        for post in Post.objects.filter(known(change.position), pk__in=list(posts)):
            _cut(change, post, day)


def transfer(*, person: int, to_unit: int, day: date, by: str, now: datetime, role: str = "pupil") -> None:
    """Move a person's post of this role to another unit from `day` on.

    Raises NoSuchPost, UnknownUnit, TwoClasses.
    """
    with recording("registry.transfer", by=by, now=now) as change:
        post = Post.objects.filter(holding(day, change.position), person=person, role=role).first()
        if post is None:
            raise NoSuchPost(day=day.isoformat(), role=role)
        _cut(change, post, day)
        appoint(posts=[NewPost(person, to_unit, role, day, post.valid_until)], by=by, now=now)


def correct_person(*, person: int, by: str, now: datetime, **changes: Any) -> None:
    """Correct name, sex, birth or native place: known from now on, as if it had always been so."""
    with recording("registry.correct_person", by=by, now=now) as change:
        state = PersonState.objects.filter(known(change.position), person=person).first()
        if state is None:
            raise UnknownPerson(person=person)
        change.end(PersonState, [state.pk])
        names, values = _row(state, **changes)
        change.append(PersonState, names, [values])


def change_phone(*, person: int, phone: str, by: str, now: datetime) -> None:
    """The person's phone from now on; the older one stays, sealed, until erased. Raises UnknownPerson."""
    with recording("registry.change_phone", by=by, now=now) as change:
        _refuse_unknown(Person, {person}, lambda pk: UnknownPerson(person=pk))
        ring = keyring()
        row = (person, "phone", ring.digest(phone), ring.seal(phone))
        change.append(PersonSecret, ("person_id", "field", "digest", "sealed"), [row])


def erase_secrets(*, persons: Iterable[int], by: str, now: datetime) -> int:
    """Erase ID numbers and phones for good; no count changes. Returns how many values went."""
    with recording("registry.erase_secrets", by=by, now=now) as change:
        gone, _tables = PersonSecret.objects.filter(person__in=list(persons)).delete()
        change.detail["erased"] = gone
    return gone


def merge_persons(*, person: int, into: int, day: date, by: str, now: datetime) -> None:
    """`person` turned out to be `into`. Raises MergeIntoSelf where that would make a chain or a loop."""
    with recording("registry.merge_persons", by=by, now=now) as change:
        tied = Merge.objects.filter(known(change.position))
        chained = tied.filter(person__in=[person, into]).exists() or tied.filter(into=person).exists()
        if person == into or chained:
            raise MergeIntoSelf(person=person, into=into)
        _refuse_unknown(Person, {person, into}, lambda pk: UnknownPerson(person=pk))
        change.append(
            Merge, ("person_id", "into_id", "valid_from", "valid_until"), [(person, into, _ALWAYS, None)]
        )


def split_person(*, person: int, by: str, now: datetime) -> None:
    """Undo a merge: it was never so, for whoever knows of this."""
    with recording("registry.split_person", by=by, now=now) as change:
        rows = Merge.objects.filter(known(change.position), person=person).values_list("pk", flat=True)
        if not rows:
            raise UnknownPerson(person=person)
        change.end(Merge, list(rows))


# ---- households -------------------------------------------------------------------------------------

MEMBER_COLUMNS = ("household_id", "person_id", "relation", "valid_from", "valid_until")


def add_households(*, households: Iterable[NewHousehold], by: str, now: datetime) -> list[int]:
    """Add households with their members; ids in order. Raises UnknownPerson."""
    households = list(households)
    with recording("registry.add_households", by=by, now=now) as change:
        members = {person for h in households for person, _relation in h.members}
        _refuse_unknown(Person, members, lambda pk: UnknownPerson(person=pk))
        ids = change.ids(Household, len(households))
        surrogates = keyring().surrogates("household", ids).tolist()
        change.append(Household, ("id", "surrogate"), zip(ids, surrogates, strict=True))
        change.append(
            Membership,
            MEMBER_COLUMNS,
            (
                (pk, person, relation, household.since, None)
                for pk, household in zip(ids, households, strict=True)
                for person, relation in household.members
            ),
        )
    return list(ids)


def add_member(
    *, household: int, member: NewPerson, relation: str, since: date, by: str, now: datetime
) -> int:
    """Add a member that somebody named; the person's id. Someone with the same ID number, or the same
    phone and name, is the same person and not added again. Raises UnknownHousehold."""
    with recording("registry.add_member", by=by, now=now) as change:
        if not Household.objects.filter(pk=household).exists():
            raise UnknownHousehold(household=household)
        person = find_person(member)
        if person is None:
            person = enrol(people=[member], by=by, now=now)[0]
        else:
            _learn_secrets(change, person, member)
        belongs = Membership.objects.filter(
            holding(since, change.position), household=household, person=person
        ).exists()
        if not belongs:
            change.append(Membership, MEMBER_COLUMNS, [(household, person, relation, since, None)])
    return person


def find_person(member: NewPerson) -> int | None:
    """The person with this ID number, or with this phone and name; None where there is none."""
    ring = keyring()
    if member.id_number:
        held = PersonSecret.objects.filter(
            field="id_number", digest__in=ring.digests(member.id_number)
        ).first()
        if held is not None:
            return held.person_id
    if not member.phone:
        return None
    owners = PersonSecret.objects.filter(field="phone", digest__in=ring.digests(member.phone)).values(
        "person"
    )
    found = PersonState.objects.filter(person__in=owners, name=member.name, recorded_until=None)
    if member.id_number:  # another whole number is another person
        found = found.exclude(person__secrets__field="id_number")
    return found.order_by("person_id").values_list("person_id", flat=True).first()


def _learn_secrets(change: Recording, person: int, member: NewPerson) -> None:
    held = set(PersonSecret.objects.filter(person=person).values_list("field", flat=True))
    fresh = replace(
        member,
        id_number="" if "id_number" in held else member.id_number,
        phone="" if "phone" in held else member.phone,
    )
    _keep_secrets(change, keyring(), [(person, fresh)])


def leave_household(*, household: int, person: int, day: date, by: str, now: datetime) -> None:
    with recording("registry.leave_household", by=by, now=now) as change:
        row = Membership.objects.filter(
            holding(day, change.position), household=household, person=person
        ).first()
        if row is None:
            raise UnknownPerson(person=person)
        _cut(change, row, day)
