"""The queues of the review, kept in memory: read from the ledger once, and from then on brought up to date by
what was recorded since. So a step costs as much as was recorded since the last one, however long the queues.

Nothing of a person is kept but ids. A process that has just started, or many rows that were matched at once,
read all of it, in proportion to the rows that are or were for review.
"""

import threading
from bisect import bisect_left, insort
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import F

from fangxian.kernel.models import Head
from fangxian.kernel.tables import fetch

from .actions import voices_in, voices_of
from .models import (
    REVIEW,
    Candidate,
    Decision,
    Lead,
    ListWithdrawal,
    Proposal,
    Reopening,
    Reply,
    Row,
    RowState,
)
from .replies import denials
from .standing import ASKED, DISPUTED, OPEN, SETTLED, UNDECIDED, standing
from .topics import TOPICS

ANSWERED, CHANGED = "answer", "evidence"
FIRST = {ANSWERED: 30.0, DISPUTED: 20.0, CHANGED: 10.0}
LEFT = "left"
MANY = 2_000  # rows that changed at once: from here on all are read
ORDERS = 64  # queues of a reviewer and a list that are kept

Place = tuple[float, int]  # what leaving the row costs, negated; the row


@dataclass(frozen=True, slots=True)
class Told:
    """Where a row stands that is or was for review. `what`: same, not_same, asked or left; `why` it waits:
    answer, evidence, disputed, second or open; `by` whose decisions about it stand."""

    listing: int
    what: str
    why: str = ""
    cost: float = 0.0
    by: frozenset[str] = frozenset()


@dataclass(slots=True)
class Queues:
    """All rows that are or were for review, and the queues that were asked for, as of a position."""

    position: int
    rows: dict[int, Told] = field(default_factory=dict)
    counted: defaultdict[int | None, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    orders: OrderedDict[tuple[str, int | None], list[Place]] = field(default_factory=OrderedDict)

    def put(self, row: int, told: Told | None) -> None:
        """`told` None: it is not for review any more."""
        was = self.rows.pop(row, None)
        if told is not None:
            self.rows[row] = told
        for each, change in ((was, -1), (told, 1)):
            if each is not None:
                self.counted[None][each.what] += change
                self.counted[each.listing][each.what] += change
        for (reviewer, listing), order in self.orders.items():
            if was is not None and _waits(was, reviewer, listing):
                del order[bisect_left(order, (-was.cost, row))]
            if told is not None and _waits(told, reviewer, listing):
                insort(order, (-told.cost, row))

    def order(self, reviewer: str, listing: int | None) -> list[Place]:
        """The queue of a reviewer, the costliest row first."""
        key = (reviewer, listing)
        if key not in self.orders:
            waiting = ((-t.cost, row) for row, t in self.rows.items() if _waits(t, reviewer, listing))
            self.orders[key] = sorted(waiting)
        self.orders.move_to_end(key)
        while len(self.orders) > ORDERS:
            self.orders.popitem(last=False)
        return self.orders[key]


def _waits(told: Told, reviewer: str, listing: int | None) -> bool:
    return told.what == LEFT and listing in (None, told.listing) and reviewer not in told.by


lock = threading.RLock()  # to be held while queues are read: another thread may bring them up to date
_kept: Queues | None = None


def queues() -> Queues:
    """As of all that is recorded."""
    global _kept
    with lock:
        position = Head.objects.values_list("position", flat=True).first() or 0
        if _kept is None or position < _kept.position:
            _kept = _all(position)
        elif position > _kept.position:
            changed = _changed(_kept.position)
            if len(changed) > MANY:
                _kept = _all(position)
            else:
                told = _told(sorted(changed)) if changed else {}
                for row in changed:
                    _kept.put(row, told.get(row))
                _kept.position = position
        return _kept


def forget() -> None:
    """For tests that roll the ledger back."""
    global _kept
    with lock:
        _kept = None


def _all(position: int) -> Queues:
    made = Queues(position)
    for row, told in _told(None).items():
        made.put(row, told)
    return made


_FRESH = [
    f"SELECT row_id FROM {model._meta.db_table} WHERE {column} > %s"  # noqa: S608 - our own names
    for model in (Proposal, RowState)
    for column in ("recorded", "recorded_until")
]
_DECIDED = f"SELECT row_id FROM {Decision._meta.db_table} WHERE recorded > %s"  # noqa: S608
_REOPENED = (
    f"SELECT d.row_id FROM {Reopening._meta.db_table} r"  # noqa: S608
    f" JOIN {Decision._meta.db_table} d ON d.id = r.decision_id WHERE r.recorded > %s"
)
_WITHDRAWN = (
    f"SELECT r.id FROM {Row._meta.db_table} r"  # noqa: S608
    f" JOIN {ListWithdrawal._meta.db_table} w ON w.list_id = r.list_id WHERE w.recorded > %s"
)
_DENIED = (
    f"SELECT l.row_id FROM {Reply._meta.db_table} r"  # noqa: S608
    f" JOIN {Lead._meta.db_table} l ON l.id = r.lead_id WHERE r.submission_id IS NULL AND r.recorded > %s"
)
_LEGS = (*_FRESH, _DECIDED, _REOPENED, _WITHDRAWN, _DENIED)
_CHANGED = " UNION ".join(_LEGS)


def _changed(since: int) -> set[int]:
    """Rows of which something was recorded after a position."""
    return {row for (row,) in fetch(_CHANGED, [since] * len(_LEGS))}


# ---- where rows stand, from the ledger --------------------------------------------------------------


def _told(rows: Collection[int] | None) -> dict[int, Told]:
    """Of these rows, or of all, those that are or were for review. Flat: as many queries for one row as for
    a thousand."""
    reopened = _reopened(rows)
    voices = voices_in(None) if rows is None else voices_of(rows)
    denied = _denied(rows)
    found = {}
    for row, listing, topic, sensitive, probability, decision, bare in _proposals(rows):
        said = voices.get(row, [])
        stands = standing(said, sensitive=sensitive) if said else UNDECIDED
        again = ANSWERED if row in denied else reopened.get(row, "")
        if stands.state == ASKED:
            found[row] = Told(listing, "asked")
        elif stands.state == SETTLED:
            found[row] = Told(listing, "same" if stands.person is not None else "not_same")
        elif stands.state != OPEN or again or (decision == REVIEW and not bare):
            why = again if stands.state == OPEN and again else stands.state
            cost = probability * TOPICS[topic].cost + FIRST.get(why, 0.0)
            found[row] = Told(listing, LEFT, why, cost, frozenset(voice.by for voice in said))
    return found


_OF_LIST = ("row__list_id", "row__list__topic", "row__list__sensitive")
_COLUMNS = ("row_id", *_OF_LIST, "probability", "decision", "bare")


def _proposals(rows: Collection[int] | None) -> Iterable[tuple[int, int, str, bool, float, str, bool]]:
    """Of rows that lists which stand still have, matched as they are now: of all, those for review, those
    that somebody decided about and those that a call denied. A query each, which an index serves."""
    held = Proposal.objects.filter(
        recorded_until=None,
        row__list__withdrawal=None,
        row__states__recorded_until=None,
        row__states__evidence=F("state__evidence"),
    )
    if rows is not None:
        return {told[0]: told for told in held.filter(row__in=rows).values_list(*_COLUMNS)}.values()
    decided, denied = Decision.objects.values("row_id"), Reply.objects.filter(submission=None)
    legs = (
        held.filter(decision=REVIEW, bare=False),
        held.filter(row__in=decided),
        held.filter(row__in=denied.values("lead__row")),
    )
    return {told[0]: told for leg in legs for told in leg.values_list(*_COLUMNS)}.values()


def _denied(rows: Collection[int] | None) -> set[int]:
    """Those whose likeliest candidate was called, and is somebody else."""
    said = denials(rows)
    if not said:
        return set()
    best = Candidate.objects.filter(proposal__recorded_until=None, rank=1)
    best = best.filter(proposal__row__in={row for row, _person in said})
    return {row for row, person in best.values_list("proposal__row_id", "person_id") if (row, person) in said}


def _reopened(rows: Collection[int] | None) -> dict[int, str]:
    """row -> why a decision about it was last reopened."""
    held = Reopening.objects.order_by("recorded")
    if rows is not None:
        held = held.filter(decision__row__in=rows)
    return dict(held.values_list("decision__row_id", "why"))
