"""Files that were imported: kept sealed and for a term; what was chosen for a source holds next time."""

import hashlib
import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fangxian.cli.main import _build, _home_first
from fangxian.kernel.changes import head_position
from fangxian.kernel.models import Change
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.kernel.problems import Problem
from fangxian.registry.importing.cells import Setting
from fangxian.registry.importing.directory import Registry
from fangxian.registry.importing.examine import Import, examine, store
from fangxian.registry.importing.keeping import erase_kept_files, kept_content, mapping_of
from fangxian.registry.importing.rows import Choices
from fangxian.registry.models import KeptContent, KeptFile

from .import_files import STAFF, TODAY, person, table, write_csv, write_xlsx

NOW = datetime(2020, 2, 15, 10, tzinfo=OFFICE_ZONE)
OBJECT = ["status", "policy", "rows", "rejected", "ignored", "warnings", "file_error"]


def look(path: Path, **mapping: str) -> Import:
    return examine(path, "staff", directory=Registry(TODAY), setting=Setting(TODAY), choices=Choices(mapping))


def staff(folder: Path, *rows: dict, phone: str = "手机号") -> Path:
    headings, *cells = table(STAFF, rows)
    headings = [phone if each == "手机号" else each for each in headings]
    return write_csv(folder / "花名册.csv", [headings, *cells])


def test_a_file_is_kept_sealed_with_who_brought_it_and_when(small_city, tmp_path: Path) -> None:
    path = staff(tmp_path, person(1))
    content = path.read_bytes()
    store(look(path), by="某某", now=NOW, source="一小")
    file = KeptFile.objects.get()
    assert (file.kind, file.source, file.name, file.size) == ("staff", "一小", "花名册.csv", len(content))
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert file.erase_on == date(2020, 2, 15) + timedelta(days=180)
    change = Change.objects.get(position=file.recorded)
    assert (change.by, change.at, change.action) == ("某某", NOW, "registry.import_staff")
    sealed = bytes(KeptContent.objects.get().sealed)
    assert person(1)["身份证号"].encode() not in sealed and content[:20] not in sealed
    assert kept_content(file.pk) == content


def test_what_is_not_stored_is_not_kept(small_city, tmp_path: Path) -> None:
    with pytest.raises(Problem):
        store(look(staff(tmp_path, person(1, 性别="?"))), by="x", now=NOW)
    look(staff(tmp_path, person(1)))
    assert not KeptFile.objects.exists()


def test_a_file_that_changed_after_the_check_stores_nothing(small_city, tmp_path: Path) -> None:
    imported, before = look(staff(tmp_path, person(1))), head_position()
    staff(tmp_path, person(2))
    with pytest.raises(Problem) as caught:
        store(imported, by="x", now=NOW)
    assert (caught.value.code, head_position()) == ("file-changed", before)


def test_the_content_goes_when_its_term_is_over_and_the_hash_stays(small_city, tmp_path: Path) -> None:
    store(look(staff(tmp_path, person(1))), by="x", now=NOW, keep_days=10)
    file = KeptFile.objects.get()
    assert erase_kept_files(day=file.erase_on - timedelta(days=1), by="sweep", now=NOW) == 0
    before = head_position()
    assert erase_kept_files(day=file.erase_on, by="sweep", now=NOW) == 1
    assert Change.objects.get(position=before + 1).detail["erased"] == 1
    assert erase_kept_files(day=file.erase_on, by="sweep", now=NOW) == 0
    assert KeptFile.objects.get().sha256 == file.sha256
    with pytest.raises(Problem) as caught:
        kept_content(file.pk)
    assert caught.value.code == "file-erased"


def test_a_term_of_no_days_keeps_the_hash_alone(small_city, tmp_path: Path) -> None:
    store(look(staff(tmp_path, person(1))), by="x", now=NOW, keep_days=0)
    assert KeptFile.objects.exists() and not KeptContent.objects.exists()


def test_what_was_told_by_content_or_chosen_is_remembered_for_the_source(small_city, tmp_path: Path) -> None:
    rows = [person(i, 姓名=name) for i, name in enumerate(["赵一", "钱二", "孙三"], start=1)]
    told = look(staff(tmp_path, *rows, phone="找谁"))
    assert told.chosen == {"找谁": "phone"}
    store(told, by="x", now=NOW, source="甲")
    assert (mapping_of("甲", "staff"), mapping_of("乙", "staff")) == ({"找谁": "phone"}, {})
    assert mapping_of("甲", "pupils") == {}


# ---- through the command ----------------------------------------------------------------------------


def run(*words: object) -> Result:
    words = ("--lang", "en", *map(str, words), "--at", "2020-02-15T10:00:00+08:00")
    return CliRunner().invoke(_build(), _home_first([str(word) for word in words]), catch_exceptions=False)


def test_the_second_file_of_a_source_needs_no_mapping(small_city, home, tmp_path: Path) -> None:
    words = ("--home", home.path, "import", "--kind", "staff", "--yes", "--source", "一小")
    first = [*STAFF[:3], "甲号", *STAFF[4:], "乙号"]
    rows = [[*person(i).values(), f"100{i + 50:08d}"] for i in (1, 2, 3)]
    path = write_xlsx(tmp_path / "a.xlsx", ("甲", [first, *rows]))
    assert "“手机号” is missing" in run(*words, path).stdout
    told = run(*words, path, "--map", "乙号=手机号")
    assert told.exit_code == 0 and "手机号 ← 乙号" in told.stdout
    again = write_xlsx(tmp_path / "b.xlsx", ("甲", [first, [*person(4).values(), "10000000054"]]))
    assert "手机号 ← 乙号" in run(*words, again).stdout
    assert "手机号 ← 甲号" in run(*words, again, "--map", "甲号=手机号").stdout
    listed = run("--home", home.path, "kept", "--json").stdout.splitlines()
    assert [json.loads(line)["name"] for line in listed] == ["a.xlsx", "b.xlsx", "b.xlsx"]
    out = tmp_path / "out.xlsx"
    assert (
        run("--home", home.path, "kept", "--save", json.loads(listed[0])["id"], "--out", out).exit_code == 0
    )
    assert out.read_bytes() == path.read_bytes()
    assert "a.xlsx (一小)" in run("--home", home.path, "kept").stdout


def test_json_is_one_object_of_these_keys_alone(small_city, home, tmp_path: Path) -> None:
    path = staff(tmp_path, person(1), person(2, 性别="?"), person(3, 性别="女"))
    path.write_text(path.read_text() + "合计,3,,,,\n")
    told = json.loads(
        run("--home", home.path, "import", path, "--kind", "staff", "--json", "--dry-run").stdout
    )
    assert list(told) == OBJECT
    assert (told["status"], told["policy"], told["file_error"]) == ("rejected", "atomic", None)
    assert [set(row) for row in told["rows"]] == [{"sheet", "row", "values"}] * 2
    assert told["rejected"] == [
        {"sheet": "", "row": 3, "column": "性别", "message": "“?” is not a sex. Write 男 or 女."}
    ]
    assert told["ignored"] == [{"sheet": "", "row": 5, "message": "totals"}]
    assert [set(each) for each in told["warnings"]] == [{"sheet", "row", "message"}]
    assert not KeptFile.objects.exists()
    stored = run("--home", home.path, "import", staff(tmp_path, person(1)), "--kind", "staff", "--json")
    assert list(json.loads(stored.stdout)) == OBJECT and "Stored: 0 units, 1 people" in stored.stderr


def test_a_broken_file_is_one_object_too(home, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04")
    names = tmp_path / "names.txt"
    names.write_text("一小\n")
    words = ("import", tmp_path / "a.xlsx", "--kind", "staff", "--json", "--dry-run", "--units", names)
    told = run("--home", home.path, *words)
    assert told.exit_code == 1
    shown = json.loads(told.stdout)
    assert list(shown) == OBJECT and shown["rows"] == [] and shown["status"] == "rejected"
    assert set(shown["file_error"]) == {"sheet", "row", "column", "message"}
