"""No definition changes without a version of its own."""

from datetime import date

from fangxian.figures import definitions
from fangxian.figures.definitions import changed, current, in_force, versions, versions_of


def test_the_last_version_of_each_definition_is_what_the_program_says() -> None:
    assert changed() == {}, "add a version: python -m fangxian.figures.definitions DAY"
    assert set(versions()) >= set(current())


def test_versions_are_in_the_order_of_their_days_and_none_says_the_same() -> None:
    for of in versions().values():
        assert [one.since for one in of] == sorted(one.since for one in of)
        assert all(a.definition != b.definition for a, b in zip(of, of[1:], strict=False))
        assert [one.number for one in of] == list(range(1, len(of) + 1))


def test_a_day_is_counted_under_the_version_of_its_time(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    rows = [("a.b", "2026-11-24", "first"), ("a.b", "2026-12-01", "second")]
    monkeypatch.setattr(definitions, "versions", lambda: _read(rows))
    assert in_force("a.b", date(2026, 11, 30)).definition == "first"  # type: ignore[union-attr]
    assert in_force("a.b", date(2026, 12, 1)).number == 2  # type: ignore[union-attr]
    assert in_force("a.b", date(2020, 2, 12)).number == 1, "the first one for days before it"  # type: ignore[union-attr]
    assert in_force("c.d", date(2026, 12, 1)) is None


def _read(rows: list[tuple[str, str, str]]) -> dict[str, tuple[definitions.Version, ...]]:
    found = [
        definitions.Version(figure, number, date.fromisoformat(since), text)
        for number, (figure, since, text) in enumerate(rows, start=1)
    ]
    return {"a.b": tuple(found)}


def test_all_coverage_shares_its_versions() -> None:
    assert versions_of("coverage.ten-ones") == versions_of("coverage.screening") != ()
