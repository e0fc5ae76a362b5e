"""The change log: one transaction, one position, in the order of commits on both databases."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from queue import Queue
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from fangxian.kernel.changes import CLOCK_SKEW, Recording, head_position, position_at, recording
from fangxian.kernel.models import Change, Head
from fangxian.kernel.moments import from_ms
from fangxian.kernel.problems import ClockBehindLog, NothingKnownYet
from fangxian.registry.models import Person, PersonState, Unit, UnitState

NAMED = ["person_id", "name", "sex", "native_place", "valid_from", "valid_until"]
PATIENCE = 20  # seconds; a test that waits longer has found a deadlock


def _name(change: Recording, person: int, start: date, end: date | None) -> None:
    change.append(PersonState, NAMED, [(person, "安安", "", "", start, end)])


@pytest.mark.django_db
class TestOneWriter:
    def test_positions_are_dense_and_count_what_was_appended(self, noon: datetime) -> None:
        for count in (1, 3):
            with recording("test.enrol", by="tests", now=noon) as change:
                change.append(Person, ["surrogate"], [(change.position * 10 + n,) for n in range(count)])
                change.detail["why"] = "a test"
        assert list(Change.objects.order_by("position").values_list("position", "detail")) == [
            (1, {"rows": {"registry_person": 1}, "why": "a test"}),
            (2, {"rows": {"registry_person": 3}, "why": "a test"}),
        ]
        assert list(Person.objects.order_by("id").values_list("id", "recorded")) == [
            (1, 1), (2, 2), (3, 2), (4, 2),
        ]  # fmt: skip
        assert head_position() == Head.objects.get().position == 2

    def test_a_failed_write_leaves_no_row_and_no_gap(self, noon: datetime) -> None:
        with pytest.raises(IntegrityError), recording("test.enrol", by="tests", now=noon) as change:
            change.append(Person, ["surrogate"], [(1,), (1,)])
        with recording("test.enrol", by="tests", now=noon) as change:
            change.append(Person, ["surrogate"], [(1,)])
        assert list(Change.objects.values_list("position", flat=True)) == [1]
        assert Person.objects.get().recorded == 1

    def test_a_clock_that_stands_still_is_never_too_far_behind(self, noon: datetime) -> None:
        for still in (False, True):
            with recording("test.later", by="tests", now=noon + timedelta(days=1 + still), still=still):
                pass
        with pytest.raises(ClockBehindLog), recording("test.earlier", by="tests", now=noon):
            pass
        with recording("test.earlier", by="tests", now=noon, still=True) as change:
            pass
        assert change.at == noon + timedelta(days=2)

    def test_a_table_that_was_just_filled_is_known_to_the_planner(
        self, noon: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """PostgreSQL would read all of it for each batch until its own daemon has counted the rows."""
        monkeypatch.setattr("fangxian.kernel.tables.MANY", 30)
        for count in (30, 1):
            with recording("test.enrol", by="tests", now=noon) as change:
                change.append(Person, ["surrogate"], [(change.position * 100 + n,) for n in range(count)])
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'registry_person'")
                assert cursor.fetchall() == [(30,)]
            else:
                cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")
                assert cursor.fetchall() == [(0,)]

    def test_bulk_rows_read_back_as_django_reads_its_own(self, noon: datetime) -> None:
        with recording("test.units", by="tests", now=noon) as change:
            change.append(Unit, ["code", "line", "kind"], [("x", "administrative", "school")])
            unit = Unit.objects.get().pk
            columns = ["unit_id", "name", "valid_from", "valid_until", "absent", "longitude", "stage"]
            change.append(
                UnitState, columns, [(unit, "“二”小\t\\N", date(2020, 1, 1), None, False, 104.1, "")]
            )
        state = UnitState.objects.get()
        assert (state.name, state.valid_from, state.valid_until) == ("“二”小\t\\N", date(2020, 1, 1), None)
        assert (state.absent, state.longitude, state.stage) == (False, 104.1, "")

    def test_ending_says_until_when_a_row_was_known_to_hold_and_says_it_once(self, noon: datetime) -> None:
        with recording("test.enrol", by="tests", now=noon) as change:
            change.append(Person, ["surrogate"], [(1,)])
            person = Person.objects.get().pk
            _name(change, person, date(2020, 1, 1), None)
        row = PersonState.objects.get().pk
        for _ in range(2):
            with recording("test.correct", by="tests", now=noon) as change:
                change.end(PersonState, [row])
        assert PersonState.objects.get().recorded_until == 2

    @pytest.mark.parametrize("model", [Person, Unit])
    def test_a_row_of_the_wrong_width_is_refused(self, noon: datetime, model: Any) -> None:
        with pytest.raises(ValueError), recording("test.enrol", by="tests", now=noon) as change:
            change.append(model, ["a", "b"], [(1,)])

    def test_the_database_refuses_a_span_that_holds_no_day(self, noon: datetime) -> None:
        with recording("test.enrol", by="tests", now=noon) as change:
            change.append(Person, ["surrogate"], [(1,)])
            person, day = Person.objects.get().pk, date(2020, 1, 1)
            with pytest.raises(IntegrityError, match="registry_personstate_span"), transaction.atomic():
                _name(change, person, day, day)


@pytest.mark.django_db
class TestTheClock:
    def test_a_clock_a_little_behind_the_log_is_taken_as_the_logs(self, noon: datetime) -> None:
        for now in (noon, noon - CLOCK_SKEW):
            with recording("test.nothing", by="tests", now=now) as change:
                assert change.at == noon
        assert set(Change.objects.values_list("at", flat=True)) == {noon}

    def test_a_clock_far_behind_the_log_is_refused(self, noon: datetime) -> None:
        with recording("test.nothing", by="tests", now=noon):
            pass
        behind = noon - CLOCK_SKEW - timedelta(milliseconds=1)
        with pytest.raises(ClockBehindLog) as refused, recording("test.nothing", by="tests", now=behind):
            pass
        assert noon.isoformat() in refused.value.sentence()
        assert head_position() == 1

    def test_a_moment_resolves_to_the_last_position_recorded_by_then(self, noon: datetime) -> None:
        for minutes in (0, 0, 5, 9):
            with recording("test.nothing", by="tests", now=noon + timedelta(minutes=minutes)):
                pass
        asked = [noon + timedelta(minutes=m) for m in (0, 4, 5, 8, 9, 999)]
        assert [position_at(moment) for moment in asked] == [2, 2, 3, 3, 4, 4]

    @pytest.mark.parametrize("written", [True, False])
    def test_before_the_first_record_nothing_is_known(self, noon: datetime, written: bool) -> None:
        if written:
            with recording("test.nothing", by="tests", now=noon):
                pass
        with pytest.raises(NothingKnownYet) as refused:
            position_at(noon - timedelta(minutes=1))
        assert (noon.isoformat() if written else "—") in refused.value.sentence()


# ------------------------------------------------------------------------------------- several writers


@contextmanager
def _thread(work: Callable[[], None]) -> Iterator[threading.Thread]:
    """`work` on a connection of its own; what it raises fails the test."""
    raised: Queue[BaseException] = Queue()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            raised.put(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield thread
    thread.join(PATIENCE)
    assert not thread.is_alive(), "the writer still waits"
    if not raised.empty():
        raise raised.get()


def _write(noon: datetime, times: int) -> None:
    for _ in range(times):
        with recording("test.enrol", by=threading.current_thread().name, now=noon) as change:
            (key,) = change.ids(Person, 1)
            change.append(Person, ["id", "surrogate"], [(key, key)])


@pytest.mark.django_db(transaction=True)
class TestFollowingIds:
    """They are remembered while nobody else has written, and looked up otherwise."""

    def _looked_up(self, noon: datetime) -> bool:
        with CaptureQueriesContext(connection) as captured:
            _write(noon, 1)
        return any("MAX(" in query["sql"] for query in captured)

    def test_ones_own_are_remembered(self, noon: datetime) -> None:
        assert [self._looked_up(noon) for _ in range(3)] == [True, False, False]
        assert list(Person.objects.order_by("id").values_list("id", "recorded")) == [(1, 1), (2, 2), (3, 3)]

    def test_another_process_writes_between(self, noon: datetime) -> None:
        _write(noon, 1)
        Person.objects.create(id=2, surrogate=2, recorded=2)
        Head.objects.update(position=2)
        assert self._looked_up(noon) and Person.objects.filter(id=3, recorded=3).exists()

    def test_what_is_rolled_back_around_it_hands_out_nothing(self, noon: datetime) -> None:
        _write(noon, 1)
        with pytest.raises(KeyError), transaction.atomic():
            _write(noon, 1)
            raise KeyError
        Person.objects.create(id=2, surrogate=2, recorded=2)  # by whoever took that position then
        Head.objects.update(position=2)
        _write(noon, 1)
        assert Person.objects.filter(id=3, recorded=3).exists()

    def test_of_another_ledger_nothing_is_known(self, noon: datetime) -> None:
        """As between two tests: the same position and moment, reached by other ways that were rolled back."""
        _write(noon, 2)
        with pytest.raises(KeyError), transaction.atomic():
            Person.objects.all().delete()
            Change.objects.all().delete()
            Head.objects.update(position=0, at=from_ms(0))
            with recording("test.nothing", by="tests", now=noon):
                pass
            _write(noon, 1)
            Person.objects.create(id=3, surrogate=3, recorded=2)
            _write(noon, 1)
            assert Person.objects.filter(id=4, recorded=3).exists()
            raise KeyError

    def test_a_ledger_put_back_from_a_copy_is_found_out_at_the_first_failure(self, noon: datetime) -> None:
        _write(noon, 1)
        Person.objects.create(id=2, surrogate=2, recorded=1)
        with pytest.raises(IntegrityError):
            _write(noon, 1)
        _write(noon, 1)
        assert list(Person.objects.order_by("id").values_list("id", flat=True)) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_get_dense_positions_and_a_reader_never_sees_a_gap(noon: datetime) -> None:
    """Four writers from the very first record on; a reader that tails by position loses nothing."""
    writers, each = 4, 15
    seen: list[int] = []
    gaps: list[tuple[int, int]] = []
    done = threading.Event()

    def tail() -> None:
        while not done.is_set():
            positions = list(Change.objects.order_by("position").values_list("position", flat=True))
            seen.append(len(positions))
            if positions and positions[-1] != len(positions):
                gaps.append((len(positions), positions[-1]))

    with _thread(tail), ExitStack() as all_writers:
        all_writers.callback(done.set)
        for _ in range(writers):
            all_writers.enter_context(_thread(lambda: _write(noon, each)))
    assert gaps == []
    assert len(seen) > 1
    assert list(Change.objects.order_by("position").values_list("position", flat=True)) == list(
        range(1, writers * each + 1)
    )
    assert Person.objects.count() == writers * each


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_later_position_never_becomes_visible_before_an_earlier_one(noon: datetime) -> None:
    """On PostgreSQL, readers pass writers: the later writer must wait until the earlier one has committed."""
    _write(noon, 1)
    taken, finish, later_done = threading.Event(), threading.Event(), threading.Event()

    def earlier() -> None:
        with recording("test.slow", by="earlier", now=noon):
            taken.set()
            assert finish.wait(PATIENCE)

    def later() -> None:
        _write(noon, 1)
        later_done.set()

    with _thread(earlier):
        assert taken.wait(PATIENCE)
        with _thread(later):
            assert not later_done.wait(0.5), "a later position was committed before an earlier one"
            assert head_position() == 1
            finish.set()
    assert list(Change.objects.order_by("position").values_list("position", "by"))[1][1] == "earlier"
    assert head_position() == 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_writer_that_gives_up_leaves_its_position_to_the_next(noon: datetime) -> None:
    _write(noon, 1)
    taken, finish = threading.Event(), threading.Event()

    def gives_up() -> None:
        try:
            with recording("test.slow", by="gives up", now=noon):
                taken.set()
                assert finish.wait(PATIENCE)
                raise KeyError
        except KeyError:
            pass

    with _thread(gives_up):
        assert taken.wait(PATIENCE)
        with _thread(lambda: _write(noon, 1)):
            finish.set()
    assert list(Change.objects.order_by("position").values_list("position", flat=True)) == [1, 2]
