"""Every write goes through `recording`: one transaction, one position, one row in the change log.

On PostgreSQL a later sequence number may commit before an earlier one, and a reader that tails by id
then loses rows. Here a writer locks the one `Head` row before it takes its position and keeps it to the
commit; so whoever sees position n sees all before it, on both databases.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max

from . import tables
from .models import Change, Head
from .moments import from_ms, to_ms
from .problems import ClockBehindLog, NothingKnownYet

# What these write no figure reads: nothing is counted anew because of them.
# "registry.disclose" is of ledgers that kept a second log of looks.
ASIDE = (
    "kernel.rekey",
    "kernel.retire_keys",
    "registry.disclose",
    "campaigns.remind",
    "campaigns.draft",
    "campaigns.channel",
    "campaigns.deliver",
    "publishing.attest",
    "publishing.draft",
    "publishing.changed",
    "publishing.failed",
    "publishing.checked",
    "publishing.approved",
    "publishing.returned",
    "publishing.given_up",
    "publishing.issue",
    "publishing.workbook",
    "publishing.map",
    "publishing.save_workbook",
    "publishing.fill",
    "desk.note",
    "desk.ask",
    "desk.hand_over",
)
CLOCK_SKEW = timedelta(minutes=5)  # two machines' clocks may differ so much; more is refused


class Recording:
    """The transaction under way: hands out ids, appends rows, ends rows."""

    def __init__(self, *, position: int, at: datetime, by: str) -> None:
        self.position, self.at, self.by = position, at, by
        self.counts: Counter[str] = Counter()
        self.detail: dict[str, Any] = {}
        self._next: dict[type[models.Model], int] = {}

    def ids(self, model: type[models.Model], count: int) -> range:
        """`count` fresh primary keys; safe because writers hold the head's lock."""
        first = self._next.get(model)
        if first is None:
            first = (model._base_manager.aggregate(top=Max("pk"))["top"] or 0) + 1
        self._next[model] = first + count
        return range(first, first + count)

    def append(self, model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Append rows given as tuples in the order of `columns` (attnames); `recorded` is filled in, and
        `id` where not among the columns. Values: date, datetime, dict and bytes as Python has them."""
        rows = list(rows)
        if not rows:
            return 0
        names, width = list(columns), len(columns)
        extra: list[tuple[str, Any]] = []
        if "recorded" not in names and any(f.attname == "recorded" for f in model._meta.concrete_fields):
            extra.append(("recorded", None))
        pk = model._meta.pk
        assert pk is not None
        assign = pk.attname not in names
        if len(rows[0]) != width:
            raise ValueError(f"{model.__name__}: {width} columns, a row of {len(rows[0])}")
        if assign:
            names.append(pk.attname)
        if extra:
            names.append("recorded")
        tail = (self.position,) if extra else ()
        if assign:
            keys = self.ids(model, len(rows))
            rows = [(*row, key, *tail) for row, key in zip(rows, keys, strict=True)]
        elif tail:
            rows = [(*row, *tail) for row in rows]
        tables.insert(model, names, rows)
        self.counts[model._meta.db_table] += len(rows)
        return len(rows)

    def end(self, model: type[models.Model], ids: Iterable[int]) -> None:
        """Say that these bitemporal rows are known to hold no longer, as of this position."""
        ids = list(ids)
        for start in range(0, len(ids), 10_000):
            model._base_manager.filter(pk__in=ids[start : start + 10_000], recorded_until=None).update(
                recorded_until=self.position
            )
        self.counts[f"{model._meta.db_table}.ended"] += len(ids)


_under_way: ContextVar[Recording | None] = ContextVar("recording", default=None)


def _locked_head() -> Head:
    """The head, locked to the commit. Of two first writers the database lets one make the row."""
    locked = Head.objects.select_for_update().filter(pk=1)
    head = locked.first()
    if head is None:
        Head.objects.get_or_create(pk=1, defaults={"position": 0, "at": from_ms(0)})
        head = locked.get()
    return head


@contextmanager
def recording(action: str, *, by: str, now: datetime) -> Iterator[Recording]:
    """One atomic write. A clock a little behind the log is taken as the log's; one far behind is refused.

    Within another recording it joins that one, so that verbs can be composed into one transaction.
    """
    outer = _under_way.get()
    if outer is not None:
        yield outer
        return
    with _opened(action, by=by, now=now) as change:
        token = _under_way.set(change)
        try:
            yield change
        finally:
            _under_way.reset(token)


@contextmanager
def _opened(action: str, *, by: str, now: datetime) -> Iterator[Recording]:
    with transaction.atomic():
        head = _locked_head()
        if now < head.at - CLOCK_SKEW:
            raise ClockBehindLog(head=head.at.isoformat(), now=now.isoformat())
        head.position, head.at = head.position + 1, max(now, head.at)
        change = Recording(position=head.position, at=head.at, by=by)
        yield change
        head.save()
        Change.objects.create(
            position=change.position,
            at=change.at,
            action=action,
            by=by,
            detail={"rows": dict(change.counts), **change.detail},
        )


def position_at(moment: datetime) -> int:
    """The last position recorded by `moment` that figures may read, in commit order.

    Raises NothingKnownYet before the first.
    """
    found = _fetched(_POSITION_AT, (to_ms(moment), *ASIDE))
    if found is None:
        first = Change.objects.order_by("position").first()
        raise NothingKnownYet(moment=moment.isoformat(), first=first.at.isoformat() if first else "—")
    return int(found[0])


def head_position() -> int:
    """The last position that figures may read; 0 where nothing is recorded."""
    found = _fetched(_HEAD_POSITION, ASIDE)
    return int(found[0]) if found else 0


def head() -> tuple[int, datetime] | None:
    """The last position of all and its moment; None where nothing was ever recorded."""
    found = _fetched(_HEAD, ())
    return (int(found[0]), from_ms(int(found[1]))) if found else None


# Every page asks for these several times: as text they cost a tenth of what a queryset costs to compile.
_READ = f"action NOT IN ({', '.join(['%s'] * len(ASIDE))})"
_POSITIONS = f'SELECT "position" FROM {Change._meta.db_table} WHERE'  # noqa: S608 - our own names
_HEAD_POSITION = f'{_POSITIONS} {_READ} ORDER BY "position" DESC LIMIT 1'
_POSITION_AT = f'{_POSITIONS} "at" <= %s AND {_READ} ORDER BY "at" DESC, "position" DESC LIMIT 1'
_HEAD = f'SELECT "position", "at" FROM {Head._meta.db_table} ORDER BY id LIMIT 1'  # noqa: S608 - our own names


def _fetched(query: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
