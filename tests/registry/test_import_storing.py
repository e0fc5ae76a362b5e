"""Rosters against the registry: what an import stores and refuses; a second time adds nothing."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.kernel.problems import Problem
from fangxian.registry.actions import NewHousehold, NewPerson, add_households, enrol, transfer
from fangxian.registry.holding import holding
from fangxian.registry.importing.cells import Setting
from fangxian.registry.importing.directory import Registry
from fangxian.registry.importing.examine import Import, examine, store
from fangxian.registry.models import Membership, Person, PersonSecret, PersonState, Post, Unit
from fangxian.registry.queries import without_first_responsible, zone_faults
from fangxian.registry.tree import tree

from .import_files import PUPILS, STAFF, TODAY, UNITS, codes, number, person, table, write_csv

NOW = datetime(2020, 2, 15, 10, tzinfo=OFFICE_ZONE)
START = date(2020, 1, 1)


def look(folder: Path, headings: list[str], rows: list[Any], kind: str, policy: str = "atomic") -> Import:
    path = write_csv(folder / f"{kind}.csv", table(headings, rows))
    return examine(path, kind, directory=Registry(TODAY), setting=Setting(TODAY), policy=policy)


def keep(folder: Path, headings: list[str], rows: list[Any], kind: str, policy: str = "atomic") -> Import:
    imported = look(folder, headings, rows, kind, policy)
    assert imported.examined.file_error is None
    if policy == "atomic":
        assert codes(imported) == []
    store(imported, by="test", now=NOW)
    return imported


def pupil(serial: int, **cells: Any) -> dict[str, Any]:
    row = {
        "姓名": "甲乙丙丁戊己庚辛壬癸"[serial % 10] + "小",
        "性别": "男" if serial % 2 else "女",
        "身份证号": number(serial, "20100101"),
        "单位": "一小",
        "班级": "一班",
        "监护人": "甲乙丙丁戊己庚辛壬癸"[serial % 10] + "大",
        "监护人手机号": f"100{serial:08d}",
        "关系": "母亲",
    }
    return row | cells


SCHOOL = [
    {
        "单位名称": "希望小学",
        "类别": "小学",
        "上级单位": "中心学校",
        "代码": "hope",
        "重点部位": "教室、厕所、校门",
        "无此部位": "食堂、宿舍",
    },
    {"单位名称": "一年级(1)班", "类别": "班级", "上级单位": "希望小学"},
    {"单位名称": "二年级(1)班", "类别": "班级", "上级单位": "希望小学"},
]


def counted() -> Counter[str]:
    """Rows that hold today, by what they say."""
    at = holding(TODAY, head_position())
    posts = Counter(Post.objects.filter(at).values_list("role", flat=True))
    units = Counter(node.kind for node in tree(TODAY, head_position()).nodes.values())
    members = Counter(Membership.objects.filter(at).values_list("relation", flat=True))
    return posts + units + members


# ---- a new school -----------------------------------------------------------------------------------


def test_a_new_school_of_ten_pupils_adds_exactly_itself(small_city, tmp_path: Path) -> None:
    before, positions = counted(), head_position()
    keep(tmp_path, UNITS, SCHOOL, "units")
    pupils = [
        pupil(i, 单位="希望小学", 班级="一年级（1）班" if i % 2 else "二年级(1)班", 监护人=f"家长{i}")
        for i in range(10)
    ]
    keep(tmp_path, PUPILS, pupils, "pupils")
    added = counted() - before
    assert added == {"school": 1, "class": 2, "key_area": 5, "pupil": 10, "child": 10, "parent": 10}
    assert head_position() == positions + 2
    units = tree(TODAY, head_position())
    first = units.nodes[units.by_code["hope-1"]]
    assert {units.nodes[unit].code for unit in units.reach(first.id)} >= {"hope", "c1", "xw", "z1"}
    areas = {n.stage: n.absent for n in units.nodes.values() if n.parent == units.by_code["hope"]}
    assert areas == {
        "": False,
        "classrooms": False,
        "toilets": False,
        "entrance": False,
        "canteen": True,
        "dormitory": True,
    }
    assert units.nodes[units.by_code["hope"]].stage == "primary"


def test_importing_the_same_files_again_adds_nothing(small_city, tmp_path: Path) -> None:
    rosters = [
        (UNITS, SCHOOL, "units"),
        (STAFF, [person(1, 单位="希望小学", 岗位="校长、第一责任人"), person(2)], "staff"),
        (
            PUPILS,
            [
                pupil(3),
                pupil(4),
                pupil(5, 监护人="丁大", 监护人手机号="10000000003"),
                pupil(6, 监护人手机号=""),
            ],
            "pupils",
        ),
    ]
    for roster in rosters:
        keep(tmp_path, *roster)
    before = (counted(), Unit.objects.count(), Person.objects.count(), PersonSecret.objects.count())
    for headings, rows, kind in rosters:
        again = keep(tmp_path, headings, rows, kind)
        already = [each for each in again.examined.warnings if each.problem.code == "already-there"]
        assert len(already) == len(rows)
    assert before == (counted(), Unit.objects.count(), Person.objects.count(), PersonSecret.objects.count())


def test_a_zone_covers_what_names_it_and_gaps_are_told(small_city, tmp_path: Path) -> None:
    rows = [
        {"单位名称": "直属小学", "类别": "小学", "上级单位": "局", "战区": "第二战区"},
        {"单位名称": "体卫科", "类别": "局机关科室", "上级单位": "局"},
    ]
    imported = keep(tmp_path, UNITS, rows, "units")
    assert [(e.row, e.problem.code) for e in imported.examined.warnings] == [(3, "without-zone")]
    assert [fault.unit.name for fault in zone_faults(TODAY, head_position())] == ["体卫科"]
    units = tree(TODAY, head_position())
    school = next(node for node in units.nodes.values() if node.name == "直属小学")
    assert [units.nodes[zone].code for zone in units.zones[school.id]] == ["z2"]
    assert school.code.startswith("xw-")


def test_a_new_line_with_its_host(small_city, tmp_path: Path) -> None:
    headings = ["单位名称", "类别", "上级单位", "依托单位"]
    rows = [
        {"单位名称": "一小大队", "类别": "少先队大队", "依托单位": "一小"},
        {"单位名称": "一班中队", "类别": "少先队中队", "上级单位": "一小大队", "依托单位": "一小/一班"},
    ]
    keep(tmp_path, headings, rows, "units")
    units = tree(TODAY, head_position())
    squadron = next(node for node in units.nodes.values() if node.name == "一班中队")
    assert units.hosts[squadron.id] == small_city["s1-1"]
    assert small_city["s1"] in units.reach(squadron.id)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("新", "小学", "无此中心")], [(2, "上级单位", "unknown-unit")]),
        ([("新", "宫殿", "中心学校")], [(2, "类别", "unknown-kind")]),
        ([("新", "小学", "")], [(2, "上级单位", "parent-missing")]),
        ([("新", "班级", "局")], [(2, "上级单位", "wrong-parent")]),
        ([("新", "战区", "局")], [(2, "上级单位", "wrong-line")]),
        ([("新", "党支部", "新")], [(2, "上级单位", "unit-cycle")]),
        (
            [("甲", "党支部", "乙"), ("乙", "党支部", "丙"), ("丙", "党支部", "甲"), ("丁", "党支部", "甲")],
            [(2, "上级单位", "unit-cycle"), (3, "上级单位", "unit-cycle"), (4, "上级单位", "unit-cycle")],
        ),
        ([("新", "小学", "中心学校"), (" 新", "小学", "中心学校")], [(3, "单位名称", "unit-twice-in-file")]),
        ([("新", "教学点", "一班")], [(2, "上级单位", "unit-name-ambiguous")]),
        ([("一班", "班级", "一小"), ("新", "班级", "一班")], [(3, "上级单位", "wrong-parent")]),
    ],
)
def test_rows_that_make_no_tree_are_named_and_nothing_stored(small_city, tmp_path: Path, rows, found) -> None:
    before = (Unit.objects.count(), head_position())
    given = [dict(zip(UNITS[:3], row, strict=True)) for row in rows]
    imported = look(tmp_path, UNITS[:3], given, "units")
    assert codes(imported) == found
    with pytest.raises(Problem) as caught:
        store(imported, by="test", now=NOW)
    assert caught.value.code == "rows-rejected"
    assert (Unit.objects.count(), head_position()) == before


def test_codes_zones_areas_and_spans_of_units_are_checked(small_city, tmp_path: Path) -> None:
    headings = [*UNITS, "第一责任人身份证号", "起始日期", "终止日期"]
    base = {"类别": "小学", "上级单位": "中心学校"}
    rows = [
        base | {"单位名称": "甲", "代码": "s1"},
        base | {"单位名称": "乙", "战区": "第九战区"},
        base | {"单位名称": "丙", "重点部位": "操场"},
        base | {"单位名称": "丁", "重点部位": "食堂", "无此部位": "食堂"},
        base | {"单位名称": "戊", "起始日期": "2020-03-01", "终止日期": "2020-03-01"},
        base | {"单位名称": "己", "第一责任人身份证号": number(1)},
        base | {"单位名称": "庚", "代码": "有 空"},
        {"单位名称": "中心学校", "类别": "中心学校", "上级单位": "局", "代码": "c1", "战区": "第二战区"},
    ]
    assert codes(look(tmp_path, headings, rows, "units")) == [
        (2, "代码", "unit-code-taken"),
        (3, "战区", "unknown-unit"),
        (4, "重点部位", "key-area-unknown"),
        (5, "无此部位", "area-both-ways"),
        (6, "终止日期", "span-reversed"),
        (7, "第一责任人身份证号", "unknown-responsible"),
        (8, "代码", "code-unreadable"),
        (9, "战区", "two-zones"),
    ]


def test_partial_stores_the_good_rows_and_none_below_a_bad_one(small_city, tmp_path: Path) -> None:
    rows = [
        *SCHOOL,
        {"单位名称": "坏小学", "类别": "小学", "上级单位": "无此中心"},
        {"单位名称": "一班", "类别": "班级", "上级单位": "坏小学"},
        {"单位名称": "某机构", "类别": "校外培训机构", "上级单位": "坏小学/一班"},
    ]
    imported = keep(tmp_path, UNITS, rows, "units", policy="partial")
    assert {row for row, _column, _code in codes(imported)} == {5, 6, 7}
    assert imported.passes
    assert Unit.objects.filter(code__startswith="hope").count() == 8
    assert not Unit.objects.filter(states__name="坏小学").exists()


# ---- staff ------------------------------------------------------------------------------------------


def test_staff_get_posts_secrets_and_a_household(small_city, tmp_path: Path) -> None:
    rows = [person(1, 岗位="校长、第一责任人"), person(2, 单位="office", 岗位="科员")]
    keep(tmp_path, STAFF, rows, "staff")
    held = PersonState.objects.get(name=rows[0]["姓名"])
    assert (held.sex, held.birth_date) == ("m", date(1980, 1, 1))
    posts = Post.objects.filter(person=held.person_id)
    assert set(posts.values_list("role", "unit_id")) == {
        (role, small_city["s1"]) for role in ("staff", "head", "first_responsible")
    }
    assert Membership.objects.get(person=held.person_id).relation == "self"
    assert PersonSecret.objects.filter(person=held.person_id).count() == 2
    assert "s1" not in {node.code for node in without_first_responsible(TODAY, head_position())}


def test_somebody_known_gets_the_post_and_is_not_doubled(small_city, tmp_path: Path) -> None:
    keep(tmp_path, STAFF, [person(1)], "staff")
    people = Person.objects.count()
    keep(tmp_path, STAFF, [person(1, 单位="二点")], "staff")
    assert Person.objects.count() == people
    units = set(Post.objects.filter(role="staff").values_list("unit_id", flat=True))
    assert units == {small_city["s1"], small_city["s2"]}


def test_a_guardian_who_turns_out_to_be_staff_is_one_person(small_city, tmp_path: Path) -> None:
    row = person(1)
    keep(tmp_path, PUPILS, [pupil(3, 监护人=row["姓名"], 监护人手机号=row["手机号"])], "pupils")
    people = Person.objects.count()
    keep(tmp_path, STAFF, [row], "staff")
    assert Person.objects.count() == people
    guardian = PersonState.objects.get(name=row["姓名"]).person_id
    assert set(PersonSecret.objects.filter(person=guardian).values_list("field", flat=True)) == {
        "phone",
        "id_number",
    }
    assert Membership.objects.filter(person=guardian).count() == 1


def test_staff_who_turn_out_to_be_guardians_are_one_person(small_city, tmp_path: Path) -> None:
    row = person(1)
    keep(tmp_path, STAFF, [row], "staff")
    keep(tmp_path, PUPILS, [pupil(3, 监护人=row["姓名"], 监护人手机号=row["手机号"])], "pupils")
    adult = PersonState.objects.get(name=row["姓名"]).person_id
    home = Membership.objects.get(person=adult).household_id
    assert Membership.objects.filter(household=home).count() == 2


def test_staff_that_cannot_be_are_refused(small_city, tmp_path: Path) -> None:
    keep(tmp_path, STAFF, [person(1, 岗位="第一责任人")], "staff")
    rows = [
        person(1, 姓名="别人"),
        person(2, 岗位="第一责任人"),
        person(3, 单位="二点", 岗位="第一责任人"),
        person(4, 单位="二点", 岗位="教师、第一责任人"),
        person(5),
        person(5, 单位="二点"),
        person(6, 单位="一班"),
    ]
    assert codes(look(tmp_path, STAFF, rows, "staff")) == [
        (2, "姓名", "known-by-another-name"),
        (3, "岗位", "two-responsible"),
        (5, "岗位", "two-responsible"),
        (7, "身份证号", "twice-in-file"),
        (8, "单位", "unknown-unit"),
    ]


def test_what_is_unlikely_is_told_and_stored(small_city, tmp_path: Path) -> None:
    rows = [person(1, 性别="女"), person(2, 身份证号=number(2, "20150101"))]
    imported = keep(tmp_path, STAFF, rows, "staff")
    told = [(each.row, each.problem.code) for each in imported.examined.warnings]
    assert told == [(2, "sex-against-id-number"), (3, "age-unlikely")]


# ---- pupils -----------------------------------------------------------------------------------------


def test_siblings_share_a_household(small_city, tmp_path: Path) -> None:
    parent = {"监护人": "丁大", "监护人手机号": "10000000009"}
    rows = [
        pupil(3, **parent),
        pupil(4, **parent, 单位="二点"),
        pupil(5, 监护人="丁大", 监护人手机号="10000000008"),
    ]
    keep(tmp_path, PUPILS, rows, "pupils")
    sizes = Counter(Membership.objects.values_list("household_id", flat=True)).values()
    assert sorted(sizes) == [2, 3]
    keep(tmp_path, PUPILS, [pupil(6, **parent, 关系="爷爷")], "pupils")
    sizes = Counter(Membership.objects.values_list("household_id", flat=True)).values()
    assert sorted(sizes) == [2, 4]
    assert PersonState.objects.filter(name="丁大").count() == 2


def test_a_pupil_with_a_household_brings_the_guardian_there(small_city, tmp_path: Path) -> None:
    row = pupil(3)
    child = enrol(people=[NewPerson(row["姓名"], "m", id_number=row["身份证号"])], by="test", now=NOW)[0]
    home = add_households(households=[NewHousehold([(child, "child")], START)], by="test", now=NOW)[0]
    keep(tmp_path, PUPILS, [row], "pupils")
    members = Membership.objects.filter(household=home)
    assert sorted(members.values_list("relation", flat=True)) == ["child", "parent"]
    assert Post.objects.get(person=child).unit_id == small_city["s1-1"]


def test_two_classes_at_once_name_both(small_city, tmp_path: Path) -> None:
    keep(tmp_path, PUPILS, [pupil(3)], "pupils")
    rows = [pupil(3, 单位="二点"), pupil(4), pupil(4, 单位="二点"), pupil(5), pupil(5)]
    imported = look(tmp_path, PUPILS, rows, "pupils")
    assert codes(imported) == [
        (2, "班级", "two-classes"),
        (4, "班级", "two-classes"),
        (6, "身份证号", "twice-in-file"),
    ]
    facts = imported.examined.rejected[1].problem.facts
    assert (facts["first"], facts["second"]) == ("一小 一班", "二点 一班")


def test_a_pupil_who_was_transferred_may_be_imported_where_she_is(small_city, tmp_path: Path) -> None:
    keep(tmp_path, PUPILS, [pupil(4) | {"单位": "一小"}], "pupils")
    child = Post.objects.get(role="pupil").person_id
    transfer(person=child, to_unit=small_city["s2-1"], day=TODAY, by="test", now=NOW)
    assert codes(look(tmp_path, PUPILS, [pupil(4, 单位="二点")], "pupils")) == []


def test_pupils_that_cannot_be_are_refused(small_city, tmp_path: Path) -> None:
    headings = [*PUPILS, "入学日期", "离校日期"]
    rows = [
        pupil(3, 班级="九班"),
        pupil(4, 单位="office"),
        pupil(5, 监护人=""),
        pupil(6, 入学日期="2020/2/3", 离校日期="2020年2月1日"),
        pupil(7, 班级="", 单位="无此校"),
    ]
    assert codes(look(tmp_path, headings, rows, "pupils")) == [
        (2, "班级", "unknown-class"),
        (3, "单位", "unknown-unit"),
        (4, "监护人", "guardian-nameless"),
        (5, "终止日期", "span-reversed"),
        (6, "班级", "cell-missing"),
        (6, "单位", "unknown-unit"),
    ]


def test_a_problem_midway_leaves_nothing(small_city, tmp_path: Path) -> None:
    """The registry may change between the look and the storing: then nothing is stored."""
    imported = look(tmp_path, PUPILS, [pupil(3), pupil(4)], "pupils")
    enrol(people=[NewPerson("别人", id_number=pupil(4)["身份证号"])], by="test", now=NOW)
    before = (Person.objects.count(), head_position())
    with pytest.raises(Problem) as caught:
        store(imported, by="test", now=NOW)
    assert caught.value.code == "registry-changed"
    assert (Person.objects.count(), head_position()) == before


def test_numbers_lie_sealed(small_city, tmp_path: Path) -> None:
    keep(tmp_path, PUPILS, [pupil(3)], "pupils")
    for secret in PersonSecret.objects.all():
        assert pupil(3)["身份证号"].encode() not in bytes(secret.sealed)
        assert pupil(3)["监护人手机号"].encode() not in bytes(secret.sealed)


def test_the_number_of_queries_does_not_grow_with_the_rows(small_city, tmp_path: Path) -> None:
    from django.db import connection

    spent = []
    for first, count in ((10, 5), (100, 60)):
        rows = [
            pupil(i, 姓名=f"学生{i % 10}", 监护人手机号=f"100{i:08d}") for i in range(first, first + count)
        ]
        rows = [row | {"身份证号": number(i, "20110101")} for i, row in enumerate(rows, start=first)]
        with CaptureQueriesContext(connection) as queries:
            keep(tmp_path, PUPILS, rows, "pupils")
        spent.append(len(queries))
    assert spent[1] <= spent[0], spent
