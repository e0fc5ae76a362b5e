"""Turns answer sheets (JSON) into one typed column a coded question, form by form."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from .problems import QuestionChanged
from .sources import DUCKDB, Columns

# What a question's type becomes. Whatever is not here is text, and stays in the ledger.
TYPES = {
    "select_one": "string",
    "select_multiple": "strings",
    "integer": "int64",
    "decimal": "float64",
    "date": "day",
}
CLASSES = {"A", "B", "E"}  # counts, units, health; never contacts (C), ID numbers (D) or free text (F)
UNREADABLE = "_unreadable"


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of a form, with its coded questions: name -> lake type."""

    id: int
    form: str
    name: str
    questions: dict[str, str]


@dataclass(slots=True)
class Form:
    """The versions of a form as one dataset: the union of their questions, by name."""

    code: str
    versions: list[Version] = field(default_factory=list)
    questions: dict[str, str] = field(default_factory=dict)

    def add(self, version: Version) -> None:
        """A whole-number question may become a decimal one. Raises QuestionChanged for other changes."""
        self.versions.append(version)
        for name, kind in version.questions.items():
            self.questions[name] = _wider(self, name, kind)

    def columns(self) -> Columns:
        return [(f"a_{name}", kind) for name, kind in self.questions.items()]


def _wider(form: Form, name: str, kind: str) -> str:
    held = form.questions.get(name, kind)
    alike = [other for other in form.questions if other.lower() == name.lower() and other != name]
    if alike:  # columns differ by more than capitals
        raise QuestionChanged(form=form.code, question=name, first=f"“{alike[0]}”", second=f"“{name}”")
    if held == kind:
        return kind
    if {held, kind} == {"int64", "float64"}:
        return "float64"
    raise QuestionChanged(form=form.code, question=name, first=held, second=kind)


def read_forms(versions: Iterable[tuple[Any, ...]]) -> dict[str, Form]:
    """Forms by code, from (id, form, version, fields JSON text) in the order of publication."""
    forms: dict[str, Form] = {}
    for key, code, name, fields in versions:
        version = Version(int(key), code, name, coded_questions(json.loads(fields)["questions"]))
        forms.setdefault(code, Form(code)).add(version)
    return forms


def coded_questions(questions: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Name -> lake type of the questions that may reach the lake."""
    return {
        question["name"]: kind
        for question in questions
        if (kind := TYPES.get(str(question["type"]).split(" ")[0])) is not None
        and str(question.get("class", "A")) in CLASSES
    }


def typed(
    engine: duckdb.DuckDBPyConnection, wave: pa.Table, forms: Iterable[Form], sort: Sequence[str]
) -> Iterator[tuple[Form, pa.Table, int]]:
    """Of each form that the wave has sheets of: its sheets, typed and sorted, and how many answers were
    not of their question's type (they are null). `wave` has `version_id` and `answers`."""
    engine.register("wave", wave)
    present = set(wave["version_id"].unique().to_pylist())
    for form in forms:
        versions = [version for version in form.versions if version.id in present]
        if versions:
            columns = [name for name in wave.column_names if name not in ("version_id", "answers")]
            table = engine.sql(_sql(form, versions, columns, sort)).to_arrow_table()
            unreadable = sum(table[UNREADABLE].to_numpy())
            yield form, table.drop_columns([UNREADABLE]), int(unreadable)
    engine.unregister("wave")


def _sql(form: Form, versions: Sequence[Version], columns: Sequence[str], sort: Sequence[str]) -> str:
    parts = " UNION ALL ".join(_version_sql(form, version, columns) for version in versions)
    return f"{parts} ORDER BY {', '.join(quoted(name) for name in sort)}"


def _version_sql(form: Form, version: Version, columns: Sequence[str]) -> str:
    """One version's sheets, in the columns of the whole form."""
    asked = {name: form.questions[name] for name in version.questions}
    values = [_value(name, kind, name in asked) for name, kind in form.questions.items()]
    doubts = [_doubt(name, kind) for name, kind in asked.items() if kind not in ("string", "strings")]
    base = ", ".join(quoted(name) for name in columns)
    chosen = ", ".join([base, f"{text(version.name)} AS version", *values])
    return (
        f"SELECT {chosen}, {' + '.join(doubts) or '0'} AS {UNREADABLE}"  # noqa: S608 - all quoted
        f" FROM (SELECT *, json_transform(answers, {text(_spec(asked))}) AS j"
        f" FROM wave WHERE version_id = {version.id})"
    )


def _spec(asked: dict[str, str]) -> str:
    """What json_transform is to make: texts, or lists of texts; types are given afterwards."""
    shapes = {name: ["VARCHAR"] if kind == "strings" else "VARCHAR" for name, kind in asked.items()}
    return json.dumps(shapes or {"-": "VARCHAR"})  # it refuses an empty one


def _value(name: str, kind: str, asked: bool) -> str:
    column = quoted(f"a_{name}")
    if not asked:
        return f"CAST(NULL AS {DUCKDB[kind]}) AS {column}"
    if kind == "strings":
        return f"j.{quoted(name)} AS {column}"
    return f"{_cast(name, kind)} AS {column}"


def _cast(name: str, kind: str) -> str:
    given = f"nullif(j.{quoted(name)}, '')"
    return given if kind == "string" else f"TRY_CAST({given} AS {DUCKDB[kind]})"


def _doubt(name: str, kind: str) -> str:
    return f"CAST(nullif(j.{quoted(name)}, '') IS NOT NULL AND {_cast(name, kind)} IS NULL AS INTEGER)"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
