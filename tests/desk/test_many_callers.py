"""Many callers at once, on threads of their own: no two ever have the same household."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from fangxian.desk import actions, queries
from fangxian.desk.models import Lease

from .conftest import NOW, Desk, build

CALLERS, FAMILIES = 8, 40


@pytest.fixture
def crowded(transactional_db: None) -> Desk:
    return build(FAMILIES)


def test_no_two_callers_get_the_same_household(crowded: Desk) -> None:
    got: list[tuple[str, int]] = []
    failed: list[BaseException] = []
    start = threading.Barrier(CALLERS)

    def work(name: str) -> None:
        try:
            calling = queries.callings(NOW)[0]
            start.wait(20)
            for n in range(12):  # each gives none back: what it gets next is another one
                moment = NOW + timedelta(milliseconds=n)
                lease = actions.take_next(
                    calling=calling, reach=None, holder=f"{name}-{n}", now=NOW, moment=moment
                )
                if lease is None:
                    return
                got.append((f"{name}-{n}", lease.household_id))
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(f"c{n}",)) for n in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    counts = Counter(home for _name, home in got)
    assert max(counts.values()) == 1
    assert len(counts) == FAMILIES + 5, "and nobody was passed over"
    held = dict(Lease.objects.values_list("household_id", "holder"))
    assert held == {home: name for name, home in got}
