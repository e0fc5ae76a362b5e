"""A sheet of an office's workbook on a page: its cells, what they are mapped to, what is proposed."""

from collections.abc import Mapping
from dataclasses import dataclass

from fangxian.publishing.workbooks.grid import Drawing, Drawn, Template, labels
from fangxian.publishing.workbooks.package import Cell, split
from fangxian.publishing.workbooks.suggesting import suggest
from fangxian.publishing.workbooks.targets import Answers, Found, Target


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell: `text` is what stands there, of a mapped one its number; `state`: mapped, proposed, wants,
    formula, lacks, changed, or nothing."""

    drawn: Drawn
    text: object
    state: str
    told: str = ""
    chosen: bool = False

    @property
    def lone(self) -> bool:
        """Numbers stand to the right, whatever the template's words do."""
        return isinstance(self.text, int | float)


@dataclass(frozen=True, slots=True)
class Proposal:
    sheet: str
    cell: str
    words: str
    target: Target


def proposals(
    template: Template,
    drawing: Drawing,
    mapped: Mapping[Cell, Target],
    units: Mapping[str, str],
    names: Mapping[str, str],
) -> list[Proposal]:
    """For cells that want a number and have none."""
    sheet, found = template.sheet(drawing.sheet), []
    for drawn in drawing.cells():
        if not drawn.wants or (drawing.sheet, drawn.reference) in mapped:
            continue
        column, row = split(drawn.reference)
        words = labels(sheet, row, column)
        proposed = suggest(words, units, names)
        if proposed is not None:
            told = " · ".join((*words.left[:1], *words.above[:1]))
            found.append(Proposal(drawing.sheet, drawn.reference, told, proposed.target))
    return found


def rows(
    drawing: Drawing,
    mapped: Mapping[Cell, Target],
    proposed: Mapping[str, Proposal],
    answers: Answers | None,
    chosen: str,
) -> list[tuple[int, list[Shown]]]:
    return [
        (number, [_shown(drawing.sheet, drawn, mapped, proposed, answers, chosen) for drawn in cells])
        for number, cells in drawing.rows
    ]


def _shown(
    sheet: str,
    drawn: Drawn,
    mapped: Mapping[Cell, Target],
    proposed: Mapping[str, Proposal],
    answers: Answers | None,
    chosen: str,
) -> Shown:
    here, target = drawn.reference == chosen, mapped.get((sheet, drawn.reference))
    if target is not None:
        text = _written(target, answers.of(target)) if answers else ""
        return Shown(drawn, text, "mapped", target.name, here)
    if drawn.formula:
        return Shown(drawn, "ƒ", "formula", drawn.text, here)
    if drawn.reference in proposed:
        return Shown(drawn, drawn.text, "proposed", proposed[drawn.reference].target.name, here)
    return Shown(drawn, drawn.text, "wants" if drawn.wants else "", "", here)


def _written(target: Target, found: Found) -> object:
    """As a sheet shows it: a share with its sign."""
    return f"{found.value}%" if target.part == "share" and found.value is not None else found.written


Filled = Mapping[Cell, tuple[Target, Found]]


def filled(drawing: Drawing, values: Filled, changed: Mapping[Cell, int]) -> list[tuple[int, list[Shown]]]:
    """With what stands in its cells; those that would be different now bear their place in the list."""
    return [
        (number, [_filled(drawn, (drawing.sheet, drawn.reference), values, changed) for drawn in cells])
        for number, cells in drawing.rows
    ]


def _filled(drawn: Drawn, cell: Cell, values: Filled, changed: Mapping[Cell, int]) -> Shown:
    if cell not in values:
        return Shown(drawn, "ƒ" if drawn.formula else drawn.text, "formula" if drawn.formula else "")
    target, found = values[cell]
    state = "lacks" if found.why else "changed" if cell in changed else "mapped"
    return Shown(drawn, _written(target, found), state, str(changed.get(cell, "")))
