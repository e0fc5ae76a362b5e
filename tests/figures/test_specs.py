"""Each figure by example: the engine and the plain meaning both give what is expected; the manual is written
from the same examples. To write it anew: FANGXIAN_WRITE_DOCS=1 pytest tests/figures/test_specs.py"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from fangxian.figures import catalogue
from fangxian.figures.engine import Engine
from fangxian.figures.plain import MEANINGS, PlainFigures
from fangxian.figures.results import Value
from fangxian.registry.kinds import UNIT_KINDS

from .specs import EXAMPLES, Example, Expected
from .town import HOSTS, ZONES, Town
from .worlds import IDS, UNITS, MemorySource

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=[f"{number}-{e.figure}" for number, e in enumerate(EXAMPLES, start=1)]
)
def test_a_figure_gives_what_its_example_says(example: Example) -> None:
    town = Town(example.lines)
    engine = Engine(source=MemorySource(town.draft))
    plain = PlainFigures(town.draft.world(), example.at)
    by_unit = engine.by_unit(example.figure, example.at)
    for code, expected in example.expected.items():
        assert _short(by_unit[IDS[code]]) == expected, code
        assert _short(plain.value(example.figure, IDS[code])) == expected, f"plain, {code}"
    city = by_unit[IDS["xw"]]
    assert city is not None
    assert {reason: n for reason, n in city.excluded.items() if n} == example.excluded


def _short(value: Value | None) -> Expected:
    return None if value is None else value.value if value.of is None else (value.value, value.of)


def test_every_figure_has_an_example_and_a_plain_meaning() -> None:
    named = {example.figure for example in EXAMPLES if not example.figure.startswith("coverage.")}
    assert named == set(catalogue.CATALOGUE) == set(MEANINGS)


def test_the_manual_is_as_the_examples() -> None:
    page = manual()
    if os.environ.get("FANGXIAN_WRITE_DOCS"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page, (
        "docs/figures.md has drifted: FANGXIAN_WRITE_DOCS=1 writes it anew"
    )


# ------------------------------------------------------------------------------------ the manual

HEAD = """# The figures

Written from the examples in `tests/figures/specs.py`; the tests fail when it drifts.

A figure is a set of records as of a time. Its value at a unit is the sum of the contributions of the distinct
records whose units reach that unit. Every example stands in the same small town, asked on 12 February 2020
unless it says otherwise; each line adds one record. `—` means "not counted here".

"""


def manual() -> str:
    groups: dict[str, list[str]] = {}
    for id in dict.fromkeys(example.figure for example in EXAMPLES):
        groups.setdefault(id.split(".")[0], []).append(id)
    order = [group for group in catalogue.GROUPS if group in groups]
    assert set(order) == set(groups)
    return HEAD + _town() + "".join(_group(group, groups[group]) for group in order)


def _town() -> str:
    rows = [
        f"| `{code}` | {UNIT_KINDS[kind].zh} {UNIT_KINDS[kind].en} | {_ticked(parent)} "
        f"| {_ticked(HOSTS.get(code))} | {_ticked(ZONES.get(code))} |"
        for code, kind, parent in UNITS
    ]
    head = "## The town\n\n| unit | kind | within | hosted by | in zone |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _ticked(code: str | None) -> str:
    return f"`{code}`" if code else ""


def _group(group: str, ids: list[str]) -> str:
    zh, en = catalogue.GROUPS[group]
    return f"\n## {zh} {en}\n" + "".join(_figure(id) for id in ids)


def _figure(id: str) -> str:
    facts = Town("").draft
    figures = Engine(source=MemorySource(facts)).figures(Town.at())
    figure = figures[id]
    lines = ", ".join(figure.lines)
    names = "" if figure.zh == figure.en else f"{figure.zh} · {figure.en}\n\n"
    told = f"\n### `{id}`\n\n{names}{figure.definition}\n\nCounted on the lines: {lines}.\n"
    return told + "".join(_example(example) for example in EXAMPLES if example.figure == id)


def _example(example: Example) -> str:
    records = "\n".join(line.strip() for line in example.lines.splitlines() if line.strip())
    block = f"\n```\n{records}\n```\n" if records else ""
    day = (
        ""
        if example.at == Town.at()
        else f" (asked on {example.at.day}, as of position {example.at.position})"
    )
    cells = _cells(example.expected)
    gone = "".join(f" Excluded: {reason} {n}." for reason, n in example.excluded.items())
    return f"\n{example.told}{day}{gone}\n{block}\n{cells}" if example.told or block else f"\n{cells}"


def _cells(expected: Mapping[str, Expected]) -> str:
    heads = "| " + " | ".join(f"`{code}`" for code in expected) + " |\n"
    rule = "|" + "---|" * len(expected) + "\n"
    return heads + rule + "| " + " | ".join(_cell(value) for value in expected.values()) + " |\n"


def _cell(value: Expected) -> str:
    if value is None:
        return "—"
    return f"{value[0]} of {value[1]}" if isinstance(value, tuple) else str(value)
