"""What the duty officer lives through, by the command line: retracted pledges, transfers, late corrections,
a new school, a lake that is lost. Each leaves what was issued as it was, and says what differs now."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from fangxian.scenario.expected import expected
from fangxian.scenario.facts import read_facts

from .conftest import EVENING, City

THE_14TH = "2020-02-14T09:10:00+08:00"
LATER = "2020-02-14T10:00:00+08:00"
UNIVERSITY = "screening.university_students_back_from_hubei"


PLEDGES, PUPILS, SCHOOLS = "party.pledges_signed", "students.pupils", "students.schools"


def test_the_evening_counts_what_was_planted(fresh_city: City) -> None:
    wanted = expected(read_facts(), 0.01)
    counted = fresh_city.figures()
    assert {id: counted.get(id) for id in wanted} == wanted


def test_nothing_that_counts_knows_of_the_facts() -> None:
    source = Path(__file__).parents[2] / "src" / "fangxian"
    for room in ("kernel", "lake", "registry", "campaigns", "submissions", "screening", "figures"):
        for file in (source / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert "fangxian.scenario" not in text and "xuanwei-2020" not in text, file


def test_a_retracted_pledge(fresh_city: City) -> None:
    city = fresh_city
    issued = city.run("bulletin", "--as-of", EVENING, "--number", "1").split()[:2]
    pledges = city.records(PLEDGES)
    [told] = city.write("retract", THE_14TH, {"id": pledges[0]["id"], "reason": "signed for another"})
    assert told["status"] == "retracted"
    counted = [city.figures(EVENING, PLEDGES, *known)[PLEDGES] for known in ([], ["--known-by", LATER])]
    assert counted == [len(pledges), len(pledges) - 1]
    shutil.rmtree(city.home.bulletins / "1")
    assert city.run("bulletin", "--reissue", "1").split()[:2] == issued
    assert (city.home.bulletins / "1").exists()
    [change] = json.loads(city.run("changes", "1", "--known-by", LATER, "--json"))
    words = city.run("changes", "1", "--known-by", LATER).splitlines()
    assert len(words) == 2 and "no longer counts (1)" in words[1] and "retracted as untrue" in words[1]
    assert (change["id"], change["was"], change["now"]) == (PLEDGES, len(pledges), len(pledges) - 1)
    assert [record["id"] for record in change["records"]] == [pledges[0]["id"]]
    assert change["records"][0]["causes"][0]["instance_id"] == told["instance_id"]


def test_a_pupil_who_transfers_is_counted_once(fresh_city: City) -> None:
    city = fresh_city
    pupils = city.records(PUPILS)
    first = pupils[0]
    school = first["unit_code"].split("-")[0]
    to = next(r["unit_code"] for r in pupils if r["unit_code"].split("-")[0] != school)
    city.write("transfer", THE_14TH, {"person": first["id"], "to": to, "day": "2020-02-14"})
    now = city.records(PUPILS, LATER)
    assert len(now) == len({record["id"] for record in now}) == len(pupils)
    assert city.figures(LATER, PUPILS, "--unit", to)[PUPILS] == sum(r["unit_code"] == to for r in pupils) + 1


def test_a_correction_on_the_14th_leaves_the_bulletin_of_the_12th(fresh_city: City) -> None:
    city = fresh_city
    city.run("bulletin", "--as-of", EVENING, "--number", "1")
    students = city.records(UNIVERSITY)
    sound = {"outcome": "reached", "occupation": "university", "place": "none", "contact_hubei": "no"}
    sound |= {"symptoms": ["none"], "temperature": 36.5, "now_at": "home"}
    old = students[0]["because"]
    told = city.write("correct", THE_14TH, *({"supersedes": id, "answers": sound} for id in old))
    assert {line["status"] for line in told} == {"accepted"}
    counted = [city.figures(EVENING, UNIVERSITY, *known)[UNIVERSITY] for known in ([], ["--known-by", LATER])]
    assert counted == [len(students), len(students) - 1]
    changes = json.loads(city.run("changes", "1", "--known-by", LATER, "--json"))
    assert {change["id"]: change["now"] - change["was"] for change in changes}[UNIVERSITY] == -1


def test_a_new_school_of_ten_pupils_changes_what_it_should(fresh_city: City, tmp_path: Path) -> None:
    city = fresh_city
    before = city.figures(LATER)
    centre = city.records(SCHOOLS)[0]["place"][0]
    zone = city.records("command.zones")[0]["unit_name"]
    day, school, room = "2020-02-14", "新村教学点", "一年级（1）班"
    heads = ("单位名称", "类别", "上级单位", "学段", "战区", "重点部位", "无此部位", "起始日期")
    units = [
        (school, "教学点", centre, "小学", zone, "教室、厕所、校门", "食堂、宿舍", day),
        (room, "班级", school, None, None, None, None, day),
    ]
    _import(city, "units", _sheet(tmp_path / "units.xlsx", heads, units))
    heads = ("姓名", "性别", "身份证号", "单位", "班级", "监护人", "监护人手机号", "关系", "起始日期")
    pupils = [
        (f"丁{n}", "男", _number(2 * n - 1), school, room, f"丁父{n}", f"1000000{n:04}", "父亲", day)
        for n in range(1, 11)
    ]
    _import(city, "pupils", _sheet(tmp_path / "pupils.xlsx", heads, pupils))
    after = city.figures(LATER)
    issued = {id for id in after if not id.startswith("coverage.")}
    changed = {id: after[id] - before[id] for id in issued if after[id] != before[id]}
    assert changed == {SCHOOLS: 1, PUPILS: 10}
    assert city.figures(EVENING, SCHOOLS, PUPILS) == {id: before[id] for id in (SCHOOLS, PUPILS)}


def _import(city: City, kind: str, file: Path) -> None:
    city.run("import", str(file), "--kind", kind, "--at", THE_14TH, "--yes")


def _number(n: int) -> str:
    """An invented ID number (no region has the prefix 99), with its check digit by GB 11643."""
    body = f"99010120130101{n:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def _sheet(path: Path, heads: tuple[str, ...], rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    for row in (heads, *rows):
        book.active.append(row)
    book.save(path)
    return path


def test_a_malformed_roster_names_the_cell_and_stores_nothing(fresh_city: City, tmp_path: Path) -> None:
    city = fresh_city
    heads = ("单位名称", "类别", "上级单位", "起始日期")
    file = _sheet(tmp_path / "units.xlsx", heads, [("好班", "班级", "查无此校", "2020-02-14")])
    words = ("import", str(file), "--kind", "units", "--at", THE_14TH, "--json")
    told = json.loads(city.run(*words, fails=True))
    assert told["status"] == "rejected"
    assert [(bad["row"], bad["column"]) for bad in told["rejected"]] == [(2, "上级单位")]
    assert not city.run("records", PUPILS, "--as-of", LATER, "--json").count("好班")


@pytest.mark.parametrize("damage", ["missing", "half written"])
def test_a_lake_that_is_lost_is_noticed_and_built_anew(fresh_city: City, damage: str) -> None:
    city = fresh_city
    wanted = (PUPILS, PLEDGES, UNIVERSITY)
    before = city.figures(EVENING, *wanted)
    if damage == "missing":
        shutil.rmtree(city.home.lake)
    else:
        largest = max(city.home.lake.rglob("*.parquet"), key=lambda file: file.stat().st_size)
        largest.write_bytes(largest.read_bytes()[:-100])
    assert city.run("lake", "check", fails=True)
    assert city.figures(EVENING, *wanted) == before
    city.run("lake", "check")


def test_rebuilding_the_lake_leaves_every_figure_as_it_was(fresh_city: City) -> None:
    before = fresh_city.figures()
    fresh_city.run("lake", "rebuild")
    assert fresh_city.figures() == before


TWICE = """
import django, json, sys; django.setup()
from datetime import date, timedelta
from fangxian.kernel.changes import head_position
from fangxian.kernel.models import Head
from fangxian.registry.actions import NewPerson, enrol
from fangxian.registry.holding import holding
from fangxian.registry.models import PersonState, Post
at = holding(date(2020, 2, 12), head_position())
posts = list(Post.objects.filter(at, role="pupil").order_by("person").values_list("person_id", "unit_id"))
made = []
for place, (person, unit) in enumerate(posts[:600:50]):
    held = PersonState.objects.filter(at, person=person).get()
    told = {"name": held.name, "sex": held.sex, "birth_date": held.birth_date}
    if place % 3 == 1 and len(held.name) > 2:
        told["name"] = held.name[0] + held.name[:0:-1]
    if place % 3 == 2:
        told["birth_date"] = held.birth_date.replace(day=held.birth_date.day % 28 + 1)
    new = NewPerson(**told, posts=[(unit, "pupil", date(2019, 9, 1))])
    made.append([person, *enrol(people=[new], by="test", now=Head.objects.get().at)])
print(json.dumps(made))
"""


def test_who_was_enrolled_twice_is_found_merged_and_split(fresh_city: City) -> None:
    """Without number and phone; of some the name or the birthday was taken down wrong."""
    city = fresh_city
    told = {"FANGXIAN_HOME": str(city.home.path), "DJANGO_SETTINGS_MODULE": "fangxian.settings"}
    environment = {k: v for k, v in os.environ.items() if k != "FANGXIAN_POSTGRES"} | told
    planted = subprocess.run(
        [sys.executable, "-c", TWICE], env=environment, capture_output=True, text=True, timeout=120
    )
    assert planted.returncode == 0, planted.stderr
    twice = [tuple(pair) for pair in json.loads(planted.stdout)]
    before = city.figures(LATER, PUPILS)[PUPILS]
    city.run("duplicates", "find")
    found = {tuple(row["people"]): row for row in json.loads(city.run("duplicates", "list", "--json"))}
    assert set(twice[::3]) <= set(found), "the same name and birthday"
    assert len(set(twice) & set(found)) >= 7, "and most of those of whom one of them is wrong"
    assert len(set(found) - set(twice)) <= 3, "hardly anybody else"
    pair = next(found[two] for two in twice if two in found)
    assert pair["reasons"]
    city.run("duplicates", "merge", str(pair["pair"]))
    assert city.figures(LATER, PUPILS)[PUPILS] == before - 1
    city.run("duplicates", "undo", str(pair["pair"]))
    assert city.figures(LATER, PUPILS)[PUPILS] == before
    city.run("duplicates", "undo", str(pair["pair"]), fails=True)
