"""Staff and pupils: what is wrong with rows that are well-formed each by itself."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date

from fangxian.kernel.problems import Problem, SpanReversed
from fangxian.kernel.span import Span

from ..id_numbers import birth_of, sex_of
from ..kinds import SCHOOLS
from ..problems import TwoClasses, TwoResponsible, UnknownUnit
from .cells import Setting, roles_of
from .columns import PUPILS, STAFF, Column
from .directory import Directory, Held, Place
from .problems import (
    AgeUnlikely,
    AlreadyThere,
    GuardianNameless,
    KnownByAnotherName,
    NobodyToCall,
    SexAgainstIdNumber,
    TwiceInFile,
    UnitNameAmbiguous,
    UnknownClass,
)
from .result import Examined, Remark, Row, place_of, unraised
from .text import person_name, quoted, unit_key

WORKPLACES = ("bureau", "office", "centre", *SCHOOLS, "kindergarten", "institution", "venue")
WITH_CLASSES = (*SCHOOLS, "kindergarten")
LIKELY_AGES = {"staff": (16, 80), "pupils": (2, 26)}


class Reading:
    """The fields of a template's rows, with the units that they name; each unit is looked up once."""

    def __init__(self, columns: Sequence[Column], directory: Directory, setting: Setting) -> None:
        self.directory, self.setting = directory, setting
        self.at = {column.field: place for place, column in enumerate(columns)}
        self.heading = {column.field: column.heading for column in columns}
        self._units: dict[tuple[str, Collection[str]], Place | Problem] = {}
        self._spans: dict[tuple[str, str], Span] = {}
        self._classes: dict[tuple[Place, str], Place | Problem] = {}

    def remark(self, row: Row, field: str, problem: Problem) -> Remark:
        return Remark(row.sheet, row.row, self.heading.get(field, ""), unraised(problem))

    def unit(self, row: Row, kinds: Collection[str]) -> Place:
        """Raises UnknownUnit, UnitNameAmbiguous."""
        text = row.values[self.at["unit"]]
        found = self._units.get((text, kinds))
        if found is None:
            found = self._units[text, kinds] = only_one(self.directory.find(text, kinds), text)
        if isinstance(found, Problem):
            raise found
        return found

    def school_class(self, row: Row) -> Place:
        """Raises UnknownUnit, UnknownClass, UnitNameAmbiguous."""
        school, text = self.unit(row, WITH_CLASSES), row.values[self.at["class"]]
        found = self._classes.get((school, text))
        if found is None:
            found = self._classes[school, text] = self._found_class(school, text)
        if isinstance(found, Problem):
            raise found
        return found

    def _found_class(self, school: Place, text: str) -> Place | Problem:
        places = self.directory.classes(school, text)
        if places is None:  # no class of this school is known, so none can be missing
            return Place(None, f"{school.code}/{unit_key(text)}", text, "class")
        if not places:
            return UnknownClass(school=quoted(school.name), unit=quoted(text))
        return only_one(places, text)

    def span(self, row: Row) -> Span:
        """From the day of the import where none is given. Raises SpanReversed."""
        days = row.values[self.at["since"]], row.values[self.at["until"]]
        found = self._spans.get(days)
        if found is None:
            start = date.fromisoformat(days[0]) if days[0] else self.setting.today
            found = self._spans[days] = Span(start, date.fromisoformat(days[1]) if days[1] else None)
        return found


def only_one(places: Sequence[Place], text: str) -> Place | Problem:
    if not places:
        return UnknownUnit(unit=quoted(text))
    if len(places) > 1:
        choices = "、".join(place.code for place in places[:5])
        return UnitNameAmbiguous(unit=quoted(text), choices=choices)
    return places[0]


# ---- staff ------------------------------------------------------------------------------------------


def check_staff(examined: Examined, directory: Directory, setting: Setting) -> None:
    reading = Reading(STAFF, directory, setting)
    faults = [*_each(examined, reading, {"unit": lambda row: reading.unit(row, WORKPLACES)})]
    faults += _twice(examined, reading)
    examined.reject(faults)
    held = directory.by_number(row.values[reading.at["id_number"]] for row in examined.rows)
    examined.reject([*_other_names(examined, reading, held)])
    examined.reject([*_two_responsible(examined, reading, held)])
    examined.warnings += _unlikely(examined, reading, LIKELY_AGES["staff"])
    examined.warnings += _staff_already(examined, reading, held)


def _each(
    examined: Examined, reading: Reading, places: Mapping[str, Callable[[Row], Place]]
) -> Iterator[Remark]:
    """A row's unit is known, then its class, and its span holds a day; rows with a wrong cell too, as far as
    they go. `places`: how to find what each field names, the outer first."""
    for row in (*examined.rows, *examined.faulty):
        for field, find in places.items():
            try:
                if not row.values[reading.at[field]]:
                    break
                find(row)
            except Problem as problem:
                yield reading.remark(row, field, problem)
                break
        try:
            reading.span(row)
        except SpanReversed as problem:
            yield reading.remark(row, "until", problem)


def _twice(examined: Examined, reading: Reading) -> Iterator[Remark]:
    first: dict[str, Row] = {}
    for row in sorted((*examined.rows, *examined.faulty), key=examined.order()):
        number = row.values[reading.at["id_number"]]
        earlier = first.setdefault(number, row) if number else row
        if earlier is not row:
            yield reading.remark(row, "id_number", TwiceInFile(row=place_of(earlier, row)))


def _other_names(examined: Examined, reading: Reading, held: dict[str, Held]) -> Iterator[Remark]:
    for row in examined.rows:
        known = held.get(row.values[reading.at["id_number"]])
        if known is not None and not same_name(known.name, row.values[reading.at["name"]]):
            yield reading.remark(row, "name", KnownByAnotherName())


def same_name(first: str, second: str) -> bool:
    return unit_key(person_name(first)) == unit_key(person_name(second))


def _two_responsible(examined: Examined, reading: Reading, held: dict[str, Held]) -> Iterator[Remark]:
    rows = [row for row in examined.rows if "first_responsible" in roles_of(row.values[reading.at["post"]])]
    units = {row: reading.unit(row, WORKPLACES) for row in rows}
    serving = reading.directory.responsible(place.id for place in units.values() if place.id is not None)
    taken: dict[Place, Row] = {}
    for row, place in units.items():
        holder = serving.get(place.id) if place.id is not None else None
        person = held.get(row.values[reading.at["id_number"]])
        is_other = holder is not None and (person is None or person.person != holder)
        if is_other or taken.setdefault(place, row) is not row:
            yield reading.remark(row, "post", TwoResponsible(unit=quoted(place.name)))


def _unlikely(examined: Examined, reading: Reading, ages: tuple[int, int]) -> Iterator[Remark]:
    for row in examined.rows:
        number = row.values[reading.at["id_number"]]
        if (sex_of(number) == "m") != (row.values[reading.at["sex"]] == "男"):
            told = SexAgainstIdNumber(column=reading.heading["sex"])
            yield reading.remark(row, "sex", told)
        age = (reading.setting.today - birth_of(number)).days * 100 // 36_525
        if not ages[0] <= age <= ages[1]:
            yield reading.remark(row, "id_number", AgeUnlikely(age=age))


def _staff_already(examined: Examined, reading: Reading, held: dict[str, Held]) -> Iterator[Remark]:
    for row in examined.rows:
        known = held.get(row.values[reading.at["id_number"]])
        if known is not None and not missing_posts(row, reading, known):
            yield reading.remark(row, "", AlreadyThere())


def missing_posts(row: Row, reading: Reading, known: Held | None) -> list[tuple[int, str, Span]]:
    """(unit, role, span) that the row asks for and the person does not hold yet."""
    unit, span = reading.unit(row, WORKPLACES).id, reading.span(row)
    if unit is None:
        return []
    roles = roles_of(row.values[reading.at["post"]])
    posts = known.posts if known is not None else []
    return [(unit, role, span) for role in roles if not _holds(posts, unit, role, span)]


def _holds(posts: Sequence[tuple[int, str, date, date | None]], unit: int, role: str, span: Span) -> bool:
    return any(post[:2] == (unit, role) and Span(post[2], post[3]).overlaps(span) for post in posts)


# ---- pupils -----------------------------------------------------------------------------------------


def check_pupils(examined: Examined, directory: Directory, setting: Setting) -> None:
    reading = Reading(PUPILS, directory, setting)
    places = {"unit": lambda row: reading.unit(row, WITH_CLASSES), "class": reading.school_class}
    faults = [*_each(examined, reading, places)]
    faults += _nameless_guardians(examined, reading)
    examined.reject(faults)
    examined.reject([*_two_rows(examined, reading)])
    held = directory.by_number(row.values[reading.at["id_number"]] for row in examined.rows)
    examined.reject([*_other_names(examined, reading, held)])
    examined.reject([*_two_classes(examined, reading, held)])
    examined.warnings += _unlikely(examined, reading, LIKELY_AGES["pupils"])
    examined.warnings += _pupils_already(examined, reading, held)
    for row in examined.rows:
        if not row.values[reading.at["guardian_phone"]]:
            examined.warnings.append(reading.remark(row, "guardian_phone", NobodyToCall()))


def _nameless_guardians(examined: Examined, reading: Reading) -> Iterator[Remark]:
    for row in examined.rows:
        if row.values[reading.at["guardian_phone"]] and not row.values[reading.at["guardian"]]:
            yield reading.remark(row, "guardian", GuardianNameless())


def _two_rows(examined: Examined, reading: Reading) -> Iterator[Remark]:
    """One pupil in two rows: in two classes at once, or simply twice."""
    first: dict[str, Row] = {}
    for row in examined.rows:
        earlier = first.setdefault(row.values[reading.at["id_number"]], row)
        if earlier is row:
            continue
        if reading.school_class(earlier) == reading.school_class(row):
            yield reading.remark(row, "id_number", TwiceInFile(row=place_of(earlier, row)))
        elif reading.span(earlier).overlaps(reading.span(row)):
            names = [_class_in_words(each, reading) for each in (earlier, row)]
            yield reading.remark(row, "class", TwoClasses(first=names[0], second=names[1]))
        else:
            yield reading.remark(row, "id_number", TwiceInFile(row=place_of(earlier, row)))


def _class_in_words(row: Row, reading: Reading) -> str:
    return quoted(f"{row.values[reading.at['unit']]} {row.values[reading.at['class']]}", 60)


def _two_classes(examined: Examined, reading: Reading, held: dict[str, Held]) -> Iterator[Remark]:
    for row in examined.rows:
        known = held.get(row.values[reading.at["id_number"]])
        other = known and _other_class(row, reading, known)
        if other:
            first = reading.directory.names([other])[other]
            told = TwoClasses(first=quoted(first), second=_class_in_words(row, reading))
            yield reading.remark(row, "class", told)


def _other_class(row: Row, reading: Reading, known: Held) -> int | None:
    span, unit = reading.span(row), reading.school_class(row).id
    for at, role, start, end in known.posts:
        if role == "pupil" and at != unit and Span(start, end).overlaps(span):
            return at
    return None


def _pupils_already(examined: Examined, reading: Reading, held: dict[str, Held]) -> Iterator[Remark]:
    for row in examined.rows:
        known = held.get(row.values[reading.at["id_number"]])
        if known is not None and is_enrolled(row, reading, known):
            yield reading.remark(row, "", AlreadyThere())


def is_enrolled(row: Row, reading: Reading, known: Held) -> bool:
    unit = reading.school_class(row).id
    return unit is not None and _holds(known.posts, unit, "pupil", reading.span(row))
