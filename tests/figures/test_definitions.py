"""No definition changes without a version of its own."""

from datetime import date

import pytest

from fangxian.figures import catalogue, definitions
from fangxian.figures.definitions import (
    Renamed,
    changed,
    current,
    in_force,
    renamed,
    unknown,
    versions,
    versions_of,
)
from fangxian.figures.problems import FigureRenamed, UnknownFigure


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


def test_every_former_name_leads_to_a_figure_and_is_none_itself() -> None:
    for was in renamed():
        assert was not in current()
        assert unknown(was).facts["now"] in current()


def _calls(monkeypatch: pytest.MonkeyPatch, *rows: tuple[str, str, str]) -> None:
    table = {was: Renamed(was, figure, date.fromisoformat(since)) for was, figure, since in rows}
    monkeypatch.setattr(definitions, "renamed", lambda: table)


def test_a_former_name_leads_to_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    _calls(monkeypatch, ("a.b", "a.c", "2026-12-01"), ("a.c", "a.d", "2027-01-08"))
    said = unknown("a.b")
    assert isinstance(said, FigureRenamed)
    assert said.facts == {"figure": "a.b", "now": "a.d", "since": "2027-01-08"}
    assert type(unknown("a.d")) is UnknownFigure, "what has no other name was never one"


def test_names_in_a_circle_end(monkeypatch: pytest.MonkeyPatch) -> None:
    _calls(monkeypatch, ("a.b", "a.c", "2026-12-01"), ("a.c", "a.b", "2027-01-08"))
    assert isinstance(unknown("a.b"), FigureRenamed)


def test_whoever_asks_by_a_former_name_is_told_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    _calls(monkeypatch, ("students.children", "students.pupils", "2026-12-01"))
    with pytest.raises(FigureRenamed, match="students.pupils"):
        catalogue.find("students.children")


def test_names_are_read_from_the_file_of_versions(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "definitions.toml"
    file.write_text('[[renamed]]\nwas = "a.b"\nfigure = "a.c"\nsince = 2026-12-01\n', "utf-8")
    monkeypatch.setattr(definitions, "VERSIONS", file)
    assert renamed.__wrapped__() == {"a.b": Renamed("a.b", "a.c", date(2026, 12, 1))}
