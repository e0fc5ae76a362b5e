"""What the tests of the kernel share."""

from datetime import datetime

import pytest

from fangxian.kernel.moments import read_moment


@pytest.fixture
def noon() -> datetime:
    return read_moment("2020-02-12T12:00:00+08:00")
