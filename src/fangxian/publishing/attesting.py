"""Numbers known only by telephone: attested, taken back, and chased until records replace them.

An attested number is nobody's figure. It stands beside the counted one, as of its day, until the records of
that figure at that unit come to as much; what lacks until then is what is to be chased.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from fangxian.kernel.changes import Recording, recording
from fangxian.kernel.moments import day_of
from fangxian.kernel.problems import MomentInFuture

from .models import Attestation
from .problems import AttestedAlready, NobodyNamed, NoNumberAttested, NothingAttested
from .references import Number, plain

LARGEST = Decimal(10**11)


@dataclass(frozen=True, slots=True)
class Attested:
    """A number that stands, beside what is counted. `counted` None: the figure is not counted there."""

    row: Attestation
    counted: Number | None

    @property
    def value(self) -> Number:
        found = plain(self.row.value)
        assert found is not None
        return found

    @property
    def replaced(self) -> bool:
        """The records say as much, or more."""
        return self.counted is not None and self.counted >= self.value

    @property
    def difference(self) -> Number:
        """How much the records lack; below 0: by how much they say more."""
        found = plain(self.value - (self.counted or 0))
        assert found is not None
        return found


def attest(
    *,
    figure: str,
    unit: int,
    day: date,
    value: str | Decimal,
    counted: Number | None,
    said_by: str,
    heard_by: str,
    note: str = "",
    by: str,
    now: datetime,
) -> Attestation:
    """Write down what was said on the telephone; `counted` is what the records say of it now. An earlier
    number of the same figure, unit and day is superseded.

    Raises NobodyNamed, NoNumberAttested, MomentInFuture, AttestedAlready.
    """
    if not said_by.strip() or not heard_by.strip():
        raise NobodyNamed()
    if day > day_of(now):
        raise MomentInFuture(moment=day.isoformat(), now=now.isoformat())
    number = read_number(value)
    if counted is not None and number <= Decimal(str(counted)):
        raise AttestedAlready(counted=counted, value=number)
    with recording("publishing.attest", by=by, now=now) as change:
        row = _row(change, figure, unit, day, said_by, heard_by, note, by, now)
        row.value, row.supersedes = number, _standing(figure, unit, day)
        row.save(force_insert=True)
    return row


def take_back(*, figure: str, unit: int, day: date, note: str = "", by: str, now: datetime) -> Attestation:
    """It was not so: the number stands no longer; that it did stays written. Raises NothingAttested."""
    with recording("publishing.attest", by=by, now=now) as change:
        old = _standing(figure, unit, day)
        if old is None:
            raise NothingAttested(figure=figure, unit=unit)
        row = _row(change, figure, unit, day, old.said_by, old.heard_by, note, by, now)
        row.supersedes = old
        row.save(force_insert=True)
    return row


def _row(
    change: Recording,
    figure: str,
    unit: int,
    day: date,
    said_by: str,
    heard_by: str,
    note: str,
    by: str,
    now: datetime,
) -> Attestation:
    return Attestation(
        id=change.ids(Attestation, 1)[0],
        recorded=change.position,
        figure=figure,
        unit_id=unit,
        day=day,
        said_by=said_by.strip()[:40],
        heard_by=heard_by.strip()[:40],
        note=note.strip()[:200],
        at=now,
        by=by[:80],
    )


def _standing(figure: str, unit: int, day: date) -> Attestation | None:
    rows = Attestation.objects.filter(figure=figure, unit=unit, day=day, superseded_by=None)
    return rows.exclude(value=None).first()


def read_number(text: str | Decimal) -> Decimal:
    """Raises NoNumberAttested."""
    try:
        number = Decimal(str(text).strip().replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise NoNumberAttested(value=str(text)[:20]) from None
    if not number.is_finite() or not 0 <= number < LARGEST:
        raise NoNumberAttested(value=str(text)[:20])
    return number.quantize(Decimal("0.01"))


def standing(
    *, known: datetime, day: date, figure: str = "", units: Collection[int] | None = None
) -> list[Attestation]:
    """The numbers that stood by a moment, of each figure and unit the one of the latest day up to `day`;
    the newest first. `units` None: of all."""
    rows = Attestation.objects.filter(at__lte=known, day__lte=day).select_related("unit")
    rows = rows.filter(figure=figure) if figure else rows
    found = [row for row in rows.order_by("day", "at", "id") if units is None or row.unit_id in units]
    gone = {row.supersedes_id for row in found}
    latest = {(row.figure, row.unit_id): row for row in found if row.id not in gone}
    return sorted((r for r in latest.values() if r.value is not None), key=lambda r: r.at, reverse=True)


def beside(rows: Iterable[Attestation], counted: Any) -> list[Attested]:
    """Each with what is counted: `counted(figure, unit id)` gives a value, or None."""
    return [Attested(row, counted(row.figure, row.unit_id)) for row in rows]
