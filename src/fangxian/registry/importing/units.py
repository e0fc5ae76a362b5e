"""Rosters of units: rows that name one another, held together into a tree before anything is stored."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fangxian.kernel.problems import Problem
from fangxian.kernel.span import Span

from ..kinds import KEY_AREAS, SCHOOLS, UNIT_KINDS, ZONED
from ..problems import TwoResponsible, TwoZones, UnitCodeTaken, UnitCycle, UnknownUnit, WrongLine
from .cells import Setting, areas_of, kind_of, stage_of
from .columns import UNITS
from .directory import Directory, Held, Place, Registry
from .people import Reading, only_one
from .problems import (
    AlreadyThere,
    AreaBothWays,
    ParentMissing,
    UnitTwiceInFile,
    UnknownResponsible,
    WithoutZone,
    WrongParent,
)
from .result import Examined, Remark, Row, place_of
from .text import quoted, unit_key

PARENTS = {
    "office": ("bureau",),
    "centre": ("bureau",),
    "school": ("bureau", "centre"),
    "teaching_point": ("bureau", "centre"),
    "kindergarten": ("bureau", "centre"),
    "class": (*SCHOOLS, "kindergarten"),
    "key_area": (*SCHOOLS, "kindergarten"),
    "institution": ("bureau", "centre"),
    "venue": ("bureau", "centre"),
}


@dataclass(eq=False, slots=True)
class Draft:
    """A row of the file as a unit. `held` is the unit that the registry has already."""

    row: Row
    name: str
    kind: str
    stage: str
    code: str
    parent: "Draft | Place | None" = None
    zone: "Draft | Place | None" = None
    host: "Draft | Place | None" = None
    held: Place | None = None
    responsible: Held | None = None
    areas: Sequence[str] = ()
    no_areas: Sequence[str] = ()
    span: Span | None = None


class Plan:
    """The drafts of a file, with what they name found in the file itself or in the directory."""

    def __init__(self, examined: Examined, directory: Directory, setting: Setting) -> None:
        self.examined, self.directory = examined, directory
        self.reading = Reading(UNITS, directory, setting)
        self.faults: list[Remark] = []
        self.drafts = [self._drafted(row) for row in examined.rows]
        self._by_code = {draft.code: draft for draft in self.drafts if draft.code}
        self._by_name: dict[str, list[Draft]] = defaultdict(list)
        for draft in self.drafts:
            self._by_name[unit_key(draft.name)].append(draft)

    def text(self, draft: Draft, field: str) -> str:
        return draft.row.values[self.reading.at[field]]

    def fault(self, draft: Draft, field: str, problem: Problem) -> None:
        self.faults.append(self.reading.remark(draft.row, field, problem))

    def warn(self, draft: Draft, field: str, problem: Problem) -> None:
        self.examined.warnings.append(self.reading.remark(draft.row, field, problem))

    def _drafted(self, row: Row) -> Draft:
        at = self.reading.at
        kind, implied = kind_of(row.values[at["kind"]])
        stage = row.values[at["stage"]]
        draft = Draft(
            row, row.values[at["name"]], kind, stage_of(stage) if stage else implied, row.values[at["code"]]
        )
        draft.areas = areas_of(row.values[at["areas"]])
        draft.no_areas = areas_of(row.values[at["no_areas"]])
        return draft

    # ---- what rows name

    def resolve(self, text: str, kinds: Collection[str] = (), line: str = "") -> Draft | Place:
        """The unit that a cell names: one of this file before one of the registry.

        Raises UnknownUnit, UnitNameAmbiguous.
        """
        drafts = [draft for draft in self._drafts_called(text) if _suits(draft.kind, kinds, line)]
        if len(drafts) == 1:
            return drafts[0]
        places = [
            each for each in self.directory.find(text) if not each.kind or _suits(each.kind, kinds, line)
        ]
        if len(drafts) > 1:
            places = [Place(None, f"{self.text(d, 'parent')}/{d.name}", d.name, d.kind) for d in drafts]
        found = only_one(places, text)
        if isinstance(found, Problem):
            raise found
        return found

    def _drafts_called(self, text: str) -> list[Draft]:
        if text in self._by_code:
            return [self._by_code[text]]
        found = self._by_name.get(unit_key(text), [])
        above, slash, below = text.rpartition("/")
        if found or not slash:
            return found
        names = {unit_key(above), unit_key(above.rpartition("/")[2])}
        return [
            d for d in self._by_name.get(unit_key(below), []) if unit_key(self.text(d, "parent")) in names
        ]

    def live(self) -> Iterator[Draft]:
        """Drafts whose rows are not rejected."""
        good = {(row.sheet, row.row) for row in self.examined.rows}
        return (draft for draft in self.drafts if (draft.row.sheet, draft.row.row) in good)


def _suits(kind: str, kinds: Collection[str], line: str) -> bool:
    return (not kinds or kind in kinds) and (not line or UNIT_KINDS[kind].line == line)


def check_units(examined: Examined, directory: Directory, setting: Setting, *, partial: bool) -> Plan:
    """Moves rows that make no tree to the rejected; the plan is what `storing` appends."""
    plan = Plan(examined, directory, setting)
    responsible = _responsible(plan)
    for draft in plan.drafts:
        _find_parent(plan, draft)
        _find_others(plan, draft)
        _find_responsible(plan, draft, responsible)
        _check_span(plan, draft)
    _refuse_cycles(plan)
    _match_held(plan)
    _refuse_twins(plan)
    examined.reject(plan.faults)
    if partial:
        _reject_orphans(plan)
    if isinstance(directory, Registry):
        _refuse_two_zones(plan, directory)
        _refuse_two_responsible(plan)
        _warn(plan, directory)
    return plan


def _find_parent(plan: Plan, draft: Draft) -> None:
    text, line = plan.text(draft, "parent"), UNIT_KINDS[draft.kind].line
    if not text:
        if draft.kind in PARENTS:
            told = ParentMissing(kind=UNIT_KINDS[draft.kind].zh, column=plan.reading.heading["parent"])
            plan.fault(draft, "parent", told)
        return
    try:
        draft.parent = _any_line(plan, text, line, draft.kind)
    except Problem as problem:
        plan.fault(draft, "parent", problem)
        return
    _check_parent(plan, draft, line)


def _any_line(plan: Plan, text: str, line: str, kind: str) -> Draft | Place:
    """The best sense of a name: a fitting kind, then the same line, then anything of that name."""
    for kinds, on in ((PARENTS.get(kind, ()), line), ((), line)):
        try:
            return plan.resolve(text, kinds, on)
        except UnknownUnit:
            continue
    return plan.resolve(text)


def _check_parent(plan: Plan, draft: Draft, line: str) -> None:
    parent = draft.parent
    if parent is None or not parent.kind:
        return
    if UNIT_KINDS[parent.kind].line != line:
        plan.fault(draft, "parent", WrongLine(unit=quoted(draft.name), parent=quoted(parent.name)))
    elif parent is not draft and draft.kind in PARENTS and parent.kind not in PARENTS[draft.kind]:
        told = WrongParent(kind=UNIT_KINDS[draft.kind].zh, parent=quoted(parent.name))
        plan.fault(draft, "parent", told)


def _find_others(plan: Plan, draft: Draft) -> None:
    wanted: dict[str, dict[str, Any]] = {"zone": {"kinds": ("zone",)}, "host": {"line": "administrative"}}
    for field, how in wanted.items():
        text = plan.text(draft, field)
        if text:
            try:
                setattr(draft, field, plan.resolve(text, **how))
            except Problem as problem:
                plan.fault(draft, field, problem)
    for area in set(draft.areas) & set(draft.no_areas):
        plan.fault(draft, "no_areas", AreaBothWays(area=KEY_AREAS[area][0]))


def _responsible(plan: Plan) -> dict[str, Held]:
    numbers = {plan.text(draft, "responsible") for draft in plan.drafts} - {""}
    return plan.directory.by_number(numbers)


def _find_responsible(plan: Plan, draft: Draft, known: dict[str, Held]) -> None:
    number = plan.text(draft, "responsible")
    if not number:
        return
    draft.responsible = known.get(number)
    if draft.responsible is None and isinstance(plan.directory, Registry):
        plan.fault(draft, "responsible", UnknownResponsible())


def _check_span(plan: Plan, draft: Draft) -> None:
    try:
        draft.span = plan.reading.span(draft.row)
    except Problem as problem:
        plan.fault(draft, "until", problem)


def _refuse_cycles(plan: Plan) -> None:
    """Every row on a cycle is named, and the cycle cut; a chain is walked once."""
    safe: set[Draft] = set()
    for start in plan.drafts:
        chain: list[Draft] = []
        places: dict[Draft, int] = {}
        at: Draft | Place | None = start
        while isinstance(at, Draft) and at not in safe and at not in places:
            places[at] = len(chain)
            chain.append(at)
            at = at.parent
        if isinstance(at, Draft) and at in places:
            for draft in chain[places[at] :]:
                plan.fault(draft, "parent", UnitCycle(unit=quoted(draft.name)))
                draft.parent = None
        safe.update(chain)


# ---- what is there already --------------------------------------------------------------------------


def _match_held(plan: Plan) -> None:
    """Finds the drafts that the registry has: by code, else by name under the same parent."""
    directory = plan.directory
    if not isinstance(directory, Registry):
        return
    done: set[Draft] = set()
    for draft in plan.drafts:
        for each in reversed(_upwards(draft, done)):
            done.add(each)
            each.held = _held(plan, each, directory)


def _upwards(draft: Draft, done: set[Draft]) -> list[Draft]:
    chain: list[Draft] = []
    at: Draft | Place | None = draft
    while isinstance(at, Draft) and at not in done:
        chain.append(at)
        at = at.parent
    return chain


def _held(plan: Plan, draft: Draft, directory: Registry) -> Place | None:
    parent = draft.parent.held if isinstance(draft.parent, Draft) else draft.parent
    parent_id = parent.id if parent is not None else None
    if draft.code in directory.codes:
        unit = directory.codes[draft.code]
        place = directory.place(unit) if unit in directory.tree.nodes else None
        if place and _is_same(draft, place, parent_id):
            return place
        plan.fault(draft, "code", UnitCodeTaken(unit=draft.code))
        return None
    if parent_id is not None:
        choices = directory.inside(parent_id, draft.name)
    else:
        choices = directory.find(draft.name) if draft.parent is None else []
    same = [place for place in choices if not draft.code and _is_same(draft, place, parent_id)]
    return same[0] if same else None


def _is_same(draft: Draft, place: Place, parent: int | None) -> bool:
    alike = unit_key(draft.name) == unit_key(place.name) and draft.kind == place.kind
    return alike and place.parent == parent


def _refuse_twins(plan: Plan) -> None:
    first: dict[Any, Draft] = {}
    for draft in plan.drafts:
        keys: list[Any] = [(id(draft.parent), unit_key(draft.name), draft.kind)]
        if isinstance(draft.parent, Place):
            keys = [(draft.parent.code, unit_key(draft.name), draft.kind)]
        for key, field in [*((k, "name") for k in keys), *(((draft.code, "code"),) if draft.code else ())]:
            earlier = first.setdefault(key, draft)
            if earlier is not draft:
                plan.fault(draft, field, UnitTwiceInFile(row=place_of(earlier.row, draft.row)))
                break


def _reject_orphans(plan: Plan) -> None:
    """Under the policy `partial`: what names a rejected row cannot be stored either."""
    while True:
        live = set(plan.live())
        orphans = []
        for draft in live:
            for field in ("parent", "zone", "host"):
                named = getattr(draft, field)
                if isinstance(named, Draft) and named not in live:
                    told = UnknownUnit(unit=quoted(named.name))
                    orphans.append(plan.reading.remark(draft.row, field, told))
        if not orphans:
            return
        plan.examined.reject(orphans)


# ---- zones, responsible people ----------------------------------------------------------------------


def _refuse_two_zones(plan: Plan, directory: Registry) -> None:
    faults = []
    for draft in plan.live():
        zones = directory.tree.zones.get(draft.held.id or 0, []) if draft.held else []
        others = [zone for zone in zones if not isinstance(draft.zone, Place) or zone != draft.zone.id]
        if draft.zone is not None and others:
            told = TwoZones(unit=quoted(draft.name), zone=directory.names(others)[others[0]])
            faults.append(plan.reading.remark(draft.row, "zone", told))
    plan.examined.reject(faults)


def _refuse_two_responsible(plan: Plan) -> None:
    held = [draft.held.id for draft in plan.live() if draft.held and draft.held.id and draft.responsible]
    serving = plan.directory.responsible(held)
    faults = []
    for draft in plan.live():
        holder = serving.get(draft.held.id or 0) if draft.held else None
        if draft.responsible and holder is not None and holder != draft.responsible.person:
            told = TwoResponsible(unit=quoted(draft.name))
            faults.append(plan.reading.remark(draft.row, "responsible", told))
    plan.examined.reject(faults)


def _warn(plan: Plan, directory: Registry) -> None:
    for draft in plan.live():
        if draft.held is not None:
            plan.warn(draft, "", AlreadyThere())
        elif draft.kind in ZONED and not _has_zone(draft, directory):
            told = WithoutZone(unit=quoted(draft.name), column=plan.reading.heading["zone"])
            plan.warn(draft, "zone", told)


def _has_zone(draft: Draft, directory: Registry) -> bool:
    at: Draft | Place | None = draft
    while isinstance(at, Draft):
        if at.zone is not None:
            return True
        at = at.held or at.parent
    if at is None or at.id is None:
        return False
    return any(unit in directory.tree.zones for unit in directory.tree.path(at.id))
