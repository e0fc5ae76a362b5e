"""The city's administrative line and its zones: which units there are, where, and how many sit in them."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from fangxian.registry.actions import NewCover, NewUnit
from fangxian.registry.kinds import KEY_AREAS

from .draws import allot, stream
from .facts import Targets

ROOT = "xw"
FOUNDED = date(2010, 9, 1)
TERM = date(2019, 9, 1)  # classes are formed anew each school year
RESPONSE = date(2020, 1, 24)

TOWNSHIPS = [
    "宛水街道",
    "西宁街道",
    "双龙街道",
    "虹桥街道",
    "丰华街道",
    "凤凰街道",
    "板桥街道",
    "来宾街道",
    "格宜镇",
    "田坝镇",
    "羊场镇",
    "倘塘镇",
    "落水镇",
    "海岱镇",
    "务德镇",
    "热水镇",
    "宝山镇",
    "东山镇",
    "杨柳镇",
    "龙场镇",
    "龙潭镇",
    "双河乡",
    "普立乡",
    "西泽乡",
    "得禄乡",
    "文兴乡",
    "阿都乡",
    "乐丰乡",
]
OFFICE_NAMES = [
    "办公室",
    "人事科",
    "计划财务科",
    "基础教育科",
    "职业与成人教育科",
    "督导室",
    "学校安全科",
    "体育科",
    "德育科",
    "教师培训科",
    "招生考试办公室",
    "电化教育馆",
    "教学研究室",
    "学生资助中心",
    "工会",
    "审计科",
    "项目办公室",
    "信访办公室",
]
_VILLAGE = ("石大小上下新老龙青白红松梨花云朝中前后高", "坪塘坝箐山水田冲沟坡井营堡屯桥村寨湾坎岩")
_NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Stage:
    """How schools of a stage are: their share of schools and pupils, their grades, how full a class is."""

    schools: float
    pupils: float
    grades: range
    full: int
    city_run: bool = False
    pupils_a_teacher: float = 17.0


STAGES: dict[str, Stage] = {
    "primary": Stage(370, 0.560, range(1, 7), 39),
    "junior": Stage(45, 0.226, range(7, 10), 50),
    "nine_year": Stage(15, 0.050, range(1, 10), 43),
    "senior": Stage(14, 0.095, range(10, 13), 56, city_run=True),
    "complete": Stage(5, 0.030, range(7, 13), 54, city_run=True),
    "vocational": Stage(4, 0.039, range(10, 13), 48, city_run=True),
}
SMALL_CITY = ("primary", "junior", "senior")  # what even the smallest city has
POINT = Stage(328, 0.045, range(1, 4), 26, pupils_a_teacher=14.0)
SMALLEST_POINT = 9


@dataclass(slots=True)
class Class:
    code: str
    name: str
    grade: int
    size: int
    school: int  # index into Layout.schools


@dataclass(slots=True)
class School:
    code: str
    name: str
    kind: str
    stage: str
    town: int
    city_run: bool
    pupils: int
    classes: list[int] = field(default_factory=list)  # indices into Layout.classes
    areas: dict[str, bool] = field(default_factory=dict)  # key area -> declared as none here


@dataclass(slots=True)
class Place:
    """A unit that is inspected: an institution or a venue."""

    code: str
    name: str
    town: int


@dataclass(slots=True)
class Layout:
    targets: Targets
    bureau: str
    centres: list[str]  # codes, by town
    towns: list[str]
    offices: list[str]
    schools: list[School]
    classes: list[Class]
    institutions: list[Place]
    venues: list[Place]
    staff: dict[str, int]  # how many work in an office, a centre, a school, by code
    zones: int

    def zone_of_town(self, town: int) -> int:
        return town * self.zones // len(self.towns)

    def zone_of_office(self, office: int) -> int:
        return office % self.zones


def lay_out(targets: Targets, seed: int) -> Layout:
    """Plan the administrative line for these targets."""
    rng = stream(seed, "layout")
    towns = [TOWNSHIPS[i] if i < len(TOWNSHIPS) else f"第{i + 1}乡" for i in range(targets.centres)]
    layout = Layout(
        targets=targets,
        bureau=targets.facts.bureau,
        centres=[f"c{i + 1:02d}" for i in range(len(towns))],
        towns=towns,
        offices=[f"o{i + 1:02d}" for i in range(targets.offices)],
        schools=[],
        classes=[],
        institutions=[],
        venues=[],
        staff={},
        zones=targets.of("command.zones"),
    )
    _add_schools(layout, rng)
    _add_classes(layout)
    _add_areas(layout, rng)
    layout.institutions = _places(
        rng, layout, "i", "培训中心", targets.of("supervision.training_institutions")
    )
    layout.venues = _places(rng, layout, "v", "体育馆", targets.venues)
    _allot_staff(layout)
    return layout


# ---- schools ----------------------------------------------------------------------------------------


def _add_schools(layout: Layout, rng: np.random.Generator) -> None:
    targets = layout.targets
    counts = _stage_counts(targets.of("environment.hygiene_schools"))
    shares = {stage: STAGES[stage].pupils for stage in counts}
    shares["point"] = POINT.pupils
    places = dict(
        zip(shares, allot(targets.of("students.pupils"), list(shares.values())).tolist(), strict=True)
    )
    villages = _villages(rng)
    for stage, count in counts.items():
        for size in _sizes(rng, places[stage], count, 30 if targets.scale < 1 else 60):
            _add_school(layout, rng, villages, "school", stage, size)
    sizes = _sizes(rng, places["point"] - SMALLEST_POINT, targets.points - 1, SMALLEST_POINT)
    for size in [SMALLEST_POINT, *sizes]:
        _add_school(layout, rng, villages, "teaching_point", "primary", size)


def _stage_counts(schools: int) -> dict[str, int]:
    """How many full schools of each stage; a small city has the stages that pupils need, no more."""
    counts = dict(zip(STAGES, allot(schools, [s.schools for s in STAGES.values()]).tolist(), strict=True))
    for stage in SMALL_CITY:
        if counts[stage] == 0:
            counts[stage] = 1
            counts["primary"] -= 1
    return {stage: count for stage, count in counts.items() if count > 0}


def _sizes(rng: np.random.Generator, pupils: int, schools: int, least: int) -> list[int]:
    """Few large ones, many small ones."""
    return allot(
        pupils, rng.lognormal(0, 0.5, schools), min(least, pupils // max(schools, 1)), "pupils"
    ).tolist()


def _villages(rng: np.random.Generator) -> list[str]:
    names = [a + b for a in _VILLAGE[0] for b in _VILLAGE[1]]
    return [names[i] for i in rng.permutation(len(names))]


def _add_school(
    layout: Layout, rng: np.random.Generator, villages: list[str], kind: str, stage: str, size: int
) -> None:
    number = len(layout.schools)
    city_run = kind == "school" and STAGES[stage].city_run
    urban = max(1, len(layout.towns) // 3)
    town = int(rng.integers(urban)) if city_run else number % len(layout.towns)
    name = _school_name(layout, villages, kind, stage, town, number)
    layout.schools.append(School(f"s{number + 1:03d}", name, kind, stage, town, city_run, int(size)))


_TITLES = {
    "primary": "完全小学",
    "junior": "初级中学",
    "nine_year": "九年一贯制学校",
    "senior": "高级中学",
    "complete": "完全中学",
    "vocational": "职业技术学校",
}


def _school_name(layout: Layout, villages: list[str], kind: str, stage: str, town: int, number: int) -> str:
    village = villages[number % len(villages)] + ("" if number < len(villages) else "新")
    if kind == "teaching_point":
        return f"{layout.towns[town]}{village}教学点"
    where = layout.targets.facts.city if STAGES[stage].city_run else layout.towns[town]
    return f"{where}{village}{_TITLES[stage]}"


def _add_classes(layout: Layout) -> None:
    for index, school in enumerate(layout.schools):
        stage = POINT if school.kind == "teaching_point" else STAGES[school.stage]
        rooms = max(1, -(-school.pupils // stage.full))
        grades = list(stage.grades)[: max(1, min(len(stage.grades), rooms))]
        for grade, pupils in zip(grades, allot(school.pupils, [1] * len(grades)).tolist(), strict=True):
            parallel = max(1, round(pupils / stage.full))
            for number, size in enumerate(allot(pupils, [1] * parallel).tolist(), start=1):
                school.classes.append(len(layout.classes))
                code = f"{school.code}-{grade:02d}{number:02d}"
                layout.classes.append(Class(code, _class_name(grade, number), grade, size, index))


def _class_name(grade: int, number: int) -> str:
    return (
        f"高{_NUMERALS[grade - 10]}（{number}）班"
        if grade > 9
        else f"{_NUMERALS[grade - 1]}年级（{number}）班"
    )


def _add_areas(layout: Layout, rng: np.random.Generator) -> None:
    """Each school declares all five kinds of key area, some as "none here"."""
    for school in layout.schools:
        draw = rng.random(2)
        point = school.kind == "teaching_point"
        none_here = {
            "canteen": draw[0] < (0.6 if point else 0.05 if school.stage == "primary" else 0),
            "dormitory": draw[1] < (0.95 if point else 0.5 if school.stage == "primary" else 0),
        }
        school.areas = {kind: bool(none_here.get(kind, False)) for kind in KEY_AREAS}


def _places(rng: np.random.Generator, layout: Layout, letter: str, title: str, count: int) -> list[Place]:
    words = [
        "启明",
        "博学",
        "育才",
        "新星",
        "阳光",
        "星火",
        "晨光",
        "文昌",
        "腾飞",
        "求知",
        "春蕾",
        "远航",
        "智慧",
        "金榜",
        "未来",
    ]
    towns = rng.integers(0, len(layout.towns), count).tolist()
    return [
        Place(
            f"{letter}{i + 1:03d}",
            f"{layout.towns[t]}{words[i % len(words)]}{title}{i // len(words) + 1}部",
            t,
        )
        for i, t in enumerate(towns)
    ]


def _allot_staff(layout: Layout) -> None:
    targets = layout.targets
    a_centre = 8 if targets.scale >= 0.5 else 3
    offices = allot(targets.office_staff, [1] * len(layout.offices), 1, "office staff")
    in_schools = targets.of("staff.mobilised") - targets.office_staff - a_centre * len(layout.centres)
    weights = [s.pupils / _stage_of(s).pupils_a_teacher for s in layout.schools]
    schools = allot(in_schools, weights, 1, "teachers")
    layout.staff = dict(zip(layout.offices, offices.tolist(), strict=True))
    layout.staff |= dict.fromkeys(layout.centres, a_centre)
    layout.staff |= {s.code: n for s, n in zip(layout.schools, schools.tolist(), strict=True)}


def _stage_of(school: School) -> Stage:
    return POINT if school.kind == "teaching_point" else STAGES[school.stage]


# ---- as units ---------------------------------------------------------------------------------------


def administrative_units(layout: Layout, seed: int) -> list[NewUnit]:
    """All units of the administrative line."""
    rng = stream(seed, "places")
    units = [NewUnit(ROOT, "bureau", layout.bureau, None, FOUNDED, longitude=104.1, latitude=26.22)]
    names = [OFFICE_NAMES[i % len(OFFICE_NAMES)] for i in range(len(layout.offices))]
    units += [NewUnit(c, "office", n, ROOT, FOUNDED) for c, n in zip(layout.offices, names, strict=True)]
    spots = np.column_stack(
        [103.6 + rng.random(len(layout.towns)) * 0.9, 25.9 + rng.random(len(layout.towns)) * 0.7]
    )
    for code, town, (x, y) in zip(layout.centres, layout.towns, spots.tolist(), strict=True):
        units.append(NewUnit(code, "centre", f"{town}中心学校", ROOT, FOUNDED, longitude=x, latitude=y))
    for school in layout.schools:
        units += _school_units(layout, school, spots[school.town] + rng.normal(0, 0.04, 2))
    for kind, places in (("institution", layout.institutions), ("venue", layout.venues)):
        units += [NewUnit(p.code, kind, p.name, layout.centres[p.town], FOUNDED) for p in places]
    return units


def _school_units(layout: Layout, school: School, spot: np.ndarray) -> list[NewUnit]:
    parent = ROOT if school.city_run else layout.centres[school.town]
    x, y = (round(float(v), 5) for v in spot)
    own = NewUnit(
        school.code, school.kind, school.name, parent, FOUNDED, school.stage, longitude=x, latitude=y
    )
    rooms = [layout.classes[i] for i in school.classes]
    return [
        own,
        *(NewUnit(c.code, "class", school.name + c.name, school.code, TERM) for c in rooms),
        *(
            NewUnit(f"{school.code}-{kind}", "key_area", KEY_AREAS[kind][0], school.code, TERM, kind, absent)
            for kind, absent in school.areas.items()
        ),
    ]


def response_units(layout: Layout) -> list[NewUnit]:
    """The headquarters, its zones, a temporary branch and a commando team in each."""
    branches, teams = (
        layout.targets.of("command.temporary_branches"),
        layout.targets.of("command.commando_teams"),
    )
    zones = [
        NewUnit(f"z{z + 1}", "zone", f"第{_number(z + 1)}战区", "hq", RESPONSE) for z in range(layout.zones)
    ]
    return [
        NewUnit("hq", "headquarters", f"{layout.bureau}疫情防控指挥部", None, RESPONSE),
        *zones,
        *(_of_zone(layout, "tb", "temporary_branch", "临时党支部", b) for b in range(branches)),
        *(_of_zone(layout, "ct", "commando_team", "党员突击队", t) for t in range(teams)),
    ]


def _of_zone(layout: Layout, letters: str, kind: str, title: str, index: int) -> NewUnit:
    zone = index % layout.zones
    return NewUnit(
        f"{letters}{index + 1}", kind, f"第{_number(zone + 1)}战区{title}", f"z{zone + 1}", RESPONSE
    )


def _number(n: int) -> str:
    return _NUMERALS[n - 1] if n <= len(_NUMERALS) else str(n)


def zone_covers(layout: Layout) -> list[NewCover]:
    """Every centre, school, office, institution and venue lies in exactly one zone."""
    by_town: list[tuple[str, int]] = [(code, town) for town, code in enumerate(layout.centres)]
    by_town += [(s.code, s.town) for s in layout.schools]
    by_town += [(p.code, p.town) for p in (*layout.institutions, *layout.venues)]
    zoned = [(code, layout.zone_of_town(town)) for code, town in by_town]
    zoned += [(code, layout.zone_of_office(i)) for i, code in enumerate(layout.offices)]
    covers = [NewCover(f"z{zone + 1}", code, "zone", RESPONSE) for code, zone in zoned]
    return [NewCover(ROOT, "hq", "host", RESPONSE), *covers]
