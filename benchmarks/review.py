"""What a reviewer waits for with a key: a decision kept and the next row shown, by the length of the queue.

    python benchmarks/review.py [--queues 100 1000 10000] [--steps 40]

A list of ten times as many rows as its queue, of the tests' invented city, is brought into a ledger of this
run's own; each row of the queue has three candidates. A step is one request through all of the application:
the decision, the next row with its candidates and households, the look at it written down. Beside it, in
turns, a bare read and write in the same ledger: one row by its key, one row appended at a position. CPU
milliseconds of the thread that answers, the middle of all steps, and their ratio, which another load of the
machine leaves as it is; the quickest of all is what a machine needs that does little else. `first` is what
the process spends once, when it reads all queues.

The exit code is 1 where a limit is missed: a step grows with the queue, costs too many bare ones or cannot be
had within 50 ms, or the first reading grows faster than the queues.
"""

import argparse
import csv
import itertools
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rematching import enrol_all, prepare

ROOT = Path(__file__).resolve().parents[1]
ROWS, CANDIDATES, PEOPLE = 10, 3, 3_000  # rows of a list for one of its queue; candidates a row
FORM = re.compile(
    r'id="decide" hx-post="(?P<address>[^"]+)".*?name="proposal" value="(?P<proposal>\d+)"'
    r'.*?name="next" value="(?P<after>\d*)"'
)
WAIT = 50.0  # ms from a key to the next row
GROWN, BARE = 1.5, 40.0  # times the shortest queue's step; bare reads and writes a step


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds."""

    queue: int
    first: float
    step: float
    quickest: float
    bare: float

    @property
    def ratio(self) -> float:
        return self.step / self.bare


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    before = time.thread_time()
    done = work()
    return 1_000 * (time.thread_time() - before), done


def middle(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]


class Ledger:
    """A city's register, and a reviewer who is signed in."""

    def __init__(self, folder: Path) -> None:
        from django.test import Client
        from tests.matching.city import HEADINGS, City
        from tests.officer import officer, open_officer

        self.folder, self.city = folder, City(2020, PEOPLE)
        now = self.say["now"]
        enrol_all([dict(zip(HEADINGS, row, strict=True)) for row in self.city.rows()], now)
        open_officer(unit="top", now=now)
        self.client = Client()
        self.client.force_login(officer())
        self.numbers = itertools.count()

    @property
    def say(self) -> dict[str, Any]:
        from fangxian.web import clock

        return {"by": "benchmark", "now": clock.machine()}

    def bring(self, queue: int) -> int:
        """A list with so many rows for review; the others are nobody's."""
        from tests.matching.city import Mix

        from fangxian.matching.actions import add_list, bring_issue
        from fangxian.matching.bringing import read_issue

        listing = add_list(source="办公室", title=f"{queue}", topic="other", **self.say)
        rows, _truth = self.city.list(ROWS * queue + queue // 10, Mix())
        path = self.folder / f"{queue}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        imported = read_issue(listing, path, policy="partial", now=self.say["now"])
        bring_issue(listing=listing, imported=imported, **self.say)
        self.match(listing, queue)
        return listing

    def match(self, listing: int, queue: int) -> None:
        """In the place of the matcher."""
        from fangxian.matching.actions import NewCandidate, NewProposal, NewRun, record_run
        from fangxian.matching.models import RowState
        from fangxian.registry.models import Person

        people = list(Person.objects.order_by("id").values_list("id", flat=True))
        states = RowState.objects.filter(row__list=listing, recorded_until=None).order_by("row_id")
        reasons = [("name", "blur"), ("phone", "near"), ("town", "equal")]
        made = []
        for place, (row, state) in enumerate(states.values_list("row_id", "id")):
            ones = [people[(CANDIDATES * place + n) % len(people)] for n in range(CANDIDATES)]
            candidates = [NewCandidate(one, 0.5 / rank, reasons, "e") for rank, one in enumerate(ones, 1)]
            chosen = place % ROWS == 0 and place < ROWS * queue
            shown = {"decision": "review", "candidates": candidates} if chosen else {"decision": "none"}
            made.append(NewProposal(row, state, probability=0.5 - 0.4 * place / len(states), **shown))
        record_run(run=NewRun(listing, "1", 1, True, len(people), made), **self.say)

    def bare(self) -> None:
        from fangxian.kernel.changes import recording
        from fangxian.matching.models import Proposal, Source

        Proposal.objects.get(pk=1)
        with recording("benchmark", **self.say) as change:
            change.append(Source, ("name",), [(f"{next(self.numbers)}",)])

    def steps(self, listing: int, count: int) -> tuple[list[float], list[float]]:
        """What steps cost, and bare reads and writes between them."""
        start = self.client.get(f"/review/?list={listing}").headers["Location"]
        page = self.client.get(start)
        taken: tuple[list[float], list[float]] = ([], [])
        for number in range(count + 5):
            found = FORM.search(page.content.decode())
            assert found is not None, page.status_code
            address, proposal, after = found.groups()
            sent = {"proposal": proposal, "choice": "none", "next": after, "list": listing}
            step, page = spent(lambda: self.client.post(address, sent, headers={"HX-Request": "true"}))  # noqa: B023
            bare, _none = spent(self.bare)
            if number >= 5:  # what is made at first use is not a step's
                taken[0].append(step)
                taken[1].append(bare)
        return taken


def measure(queue: int, ledger: Ledger, steps: int) -> Measured:
    from fangxian.matching import waiting
    from fangxian.matching.reviewing import work

    listing = ledger.bring(queue)
    waiting.forget()
    first, told = spent(lambda: work("duty-officer", listing).size)
    assert told == queue, (told, queue)
    step, bare = ledger.steps(listing, steps)
    return Measured(queue, first, middle(step), min(step), middle(bare))


def run(queues: list[int], steps: int, folder: Path) -> int:
    from fangxian.access import audit
    from fangxian.web import clock

    ledger = Ledger(folder)
    audit.start_sealer(clock.machine)  # as where pages are served: looks are sealed beside the steps
    told = []
    print(f"{'queue':>7}{'first':>10}{'step':>10}{'quickest':>10}{'bare':>10}{'ratio':>8}")
    for queue in queues:
        each = measure(queue, ledger, steps)
        told.append(each)
        print(
            f"{queue:7,}{each.first:7.1f} ms{each.step:7.1f} ms{each.quickest:7.1f} ms{each.bare:7.2f} ms"
            f"{each.ratio:8.1f}",
            flush=True,
        )
    shortest, longest = told[0], told[-1]
    grown = longest.ratio / shortest.ratio
    rows = sum(each.queue for each in told) / shortest.queue  # a ledger's queues are read together
    first = longest.first / shortest.first / rows
    limits = (
        ("a step in the longest queue, of one in the shortest", grown, GROWN),
        ("a step in the longest queue, in bare ones", longest.ratio, BARE),
        ("the quickest step in the longest queue, ms", longest.quickest, WAIT),
        ("the first reading, a row of the queues, of the shortest", first, GROWN),
    )
    print()
    for label, value, limit in limits:
        print(f"{label:62}{value:8.2f}   limit {limit:<6g}{'' if value <= limit else '  MISSED'}")
    return int(any(value > limit for _label, value, limit in limits))


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--queues", type=int, nargs="+", default=[100, 1_000, 10_000])
    asked.add_argument("--steps", type=int, default=40)
    args = asked.parse_args()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="fangxian-review-") as folder:
        prepare(Path(folder) / "home")
        return run(args.queues, args.steps, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
