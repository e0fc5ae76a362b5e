"""Fills the Word template: the words are the office's, the numbers are references.

What a template may say (docs/bulletin has it for offices):
  {{ f("party.members") }}  {{ f("students.pupils", zone) }}  {{ f("coverage.ten-ones").share }} .of .missing
  {{ chart("coverage.ten-ones", units=zones, part="share", title="…") }}  {{ trend("…", days=7, title="…") }}
  {{ as_of }} {{ issued_on }} {{ year }} {{ number }} {{ bureau }} {{ opened("oath") }}
  {%tr for zone in zones %}
"""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import jinja2
from django.utils.translation import gettext as _
from docxtpl import DocxTemplate
from jinja2.sandbox import SandboxedEnvironment

from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import OFFICE_ZONE, day_of
from fangxian.kernel.problems import Problem
from fangxian.registry.tree import Node

from .blocks import Chart, Series, chart_mark
from .corrections import Corrected
from .counting import Counting
from .problems import TemplateUnreadable
from .references import PARTS, Mark, Reference, References

LARGEST = 5_000_000  # bytes of a template; its unpacked parts may be ten times that


@dataclass(frozen=True, slots=True)
class Issue:
    """What is told of an issue besides its figures."""

    number: int
    issued_at: datetime
    corrects: Corrected | None = None


@dataclass
class Wording:
    """One filling of a template: what it may call, and what it called."""

    counting: Counting
    issue: Issue
    charts: list[Chart] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.references = References(self.counting.count)

    def context(self) -> dict[str, Any]:
        issued_on = day_of(self.issue.issued_at)
        return {
            "f": self.figure,
            "chart": self.chart,
            "trend": self.trend,
            "units": self.counting.units,
            "zones": self.counting.units("zone"),
            "bureau": self.counting.root.name,
            "opened": lambda campaign: in_words(self.counting.opened(campaign), year=False),
            "as_of": moment_in_words(self.counting.at),
            "issued_on": in_words(issued_on),
            "year": issued_on.year,
            "number": self.issue.number,
        }

    def figure(self, figure: str, unit: Node | str | None = None) -> Mark:
        return self.references.refer(figure, self._code(unit))

    def chart(
        self, *figures: str, title: str, units: Iterable[Node] = (), part: str = "value", names: Any = ()
    ) -> str:
        """Bars by unit (default: zones). `names` say what each figure is called in the legend."""
        self._known(part)
        places = list(units) or self.counting.units("zone")
        series = [
            Series(name, tuple((unit.name, self._refer(figure, unit.code, part)) for unit in places))
            for figure, name in zip(figures, names or figures, strict=True)
        ]
        return self._keep(Chart(title, "bars", tuple(series)))

    def trend(self, figure: str, *, title: str, days: int = 7, part: str = "value") -> str:
        """One figure of the whole area on each of the last days, as known now."""
        self._known(part)
        root = self.counting.root.code
        points = [
            (f"{day.month}-{day.day}", Reference(figure, root, part, then.count(figure, root).part(part)))
            for day, then in self.counting.days(min(days, 60))
        ]
        return self._keep(Chart(title, "line", (Series(title, tuple(points)),)))

    def _refer(self, figure: str, unit: str, part: str) -> Reference:
        self.references.refer(figure, unit, part)
        return self.references.all[-1]

    def _keep(self, chart: Chart) -> str:
        self.charts.append(chart)
        return chart_mark(len(self.charts) - 1)

    def _code(self, unit: Node | str | None) -> str:
        if unit is None:
            return self.counting.root.code
        return unit if isinstance(unit, str) else unit.code

    @staticmethod
    def _known(part: str) -> None:
        if part not in PARTS:
            raise TemplateUnreadable(reason=_("a chart's part is one of value, of, missing, share"))


def environment() -> SandboxedEnvironment:
    """Templates come from offices: they can call what the context offers and nothing else."""
    return SandboxedEnvironment(autoescape=True, undefined=jinja2.StrictUndefined)


def check_package(template: bytes) -> None:
    """Raises TemplateUnreadable for what is no Word file, or would unpack to far more than a template."""
    if len(template) > LARGEST:
        raise TemplateUnreadable(reason=_("it is larger than 5 MB"))
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as package:
            sizes = [entry.file_size for entry in package.infolist()]
            names = set(package.namelist())
    except zipfile.BadZipFile as error:
        raise TemplateUnreadable(reason=_("it is not a .docx file")) from error
    if "word/document.xml" not in names:
        raise TemplateUnreadable(reason=_("it is not a .docx file"))
    if sum(sizes) > 10 * LARGEST:
        raise TemplateUnreadable(reason=_("unpacked it is larger than 50 MB"))


def fill(template: bytes, wording: Wording) -> bytes:
    """The Word file with marks where numbers and charts come. Raises TemplateUnreadable."""
    check_package(template)
    document = DocxTemplate(io.BytesIO(template))
    try:
        document.render(wording.context(), environment())
    except Problem:
        raise
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise TemplateUnreadable(reason=str(error)) from error
    filled = io.BytesIO()
    document.save(filled)
    return filled.getvalue()


def in_words(day: date, *, year: bool = True) -> str:
    """The official way to write a day: Arabic digits, full year, no zeros in front (GB/T 9704, 7.3.5.4)."""
    return f"{day.year}年{day.month}月{day.day}日" if year else f"{day.month}月{day.day}日"


def moment_in_words(at: AsOf) -> str:
    """The day asked, with the time where what was known is of that same day."""
    known, day = at.known_by.astimezone(OFFICE_ZONE), at.day
    if known.date() != day:
        return in_words(day)
    return f"{in_words(day)}{known.hour}时{known.minute:02d}分"
