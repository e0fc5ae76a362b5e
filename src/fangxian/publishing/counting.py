"""What a bulletin asks of the figures: counts, names, records, checks, all as of one moment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Protocol

from fangxian.campaigns.models import Campaign
from fangxian.figures import catalogue
from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import day_of
from fangxian.registry.tree import Node, Tree, tree

from .problems import UnknownCampaignInTemplate, UnknownUnitInTemplate
from .references import Count, plain


class Engine(Protocol):
    """The part of `figures.engine.Engine` that a bulletin needs; unit ids are the ledger's."""

    def by_unit(self, figure_id: str, at: AsOf) -> Mapping[int, Any]: ...
    def records(self, figure_id: str, unit_id: int, at: AsOf, part: str = "counted") -> Any: ...
    def add_up_checks(self, at: AsOf) -> Any: ...


@dataclass
class Counting:
    """Counts as of `at`, each figure once, for all units in one pass."""

    engine: Engine
    at: AsOf

    def __post_init__(self) -> None:
        self._by_unit: dict[str, Mapping[int, Any]] = {}

    @cached_property
    def tree(self) -> Tree:
        return tree(self.at.day, self.at.position)

    @cached_property
    def root(self) -> Node:
        bureaus = [node for node in self.tree.nodes.values() if node.kind == "bureau"]
        if not bureaus:
            raise UnknownUnitInTemplate(unit="bureau", day=self.at.day)
        return bureaus[0]

    def unit(self, code: str) -> Node:
        found = self.tree.by_code.get(code)
        if found is None:
            raise UnknownUnitInTemplate(unit=code, day=self.at.day)
        return self.tree.nodes[found]

    def units(self, kind: str) -> list[Node]:
        return sorted((n for n in self.tree.nodes.values() if n.kind == kind), key=lambda node: node.code)

    def count(self, figure: str, code: str) -> Count:
        """Raises UnknownUnitInTemplate and what the engine raises."""
        unit = self.unit(code)
        if figure not in self._by_unit:
            self._by_unit[figure] = self.engine.by_unit(figure, self.at)
        return _count(self._by_unit[figure].get(unit.id))

    def days(self, count: int) -> Iterator[tuple[date, "Counting"]]:
        """The last `count` days up to the day asked, each as known now."""
        for back in range(count - 1, -1, -1):
            day = self.at.day - timedelta(days=back)
            yield day, Counting(self.engine, AsOf(day, self.at.known_by, self.at.position))

    def opened(self, campaign: str) -> date:
        """The day on which a campaign opened: a date that is looked up, not typed."""
        found = Campaign.objects.filter(code=campaign, recorded__lte=self.at.position).first()
        if found is None:
            raise UnknownCampaignInTemplate(campaign=campaign)
        return day_of(found.opens)


def _count(value: Any) -> Count:
    return Count(None) if value is None else Count(plain(value.value), plain(value.of))


def figure_name(figure: str) -> str:
    """What a figure is called, in the language that is active. Raises UnknownFigure."""
    return catalogue.name(figure)
