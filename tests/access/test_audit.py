"""The chain of seals: whatever is changed, taken out, put in or cut off is noticed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner

from fangxian.access import audit
from fangxian.access.models import Event, Seal
from fangxian.cli.main import _build
from fangxian.kernel.home import Home

from .conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
CODES = Callable[[], set[str]]


@pytest.fixture
def faults(other_home: Home) -> CODES:
    """Three batches; the codes of what is wrong with them now."""
    for n in range(6):
        audit.record("head", "read", at=NOW + timedelta(seconds=n), classes="D", subject=f"person:{n}")
    assert Seal.objects.count() == 6
    return lambda: {code for code, _number in audit.check(moment=NOW + timedelta(seconds=8)).faults}


def test_a_whole_log_has_no_faults(faults: CODES) -> None:
    found = audit.check(moment=NOW)
    assert (found.events, found.seals, found.faults) == (6, 6, ())
    assert (audit._file().stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize("column", ["actor", "what", "route", "classes", "unit", "subject", "copy"])
def test_a_changed_field_is_noticed(faults: CODES, column: str) -> None:
    Event.objects.filter(subject="person:2").update(**{column: "x"})
    assert faults() == {"changed"}


def test_a_changed_moment_or_count_is_noticed(faults: CODES) -> None:
    Event.objects.filter(subject="person:2").update(at=NOW)
    assert faults() == {"changed"}


def test_what_was_taken_out_or_put_in_is_noticed(faults: CODES) -> None:
    Event.objects.filter(subject="person:2").delete()
    assert faults() == {"changed"}


def test_what_was_put_in_is_noticed(faults: CODES) -> None:
    Event.objects.create(at=NOW, actor="x", what="read", seal=3)
    assert faults() == {"changed"}


def test_a_log_without_its_end_is_noticed_by_the_file_beside_it(faults: CODES) -> None:
    Event.objects.filter(seal=6).delete()
    Seal.objects.filter(number=6).delete()
    assert faults() == {"differs-from-file"}


def test_a_log_without_a_middle_is_noticed(faults: CODES) -> None:
    Seal.objects.filter(number=3).delete()
    assert {"seal-missing", "changed"} <= faults()


def test_an_event_that_nobody_sealed_is_told_after_five_seconds(faults: CODES) -> None:
    Event.objects.create(at=NOW + timedelta(seconds=4), actor="x", what="read")
    assert faults() == set()
    Event.objects.update_or_create(actor="x", defaults={"at": NOW + timedelta(seconds=2)})
    assert faults() == {"unsealed"}
    audit.seal(moment=NOW)
    assert faults() == set()


def test_the_command_says_whether_it_is_whole(faults: CODES, other_home: Home) -> None:
    words = ["--home", str(other_home.path), "--lang", "en", "audit", "check"]
    told = CliRunner().invoke(_build(), words)
    assert (told.exit_code, told.output.strip()) == (0, "6 events under 6 seals, 0 faults.")
    Event.objects.filter(seal=2).update(actor="x")
    told = CliRunner().invoke(_build(), words)
    assert told.exit_code == 1 and "changed 2" in told.output


def test_a_copys_id_finds_the_exporter(other_home: Home) -> None:
    copy = audit.new_copy()
    audit.record("head", "export", at=NOW, classes="AB", subject="figure:x", unit="s1", copy=copy)
    words = ["--home", str(other_home.path), "audit", "copy", copy.upper()]
    assert "head\texport\tfigure:x\ts1" in CliRunner().invoke(_build(), words).output
