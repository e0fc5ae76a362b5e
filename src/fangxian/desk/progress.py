"""How far a round has come, household by household, folded from the ledger as its positions go on.

The first look reads what was recorded since the round opened; each later one what is new. Positions are dense
and in commit order, so nothing is missed. "Settled" is what the figure of the rounds means by it.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from fangxian.campaigns.models import Round
from fangxian.figures.catalogue import FAILED_ATTEMPTS
from fangxian.kernel.models import Change
from fangxian.matching.models import ListWithdrawal
from fangxian.submissions.models import Revision, Submission

from .models import Ask, Attempt

REACHED, NO_ANSWER, WRONG_NUMBER, REFUSED, AGAIN = "reached", "no_answer", "wrong_number", "refused", "again"
FAILED = (NO_ANSWER, WRONG_NUMBER)
ANSWERED = (REACHED, REFUSED)


@dataclass(slots=True)
class Home:
    """What is known of one household in the round. `sheets`: live answer sheets and the outcome of each."""

    sheets: dict[int, str] = field(default_factory=dict)
    tried: int = 0
    unsent: int = 0  # failed calls of which the form has no answer
    last: datetime | None = None
    again: datetime | None = None
    promised: bool = False  # it said itself when it wants to be called
    asks: list[Ask] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """With an outcome, or with so many failed attempts."""
        failures = self.unsent
        for outcome in self.sheets.values():
            if outcome not in FAILED:
                return True
            failures += 1
        return failures >= FAILED_ATTEMPTS


class Progress:
    """Of one round. Read it under `lock`."""

    def __init__(self, round: Round) -> None:
        self.round = round
        self.position = round.recorded - 1
        self.at: datetime | None = None
        self.homes: dict[int, Home] = {}
        self._of: dict[int, int] = {}  # sheet -> household
        for ask in _asks_before(round):
            self.home(ask.household_id).asks.append(ask)

    def home(self, household: int) -> Home:
        return self.homes.setdefault(household, Home())

    def fold(self) -> None:
        """Be true as of the log's last position."""
        head = Change.objects.order_by("-position").values_list("position", "at").first()
        if head is None or head == (self.position, self.at):
            return
        since = {"recorded__gt": self.position, "recorded__lte": head[0]}
        self._sheets(since)
        self._revised(since)
        for row in Attempt.objects.filter(round=self.round, **since).order_by("pk"):
            self._tried(row)
        for ask in Ask.objects.filter(list__withdrawal=None, **since).order_by("pk"):
            if ask.campaign_id in (None, self.round.campaign_id):
                self.home(ask.household_id).asks.append(ask)
        self._taken_back(since)
        self.position, self.at = head

    def _taken_back(self, since: dict[str, int]) -> None:
        gone = set(ListWithdrawal.objects.filter(**since).values_list("list_id", flat=True))
        for home in self.homes.values() if gone else ():
            home.asks = [ask for ask in home.asks if ask.list_id not in gone]

    def _sheets(self, since: dict[str, int]) -> None:
        rows = Submission.objects.filter(campaign=self.round.campaign_id, round=self.round.number, **since)
        columns = rows.values_list("id", "subject_kind", "subject", "household", "answers__outcome")
        for pk, kind, subject, household, outcome in columns.order_by("pk").iterator(20_000):
            home = household or (subject if kind == "household" else None)
            if home is not None:
                self._of[pk] = home
                self.home(home).sheets[pk] = outcome or REACHED

    def _revised(self, since: dict[str, int]) -> None:
        rows = Revision.objects.filter(kind__in=("superseded", "retracted"), **since)
        for pk in rows.values_list("submission_id", flat=True):
            if pk in self._of:
                self.home(self._of.pop(pk)).sheets.pop(pk, None)

    def _tried(self, row: Attempt) -> None:
        home = self.home(row.household_id)
        home.tried += 1
        home.last, home.again, home.promised = row.at, row.again, row.outcome == AGAIN
        if row.outcome in FAILED and not row.answered:
            home.unsent += 1
        if row.outcome in ANSWERED:
            home.asks.clear()


def _asks_before(round: Round) -> list[Ask]:
    """Calls that were asked for before the round opened, and were not made since."""
    asks = list(Ask.objects.filter(recorded__lt=round.recorded, list__withdrawal=None).order_by("pk"))
    rows = Attempt.objects.filter(household__in={ask.household_id for ask in asks}, outcome__in=ANSWERED)
    made: dict[int, int] = dict(rows.order_by("recorded").values_list("household_id", "recorded"))
    return [
        ask
        for ask in asks
        if ask.campaign_id in (None, round.campaign_id) and made.get(ask.household_id, -1) < ask.recorded
    ]


lock = threading.RLock()
_kept: dict[tuple[int, int], Progress] = {}


def progress_of(round: Round) -> Progress:
    """The round as of now; hold `lock` while it is read."""
    with lock:
        key = (round.pk, round.recorded)
        found = _kept.get(key)
        if found is None or not _same_log(found):
            if len(_kept) > 7:
                _kept.clear()
            found = _kept[key] = Progress(round)
        found.fold()
        return found


def _same_log(known: Progress) -> bool:
    """Whether the log still goes on from where it was read: a ledger put back from a backup does not."""
    if known.at is None:
        return True
    return Change.objects.filter(position=known.position).values_list("at", flat=True).first() == known.at


def forget() -> None:
    with lock:
        _kept.clear()


def settled(homes: Iterable[int], known: Progress) -> int:
    return sum(1 for home in homes if home in known.homes and known.homes[home].settled)
