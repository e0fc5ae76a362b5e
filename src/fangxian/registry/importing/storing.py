"""Stores an examined file through the registry's actions, within the recording that `examine.store` opens."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from ..actions import (
    NewCover,
    NewHousehold,
    NewPerson,
    NewPost,
    NewUnit,
    add_covers,
    add_households,
    add_member,
    add_units,
    appoint,
    enrol,
)
from ..id_numbers import birth_of
from ..kinds import KEY_AREAS
from .cells import Setting, relation_of
from .columns import PUPILS, STAFF
from .directory import Held, Place, Registry
from .people import Reading, is_enrolled, missing_posts
from .result import Examined, Row
from .units import Draft, Plan


@dataclass(frozen=True, slots=True)
class Stored:
    """What one import appended."""

    units: int = 0
    people: int = 0
    posts: int = 0
    households: int = 0


# ---- units ------------------------------------------------------------------------------------------


def store_units(plan: Plan, *, by: str, now: datetime) -> Stored:
    assert isinstance(plan.directory, Registry)
    drafts = list(plan.live())
    codes = _codes(drafts, plan.directory)
    units = [_new_unit(draft, codes) for draft in drafts if draft.held is None]
    units += [area for draft in drafts for area in _areas(draft, codes, plan.directory)]
    ids = add_units(units=units, by=by, now=now)
    add_covers(covers=_covers(drafts, codes, plan.directory), by=by, now=now)
    posts = _responsible_posts(drafts, codes, ids)
    appoint(posts=posts, by=by, now=now)
    return Stored(units=len(units), posts=len(posts))


def _codes(drafts: Sequence[Draft], directory: Registry) -> dict[Draft, str]:
    """Codes given, held, or the parent's with the next number: s17-3."""
    codes: dict[Draft, str] = {}
    taken = set(directory.codes) | {draft.code for draft in drafts if draft.code}
    last: dict[str, int] = defaultdict(int)

    def code(draft: Draft) -> str:
        if draft not in codes:
            codes[draft] = draft.code or (draft.held.code if draft.held else fresh(draft))
        return codes[draft]

    def fresh(draft: Draft) -> str:
        parent = draft.parent
        stem = draft.kind if parent is None else code(parent) if isinstance(parent, Draft) else parent.code
        while True:
            last[stem] += 1
            found = f"{stem}-{last[stem]}"
            if found not in taken:
                taken.add(found)
                return found

    for draft in drafts:
        code(draft)
    return codes


def _code_of(unit: Draft | Place, codes: dict[Draft, str]) -> str:
    return codes[unit] if isinstance(unit, Draft) else unit.code


def _since(draft: Draft) -> date:
    assert draft.span is not None
    return draft.span.start


def _new_unit(draft: Draft, codes: dict[Draft, str]) -> NewUnit:
    assert draft.span is not None
    parent = _code_of(draft.parent, codes) if draft.parent is not None else None
    span = draft.span
    return NewUnit(
        codes[draft], draft.kind, draft.name, parent, span.start, stage=draft.stage, until=span.end
    )


def _areas(draft: Draft, codes: dict[Draft, str], directory: Registry) -> Iterator[NewUnit]:
    """Key areas that the row declares, here or as none here, and that the registry has not yet."""
    known = set()
    if draft.held is not None:
        nodes = directory.tree.nodes.values()
        known = {n.stage for n in nodes if n.kind == "key_area" and n.parent == draft.held.id}
    for absent, areas in ((False, draft.areas), (True, draft.no_areas)):
        for area in areas:
            if area not in known:
                known.add(area)
                name = KEY_AREAS[area][0]
                parent, code = codes[draft], f"{codes[draft]}-{area}"
                yield NewUnit(code, "key_area", name, parent, _since(draft), stage=area, absent=absent)


def _covers(drafts: Sequence[Draft], codes: dict[Draft, str], directory: Registry) -> list[NewCover]:
    covers = []
    for draft in drafts:
        unit = draft.held.id if draft.held else None
        if draft.zone is not None and not directory.tree.zones.get(unit or 0):
            covers.append(NewCover(_code_of(draft.zone, codes), codes[draft], "zone", _since(draft)))
        if draft.host is not None and (unit or 0) not in directory.tree.hosts:
            covers.append(NewCover(_code_of(draft.host, codes), codes[draft], "host", _since(draft)))
    return covers


def _responsible_posts(
    drafts: Sequence[Draft], codes: dict[Draft, str], ids: dict[str, int]
) -> list[NewPost]:
    posts = []
    for draft in drafts:
        unit = draft.held.id if draft.held else ids[codes[draft]]
        if draft.responsible is None or unit is None:
            continue
        serves = {post[:2] for post in draft.responsible.posts if post[3] is None}
        if (unit, "first_responsible") not in serves:
            posts.append(NewPost(draft.responsible.person, unit, "first_responsible", _since(draft)))
    return posts


# ---- people -----------------------------------------------------------------------------------------


def _person(row: Row, reading: Reading, phone: str = "") -> NewPerson:
    number = row.values[reading.at["id_number"]]
    return NewPerson(
        name=row.values[reading.at["name"]],
        sex="m" if row.values[reading.at["sex"]] == "男" else "f",
        birth_date=birth_of(number),
        native_place="",
        id_number=number,
        phone=phone,
    )


def store_staff(
    examined: Examined, directory: Registry, setting: Setting, *, by: str, now: datetime
) -> Stored:
    """New people with their posts, each in a household; those who are known get what they lack.

    Somebody whom a household named before, by the same phone and name, is that person: the registry then
    learns the ID number.
    """
    reading = Reading(STAFF, directory, setting)
    at, rows = reading.at, examined.rows
    held = directory.by_number(row.values[at["id_number"]] for row in rows)
    named = directory.by_phone((row.values[at["phone"]], row.values[at["name"]]) for row in rows)
    known: dict[Row, Held] = {}
    for row in rows:
        found = held.get(row.values[at["id_number"]]) or _unnumbered(named, row, reading)
        if found is not None:
            known[row] = found
    fresh = [row for row in rows if row not in known]
    ids = enrol(people=[_person(row, reading, row.values[at["phone"]]) for row in fresh], by=by, now=now)
    people = dict(zip(fresh, ids, strict=True)) | {row: held.person for row, held in known.items()}
    for row, person in known.items():
        if not person.numbered and person.household is not None:
            member = _person(row, reading, row.values[at["phone"]])
            since = reading.span(row).start
            add_member(
                household=person.household, member=member, relation="self", since=since, by=by, now=now
            )
    posts = [
        NewPost(people[row], unit, role, span.start, span.end)
        for row in rows
        for unit, role, span in missing_posts(row, reading, known.get(row))
    ]
    appoint(posts=posts, by=by, now=now)
    alone = [row for row in rows if row not in known or known[row].household is None]
    homes = [NewHousehold(((people[row], "self"),), reading.span(row).start) for row in alone]
    add_households(households=homes, by=by, now=now)
    return Stored(people=len(fresh), posts=len(posts), households=len(homes))


def _unnumbered(named: dict[tuple[str, str], Held], row: Row, reading: Reading) -> Held | None:
    """Equal phone and name are one person, unless each has an ID number of its own."""
    found = named.get((row.values[reading.at["phone"]], row.values[reading.at["name"]]))
    return found if found is not None and not found.numbered and found.household is not None else None


# ---- pupils and their households --------------------------------------------------------------------


@dataclass(slots=True)
class Home:
    """Rows that share a guardian, and the household that some of them has already."""

    rows: list[Row] = field(default_factory=list)
    household: int | None = None
    guardian: Held | None = None


def store_pupils(
    examined: Examined, directory: Registry, setting: Setting, *, by: str, now: datetime
) -> Stored:
    """New pupils in their classes, in households with their guardians.

    Rows with the same guardian (name and phone) are one household; so is whoever the registry knows by that
    phone and name, with the household that this person has.
    """
    reading = Reading(PUPILS, directory, setting)
    rows = examined.rows
    held = directory.by_number(row.values[reading.at["id_number"]] for row in rows)
    homes = _homes(rows, reading, held, directory)
    fresh = [row for row in rows if _number(row, reading) not in held]
    new_homes = [home for home in homes if home.household is None]
    guardians = [home for home in new_homes if home.guardian is None and _guardian_name(home, reading)]
    people = [_person(row, reading) for row in fresh] + [_guardian(home, reading) for home in guardians]
    ids = enrol(people=people, by=by, now=now)
    pupils = {row: held[_number(row, reading)].person for row in rows if _number(row, reading) in held}
    pupils |= dict(zip(fresh, ids, strict=False))
    adults = dict(zip(map(id, guardians), ids[len(fresh) :], strict=True))
    posts = [_pupil_post(row, reading, pupils) for row in rows if not _enrolled(row, reading, held)]
    appoint(posts=posts, by=by, now=now)
    add_households(
        households=[_household(home, reading, pupils, adults) for home in new_homes], by=by, now=now
    )
    joined = _join(
        [home for home in homes if home.household is not None], reading, pupils, directory, by, now
    )
    return Stored(people=len(people) + joined, posts=len(posts), households=len(new_homes))


def _number(row: Row, reading: Reading) -> str:
    return row.values[reading.at["id_number"]]


def _enrolled(row: Row, reading: Reading, held: dict[str, Held]) -> bool:
    known = held.get(_number(row, reading))
    return known is not None and is_enrolled(row, reading, known)


def _pupil_post(row: Row, reading: Reading, pupils: dict[Row, int]) -> NewPost:
    unit, span = reading.school_class(row).id, reading.span(row)
    assert unit is not None
    return NewPost(pupils[row], unit, "pupil", span.start, span.end)


def _homes(rows: Sequence[Row], reading: Reading, held: dict[str, Held], directory: Registry) -> list[Home]:
    at = reading.at
    groups: dict[tuple[str, str], Home] = {}
    for row in rows:
        guardian, phone = row.values[at["guardian"]], row.values[at["guardian_phone"]]
        # Without a phone nobody is known to be a sibling.
        key = (phone, guardian) if phone else ("", f"{row.row} {row.sheet}")
        groups.setdefault(key, Home()).rows.append(row)
    known = directory.by_phone(key for key in groups if key[0])
    for key, home in groups.items():
        home.guardian = known.get(key)
        pupils = [held[_number(row, reading)] for row in home.rows if _number(row, reading) in held]
        having = [each.household for each in (*pupils, home.guardian) if each and each.household is not None]
        home.household = having[0] if having else None
    return list(groups.values())


def _guardian_name(home: Home, reading: Reading) -> str:
    return home.rows[0].values[reading.at["guardian"]]


def _guardian(home: Home, reading: Reading) -> NewPerson:
    return NewPerson(
        name=_guardian_name(home, reading), phone=home.rows[0].values[reading.at["guardian_phone"]]
    )


def _relation(home: Home, reading: Reading) -> str:
    return relation_of(home.rows[0].values[reading.at["relation"]])


def _household(home: Home, reading: Reading, pupils: dict[Row, int], adults: dict[int, int]) -> NewHousehold:
    members = [(pupils[row], "child") for row in home.rows]
    adult = home.guardian.person if home.guardian else adults.get(id(home))
    if adult is not None:
        members.append((adult, _relation(home, reading)))
    return NewHousehold(members, min(reading.span(row).start for row in home.rows))


def _join(
    homes: Sequence[Home],
    reading: Reading,
    pupils: dict[Row, int],
    directory: Registry,
    by: str,
    now: datetime,
) -> int:
    """Bring pupils and guardians into households that exist; how many guardians were new."""
    households = [home.household for home in homes if home.household is not None]
    members, names = directory.members(households), directory.names_in(households)
    fresh = 0
    for home in homes:
        assert home.household is not None
        since = min(reading.span(row).start for row in home.rows)
        for row in home.rows:
            if pupils[row] not in members[home.household]:
                child = _person(row, reading)
                add_member(
                    household=home.household, member=child, relation="child", since=since, by=by, now=now
                )
        # Without a phone only the name can tell; two of one name in a household are rarely two people.
        if _guardian_name(home, reading) and _guardian_name(home, reading) not in names[home.household]:
            adult, relation = _guardian(home, reading), _relation(home, reading)
            add_member(household=home.household, member=adult, relation=relation, since=since, by=by, now=now)
            fresh += home.guardian is None
    return fresh
