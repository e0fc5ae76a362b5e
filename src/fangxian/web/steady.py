"""An engine that is asked what the page has counted already."""

from typing import Any

from fangxian.kernel.asof import AsOf

from .asking import Asked


class Steady:
    """The engine, asked about the page's moment under its steady name: what was counted serves again."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def by_unit(self, figure_id: str, at: AsOf) -> Any:
        own = self._asked.at
        same = (at.day, at.position) == (own.day, own.position)
        return self._asked.engine.by_unit(figure_id, own if same else at)

    def records(self, figure_id: str, unit_id: int, at: AsOf, part: str = "counted") -> Any:
        return self._asked.engine.records(figure_id, unit_id, at, part)

    def add_up_checks(self, at: AsOf) -> Any:
        return self._asked.engine.add_up_checks(at)
