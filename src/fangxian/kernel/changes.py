"""Every write goes through `recording`: one transaction, one position, one row in the change log.

On PostgreSQL a later sequence number may commit before an earlier one, and a reader that tails by id
then loses rows. Here a writer locks the one `Head` row before it takes its position and keeps it to the
commit; so whoever sees position n sees all before it, on both databases.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, models, transaction

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
ENDED = ".ended"  # how the count of ended rows is named beside that of a table's new ones
CLOCK_SKEW = timedelta(minutes=5)  # two machines' clocks may differ so much; more is refused


class _HandedOut(NamedTuple):
    """The ids that follow on those of a position, by model. Positions are dense and writers hold the head's
    lock: while that position is the last, nobody else has handed out any. For the next recording alone, so
    that what is rolled back, fails or meets another ledger leaves nothing behind."""

    head: tuple[Any, ...]  # the ledger's name, position and moment
    next: dict[type[models.Model], int]


_handed_out = _HandedOut((), {})  # by what this process committed last


def _take_handed_out(position: int, at: datetime) -> dict[type[models.Model], int]:
    global _handed_out
    found, _handed_out = _handed_out, _HandedOut((), {})
    return found.next if found.head == (connection.settings_dict["NAME"], position, at) else {}


class Recording:
    """The transaction under way: hands out ids, appends rows, ends rows."""

    def __init__(
        self, *, position: int, at: datetime, by: str, following: dict[type[models.Model], int] | None = None
    ) -> None:
        self.position, self.at, self.by = position, at, by
        self.counts: Counter[str] = Counter()
        self.detail: dict[str, Any] = {}
        self._next: dict[type[models.Model], int] = {}
        self._following = following or {}

    def committed(self) -> None:
        """The next need not look up the ids that follow on these."""
        global _handed_out
        moment = from_ms(to_ms(self.at))  # as the head has it
        _handed_out = _HandedOut((connection.settings_dict["NAME"], self.position, moment), self._next)

    def ids(self, model: type[models.Model], count: int) -> range:
        """`count` fresh primary keys; safe because writers hold the head's lock."""
        first = self._next.get(model) or self._following.get(model)
        if first is None:
            pk = model._meta.pk
            assert pk is not None
            [(top,)] = tables.fetch(f'SELECT MAX("{pk.column}") FROM "{model._meta.db_table}"')  # noqa: S608
            first = (top or 0) + 1
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
        self.counts[model._meta.db_table + ENDED] += len(ids)


_under_way: ContextVar[Recording | None] = ContextVar("recording", default=None)


def _locked_head() -> tuple[int, datetime]:
    """The head's position and moment, locked to the commit. Of two first writers the database lets one make
    the row."""
    lock = _LOCKED + (" FOR UPDATE" if connection.features.has_select_for_update else "")
    found = tables.fetch_first(lock)
    if not found:
        Head.objects.get_or_create(pk=1, defaults={"position": 0, "at": from_ms(0)})
        found = tables.fetch(lock)
    [(position, at)] = found
    return position, from_ms(at)


@contextmanager
def recording(action: str, *, by: str, now: datetime, still: bool = False) -> Iterator[Recording]:
    """One atomic write. A clock a little behind the log is taken as the log's; one far behind is refused,
    unless it stands `still`, as a demonstration's does.

    Within another recording it joins that one, so that verbs can be composed into one transaction.
    """
    outer = _under_way.get()
    if outer is not None:
        yield outer
        return
    with _opened(action, by=by, now=now, still=still) as change:
        token = _under_way.set(change)
        try:
            yield change
        finally:
            _under_way.reset(token)


@contextmanager
def _opened(action: str, *, by: str, now: datetime, still: bool) -> Iterator[Recording]:
    with transaction.atomic():
        last, at = _locked_head()
        following = _take_handed_out(last, at)
        if now < at - CLOCK_SKEW and not still:
            raise ClockBehindLog(head=at.isoformat(), now=now.isoformat())
        change = Recording(position=last + 1, at=max(now, at), by=by, following=following)
        yield change
        moment = to_ms(change.at)
        detail = {"rows": dict(change.counts), **change.detail}
        for table, count in change.counts.items():
            if count >= tables.MANY and not table.endswith(ENDED):
                tables.survey(table)
        told = json.dumps(detail, ensure_ascii=False, sort_keys=True)
        note = (change.position, moment, action, by, told)
        tables.execute((_MOVE, (change.position, moment)), (_NOTE, note))
        transaction.on_commit(change.committed)


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
_TABLE = Head._meta.db_table
_LOCKED = f'SELECT "position", "at" FROM {_TABLE} WHERE id = 1'  # noqa: S608 - our own names
_MOVE = f'UPDATE {_TABLE} SET "position" = %s, "at" = %s WHERE id = 1'  # noqa: S608 - our own names
_NOTE = (
    f'INSERT INTO {Change._meta.db_table} ("position", "at", "action", "by", "detail")'  # noqa: S608
    " VALUES (%s, %s, %s, %s, %s)"
)
_HEAD = f'SELECT "position", "at" FROM {Head._meta.db_table} ORDER BY id LIMIT 1'  # noqa: S608 - our own names


def _fetched(query: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    return next(iter(tables.fetch(query, parameters)), None)
