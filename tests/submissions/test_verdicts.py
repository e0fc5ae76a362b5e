"""pyxform, ODK Validate and we: the same verdict on a form, but where docs/forms.md says why not."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pyxform
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert
from tests.forms import xlsform

from fangxian.kernel.problems import Problem
from fangxian.scenario.forms import form_bytes, form_codes
from fangxian.submissions import gallery
from fangxian.submissions.forms import compile_form

ROOT = Path(__file__).parents[2]
JAR = Path(pyxform.__file__).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"
CASES = Path(os.environ.get("FANGXIAN_CASES", "")) / "openrosa" if "FANGXIAN_CASES" in os.environ else None
HEAD = ["type", "name", "label", "relevant", "constraint", "calculation", "fangxian_class", "repeat_count"]
PLAIN = ("text", "integer", "decimal", "date", "time", "dateTime")
END = ["", "", "", "", "", ""]
REPEAT = ["begin repeat", "r", "行", "", "", "", ""]
CHOICES = [["list_name", "name", "label"], ["c", "a", "甲"], ["c", "b", "乙"]]


def row(type: str, name: str = "q", relevant: str = "", constraint: str = "", **more: str) -> list[str]:
    return [type, name, "问", relevant, constraint, more.get("calculation", ""), more.get("field_class", "")]


def book(*rows: list[str]) -> bytes:
    return xlsform({"survey": [HEAD, *rows], "choices": CHOICES}, form_title="表", form_id="f")


# Each is wrong, or not, in one way. The name of one on which we differ is its row's in docs/forms.md.
WRITTEN = {
    "all types": book(
        *(
            row(type, f"q{n}")
            for n, type in enumerate(("text", "integer", "decimal", "date", "time", "dateTime"))
        ),
        row("select_one c", "one"),
        row("select_multiple c", "many"),
        row("geopoint", "place"),
        row("image", "photo"),
        row("note", "note"),
        row("calculate", "sum", calculation="${q1} + ${q2}"),
    ),
    "rules": book(
        row("integer", "n", constraint=". > 0 and . <= 10"),
        row("select_multiple c", "s", "${n} > 3", "not(selected(., 'a')) or count-selected(.) = 1"),
        row("text", "t", "selected(${s}, 'b')", "regex(., '^[a-z]+$')"),
    ),
    "groups": book(["begin group", "g", "组", "", "", "", ""], row("integer", "n"), ["end group", *END]),
    "unknown question": book(row("integer", relevant="${nobody} > 1")),
    "same name twice": book(row("integer"), row("text")),
    "unknown type": book(row("chart")),
    "unknown list": book(row("select_one nothing")),
    "no name": book(row("integer", "")),
    "broken rule": book(row("integer", constraint=". >")),
    "unclosed bracket": book(row("integer", constraint="(. > 1")),
    "unknown function": book(row("integer", constraint="conjure(.) = 1")),
    "rules in a circle": book(row("integer", "a", "${b} > 1"), row("integer", "b", "${a} > 1")),
    "group left open": book(["begin group", "g", "组", "", "", "", ""], row("integer", "n")),
    "nothing asked": book(),
    "repeat": book(REPEAT, row("integer", "n", constraint=". > 0"), ["end repeat", *END]),
    "a repeat whose rows are counted beforehand": book(
        [*REPEAT, "3"], row("integer", "n"), ["end repeat", *END]
    ),
    "a rule of a row that reads beyond it": book(
        row("integer", "n"), REPEAT, row("text", "t", "${n} > 1"), ["end repeat", *END]
    ),
    "pulldata()": book(
        row("calculate", "known", calculation="pulldata('file', 'a', 'b', '1')"), row("integer", "n")
    ),
    "rank": book(row("rank c")),
    "a class of field that is none of A to F": book(row("integer", field_class="Q")),
}
# Forms of other hands, by the reason for which they differ.
OTHERS = {
    "loop.xlsx": "loop",
    "xlsform_spec_test.xlsx": "a repeat whose rows are counted beforehand",
    "form.selectMultiple.xml": "a select without choices, in an XForm of other hands",
}


@dataclass(frozen=True)
class Case:
    name: str
    content: bytes
    difference: str = ""  # the row of docs/forms.md that tells why the verdicts differ


def told() -> dict[str, tuple[str, str, str]]:
    """Row -> the verdicts of pyxform, ODK Validate and ours."""
    rows = [
        line.strip("|").split("|") for line in (ROOT / "docs" / "forms.md").read_text("utf-8").splitlines()
    ]
    cells = [[cell.strip() for cell in row] for row in rows if len(row) == 5]
    return {name: (one, other, ours) for name, one, other, ours, _why in cells[2:]}


def cases() -> Iterator[Case]:
    for code in (*gallery.ORDER, gallery.NOTICE):
        yield Case(f"gallery {code}", gallery.form_bytes(code))
    for code in form_codes():
        yield Case(f"city {code}", form_bytes(code))
    for name, content in WRITTEN.items():
        yield Case(name, content, name if name in told() else "")
    if CASES is not None:
        for path in sorted([*CASES.glob("xlsforms/*.xlsx"), *CASES.glob("forms/*.xml")]):
            yield Case(path.name, path.read_bytes(), OTHERS.get(path.name, ""))


ALL = {case.name: case for case in cases()}


def by_pyxform(case: Case, folder: Path) -> str:
    """Its verdict; what it converts lies in the folder for the next. Of what is XML already it has none."""
    if case.name.endswith(".xml"):
        xml, verdict = case.content.decode(), "–"
    else:
        try:
            xml, verdict = convert(xlsform=case.content).xform, "accepts"
        except PyXFormError:
            return "refuses"
    (folder / f"{list(ALL).index(case.name)}.xml").write_text(xml)
    return verdict


def ours(case: Case) -> str:
    try:
        compile_form(case.content)
    except Problem:
        return "refuses"
    return "accepts"


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str, str]]:
    """Name -> (pyxform, ODK Validate, ours); one run of Java over all forms."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("ODK Validate wants Java, which is not installed (Debian: default-jre-headless)")
    folder = tmp_path_factory.mktemp("forms")
    first = {name: by_pyxform(case, folder) for name, case in ALL.items()}
    files = sorted(folder.glob("*.xml"))
    done = subprocess.run(
        [java, "-jar", str(JAR), *map(str, files)], capture_output=True, text=True, timeout=120, check=False
    )
    said = done.stdout + done.stderr
    assert said.count("Validating:") == len(files), said[-2000:]
    failed = set(re.findall(r"^\S*?(\d+)\.xml$", said.partition("failed validation:")[2], re.M))
    second = {name: _second(name, first[name], failed) for name in ALL}
    return {name: (first[name], second[name], ours(case)) for name, case in ALL.items()}


def _second(name: str, first: str, failed: set[str]) -> str:
    """Of what pyxform refused there is nothing to validate."""
    return "refuses" if first == "refuses" or str(list(ALL).index(name)) in failed else "accepts"


@pytest.mark.parametrize("name", [name for name, case in ALL.items() if not case.difference])
def test_the_verdicts_agree(verdicts: dict[str, tuple[str, str, str]], name: str) -> None:
    _pyxform, validate, own = verdicts[name]
    assert own == validate, verdicts[name]


@pytest.mark.parametrize("name", [name for name, case in ALL.items() if case.difference])
def test_they_differ_where_it_is_written_and_as_it_is_written(
    verdicts: dict[str, tuple[str, str, str]], name: str
) -> None:
    assert verdicts[name] == told()[ALL[name].difference]


def test_every_difference_that_is_written_is_shown_here_or_by_other_hands() -> None:
    assert set(told()) == {name for name in WRITTEN if name in told()} | set(OTHERS.values())


def test_what_is_wrong_is_refused_by_all(verdicts: dict[str, tuple[str, str, str]]) -> None:
    """So that the agreement above is not that of three who accept everything."""
    wrong = ("unknown question", "unknown type", "broken rule", "rules in a circle", "unknown list")
    assert {verdicts[name][2] for name in wrong} == {"refuses"}
    assert verdicts["broken rule"][0] == "accepts", "pyxform alone would have let it through"
