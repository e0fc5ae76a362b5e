import gc
from collections.abc import Iterator

import pytest

from fangxian.kernel.home import Home
from fangxian.lake import apart

from .world import World


@pytest.fixture
def lake_home(other_home: Home, transactional_db: None) -> Home:
    """A data folder of this test alone; the ledger is the test's, which others' connections see. Those of
    threads that have ended are let go of, so that the ledger can be mirrored in this process."""
    gc.collect()
    return other_home


@pytest.fixture
def world(lake_home: Home) -> World:
    return World().found()


@pytest.fixture(scope="session", autouse=True)
def _no_child_stays() -> Iterator[None]:
    yield
    apart.close()
