"""What a reviewer has to do, in which order, and how well reviewers agree.

First comes what somebody waits for (a question that was answered, a decision whose evidence changed, two who
disagree), then what a mistake would cost: a row that nobody looks at stays without a lead, so the cost of
leaving it is the probability that it is one of ours, times what missing a person of this list costs. The
queues lie in `waiting`.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass

from fangxian.kernel.models import Change

from . import waiting
from .models import UNDONE, Decision

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


@dataclass(frozen=True, slots=True)
class Work:
    """The queue of one reviewer, and how far all of them are; `listing` None: of all lists. Rows are told as
    None where there is no other."""

    held: waiting.Queues
    reviewer: str
    listing: int | None
    progress: Progress

    @property
    def queue(self) -> list[Waiting]:
        with waiting.lock:
            told = [(row, self.held.rows[row]) for _cost, row in self._order()]
        return [Waiting(row, each.listing, each.cost, each.why) for row, each in told]

    @property
    def size(self) -> int:
        with waiting.lock:
            return len(self._order())

    def first(self) -> int | None:
        with waiting.lock:
            order = self._order()
            return order[0][1] if order else None

    def waits(self, row: int) -> bool:
        with waiting.lock:
            return self._place(row) is not None

    def after(self, row: int) -> int | None:
        """The next row of the queue, from the beginning after the last."""
        with waiting.lock:
            place = self._place(row)
            return self.first() if place is None else self._other(place + 1)

    def before(self, row: int) -> int | None:
        with waiting.lock:
            place = self._place(row)
            return None if place is None else self._other(place - 1)

    def _order(self) -> list[waiting.Place]:
        return self.held.order(self.reviewer, self.listing)

    def _place(self, row: int) -> int | None:
        order, told = self._order(), self.held.rows.get(row)
        at = bisect_left(order, (-told.cost, row)) if told is not None else len(order)
        return at if at < len(order) and order[at][1] == row else None

    def _other(self, place: int) -> int | None:
        order = self._order()
        return order[place % len(order)][1] if len(order) > 1 else None


def work(reviewer: str, listing: int | None = None) -> Work:
    """As of all that is recorded. What it costs: see `waiting`."""
    with waiting.lock:
        held = waiting.queues()
        told = held.counted[listing]
        names = ("same", "not_same", "asked", waiting.LEFT)
        return Work(held, reviewer, listing, Progress(*(told[name] for name in names)))


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
