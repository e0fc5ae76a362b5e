"""Engines over small towns."""

from collections.abc import Callable

import pytest
from tests.demonstration import built_city_  # noqa: F401

from fangxian.figures.engine import Engine

from .town import Town
from .worlds import MemorySource


@pytest.fixture
def engine_of(db: None) -> Callable[[str], Engine]:
    """An engine over a town with these lines."""
    return lambda lines: Engine(source=MemorySource(Town(lines).draft))
