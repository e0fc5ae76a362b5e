"""Numbers known only by telephone, as pages show them: hatched, beside what is counted."""

from dataclasses import dataclass

from fangxian.access import policy
from fangxian.figures import inside
from fangxian.figures.results import Number
from fangxian.publishing.attesting import Attested, beside, standing

from . import shown
from .asking import Asked


@dataclass(frozen=True, slots=True)
class Told:
    """One number, with names as far as the visitor may read them."""

    one: Attested
    figure: shown.Shown
    unit: str
    said_by: str
    heard_by: str


def told(asked: Asked, figure: str = "", unit: int | None = None) -> list[Told]:
    """Those that stand as of what is asked, within scope; of one figure or unit where it is named."""
    units = asked.tree.nodes.keys() if unit is None else {unit}
    rows = standing(known=asked.known, day=asked.at.day, figure=figure, units=units)
    known = asked.engine.figures(asked.at)
    rows = [row for row in rows if row.figure in known]
    return [_told(one, asked) for one in beside(rows, lambda id, at: counted(asked, id, at))]


def below(asked: Asked, every: list[Told]) -> list[Told]:
    """Of these those of units under the one asked, what lacks most first."""
    if not every:
        return []
    under = set(inside.under(asked.engine, asked.unit.id, asked.at)) - {asked.unit.id}
    found = [one for one in every if one.one.row.unit_id in under]
    return sorted(found, key=lambda one: -one.one.difference)


def counted(asked: Asked, figure: str, unit: int) -> Number | None:
    value = asked.engine.by_unit(figure, asked.at).get(unit)
    return None if value is None else value.value


def _told(one: Attested, asked: Asked) -> Told:
    node = asked.tree.nodes[one.row.unit_id]
    declared = asked.engine.figures(asked.at)[one.row.figure]
    figure = shown.show(declared, asked.engine.value(one.row.figure, node.id, asked.at), asked, node.code)
    said, heard = (_name(asked, name, node.id) for name in (one.row.said_by, one.row.heard_by))
    return Told(one, figure, node.name, said, heard)


def _name(asked: Asked, name: str, unit: int) -> str:
    """Who chases reads names; who counts reads masked ones."""
    said = (policy.verdict(asked.actor, "B", unit, purpose=purpose) for purpose in ("attest", "count"))
    return policy.told(max(said, key=(policy.NO, policy.MASKED, policy.SHOWN).index), "B", name)
