"""A small office with two zones, and an engine that answers from a table: for the paper's layout and wording.

The real engine is tried on the ledger in test_with_the_engine.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fangxian.campaigns.actions import launch_campaign
from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.publishing.make_template import TEMPLATE
from fangxian.registry.actions import NewCover, NewUnit, add_covers, add_units
from fangxian.registry.tree import forget_trees

DAY = date(2020, 2, 12)
OPENING = datetime(2020, 1, 24, 8, 0, tzinfo=OFFICE_ZONE)
EVENING = datetime(2020, 2, 12, 18, 20, tzinfo=OFFICE_ZONE)


@dataclass
class Told:
    value: float | None
    of: float | None = None


@dataclass
class TableEngine:
    """Values from a rule, records from a table; whole numbers unless `told` says otherwise."""

    told: dict[str, Told] = field(default_factory=dict)
    rows: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    failing: list[Any] = field(default_factory=list)
    asked: int = 0

    def by_unit(self, figure_id: str, at: AsOf) -> Mapping[int, Told]:
        self.asked += 1
        return {unit: self._told(figure_id, unit) for unit in range(1, 20)}

    def _told(self, figure: str, unit: int) -> Told:
        if figure in self.told:
            return self.told[figure]
        value = 100 + FIGURES.index(figure) + 1000 * unit
        return Told(value, value + 7) if figure.startswith(("coverage.", "environment.")) else Told(value)

    def records(self, figure_id: str, unit_id: int, at: AsOf, part: str = "counted") -> pa.Table:
        return pa.Table.from_pylist(self.rows.get((figure_id, at.position), []))

    def add_up_checks(self, at: AsOf) -> list[Any]:
        return self.failing


def _figures() -> list[str]:
    import re
    import zipfile

    with zipfile.ZipFile(TEMPLATE) as package:
        text = re.sub(r"<[^>]+>", "", package.read("word/document.xml").decode()).replace("&quot;", '"')
    return sorted(set(re.findall(r'"([a-z][a-z_-]*\.[a-z0-9_.-]+)"', text)))


FIGURES = _figures()


@pytest.fixture
def city(db: None) -> AsOf:
    """A bureau, two zones that cover a centre each, and the campaign whose opening day the paper tells."""
    forget_trees()
    since = date(2019, 9, 1)
    units = add_units(
        units=[
            NewUnit("xw", "bureau", "试验市教育体育局", None, since),
            NewUnit("c1", "centre", "东山中心学校", "xw", since),
            NewUnit("c2", "centre", "西水<&>中心学校", "xw", since),
            NewUnit("hq", "headquarters", "疫情防控指挥部", None, since),
            NewUnit("z1", "zone", "第一战区", "hq", since),
            NewUnit("z2", "zone", "第二<&>战区", "hq", since),
        ],
        by="test",
        now=OPENING,
    )
    add_covers(
        covers=[NewCover("z1", "c1", "zone", since), NewCover("z2", "c2", "zone", since)],
        by="test",
        now=OPENING,
    )
    launch_campaign(
        code="oath",
        name="主题党日宣誓",
        name_en="Oath",
        issuer=units["xw"],
        audience=[{"key": "members", "kind": "persons", "role": ["party_member"]}],
        schedule={"kind": "once"},
        opens=datetime(2020, 2, 10, 9, 0, tzinfo=OFFICE_ZONE),
        by="test",
        now=datetime(2020, 2, 10, 9, 0, tzinfo=OFFICE_ZONE),
    )
    return AsOf.at(EVENING, position=head_position())


@pytest.fixture
def engine() -> TableEngine:
    return TableEngine()


@pytest.fixture(scope="session")
def template() -> bytes:
    return Path(TEMPLATE).read_bytes()
