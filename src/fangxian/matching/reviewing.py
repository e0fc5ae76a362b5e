"""What a reviewer has to do, in which order, and how well reviewers agree.

First comes what somebody waits for (a question that was answered, a decision whose evidence changed, two who
disagree), then what a mistake would cost: a row that nobody looks at stays without a lead, so the cost of
leaving it is the probability that it is one of ours, times what missing a person of this list costs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import F

from fangxian.kernel.models import Change

from .actions import voices_in
from .models import REVIEW, SAME, UNDONE, Decision, List, Proposal, Reopening
from .standing import ASKED, DISPUTED, OPEN, SECOND, SETTLED, UNDECIDED, standing
from .topics import TOPICS

ANSWERED, CHANGED = "answer", "evidence"
_FIRST = {ANSWERED: 30.0, DISPUTED: 20.0, CHANGED: 10.0}
RECENT = 20  # decisions by which a reviewer's pace is told


@dataclass(frozen=True, slots=True)
class Waiting:
    """`why`: answer, evidence, disputed, second or open."""

    row: int
    listing: int
    cost: float
    why: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows to be reviewed, by what became of them."""

    same: int = 0
    not_same: int = 0
    asked: int = 0
    left: int = 0

    @property
    def done(self) -> int:
        return self.same + self.not_same + self.asked

    @property
    def total(self) -> int:
        return self.done + self.left


@dataclass(slots=True)
class Work:
    """The queue of one reviewer, and how far all of them are; `listing` None: of all lists."""

    queue: list[Waiting] = field(default_factory=list)
    progress: Progress = Progress()

    def after(self, row: int) -> int | None:
        """The next row of the queue, from the beginning after the last; None where there is no other."""
        rows = [each.row for each in self.queue]
        if row not in rows:
            return rows[0] if rows else None
        return rows[(rows.index(row) + 1) % len(rows)] if len(rows) > 1 else None

    def before(self, row: int) -> int | None:
        rows = [each.row for each in self.queue]
        return rows[rows.index(row) - 1] if row in rows and len(rows) > 1 else None


def work(reviewer: str, listing: int | None = None) -> Work:
    """Flat: as many queries for one row as for a thousand."""
    reopened = _reopened(listing)
    voices = voices_in(listing)
    held = List.objects.filter(withdrawal=None)
    lists = {key: (topic, sensitive) for key, topic, sensitive in held.values_list(*_OF_LIST)}
    counted: Counter[str] = Counter()
    queue = []
    for row, of_list, probability, decision in _proposals(listing):
        if of_list not in lists:
            continue
        topic, sensitive = lists[of_list]
        told = standing(voices[row], sensitive=sensitive) if row in voices else UNDECIDED
        again = reopened.get(row, "")
        if told.state == OPEN and decision != REVIEW and not again:
            continue
        if told.state in (SETTLED, ASKED):
            settled = "same" if told.person is not None else "not_same"
            counted["asked" if told.state == ASKED else settled] += 1
            continue
        counted["left"] += 1
        if row not in voices or all(voice.by != reviewer for voice in voices[row]):
            why = again if told.state == OPEN and again else told.state
            cost = probability * TOPICS[topic].cost + _FIRST.get(why, 0.0)
            queue.append(Waiting(row, of_list, cost, why))
    queue.sort(key=lambda each: (-each.cost, each.row))
    return Work(queue, Progress(**counted))


_OF_LIST = ("id", "topic", "sensitive")


def _proposals(listing: int | None) -> Iterable[tuple[int, int, float, str]]:
    """Of rows that the list still has, matched as they are now: those for review, and those that somebody
    decided about. Two queries: either finds its rows by an index."""
    held = Proposal.objects.filter(
        recorded_until=None,
        row__states__recorded_until=None,
        row__states__evidence=F("state__evidence"),
    )
    decided = Decision.objects.all()
    if listing is not None:
        held, decided = held.filter(row__list=listing), decided.filter(row__list=listing)
    both = (held.filter(decision=REVIEW, bare=False), held.filter(row__in=decided.values("row_id")))
    columns = ("row_id", "row__list_id", "probability", "decision")
    return {told[0]: told for rows in both for told in rows.values_list(*columns)}.values()


def _reopened(listing: int | None) -> dict[int, str]:
    """row -> why a decision about it was last reopened."""
    held = Reopening.objects.order_by("recorded")
    if listing is not None:
        held = held.filter(decision__row__list=listing)
    return dict(held.values_list("decision__row_id", "why"))


def pace(reviewer: str) -> float | None:
    """Seconds a decision, by the reviewer's last ones; None where there are too few to tell."""
    recent = Decision.objects.filter(by=reviewer).exclude(verdict=UNDONE).order_by("-id")
    positions = list(recent.values_list("recorded", flat=True)[:RECENT])
    moments = sorted(Change.objects.filter(position__in=positions).values_list("at", flat=True))
    gaps = sorted((b - a).total_seconds() for a, b in zip(moments, moments[1:], strict=False))
    middle = gaps[len(gaps) // 2] if len(gaps) >= 4 else 0.0
    return middle or None


# ---- how well reviewers agree -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of rows that two reviewers decided about, neither seeing what the other said. `kappa` is Cohen's
    (1960): what they agree beyond what their habits alone would; None where one word was all they said."""

    rows: int
    alike: int
    kappa: float | None

    @property
    def percent(self) -> str:
        return f"{100 * self.alike / self.rows:.0f}%" if self.rows else ""


def agreement(listing: int | None = None) -> Agreement:
    """Of the first two reviewers of each row, what they said last, also where it was reopened since."""
    said: defaultdict[int, dict[str, tuple[str, int | None]]] = defaultdict(dict)
    held = Decision.objects.filter(undone_by=None).exclude(verdict=UNDONE).order_by("id")
    if listing is not None:
        held = held.filter(row__list=listing)
    for row, by, verdict, person in held.values_list("row_id", "by", "verdict", "person_id"):
        said[row][by] = (verdict, person)
    pairs = [tuple(each.values())[:2] for each in said.values() if len(each) > 1]
    return agreed([(one, other) for one, other in pairs])


Said = tuple[str, int | None]


def agreed(pairs: list[tuple[Said, Said]]) -> Agreement:
    """Two who name different people disagree, though both said "same"."""
    rows = len(pairs)
    alike = sum(one == other for one, other in pairs)
    if not rows:
        return Agreement(0, 0, None)
    firsts, seconds = (Counter(pair[place][0] for pair in pairs) for place in (0, 1))
    by_habit = sum(firsts[word] * seconds[word] for word in firsts) / rows**2
    kappa = (alike / rows - by_habit) / (1 - by_habit) if by_habit < 1 else None
    return Agreement(rows, alike, kappa)


__all__ = ["SAME", "SECOND", "Agreement", "Progress", "Waiting", "Work", "agreed", "agreement", "work"]
