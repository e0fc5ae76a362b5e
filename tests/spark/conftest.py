"""Spark, where it is installed: one small session for all of these tests, in one process."""

from collections.abc import Iterator

import pytest
from tests.demonstration import built_city_  # noqa: F401
from tests.lake.world import World
from tests.spark.settings import SMALL

from fangxian.kernel.home import Home
from fangxian.lake import apart, spark

pytestmark = pytest.mark.xdist_group("spark")


@pytest.fixture(scope="session", autouse=True)
def _spark_is_there() -> Iterator[None]:
    absent = spark.missing()
    if absent is not None:
        pytest.skip(absent.sentence())
    spark.SETTINGS.update(SMALL)
    yield
    apart.close()


@pytest.fixture
def world(other_home: Home, transactional_db: None) -> World:
    return World().found()
