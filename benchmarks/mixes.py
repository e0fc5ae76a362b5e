"""How well lists with other mixes of mistakes are matched, and where what is missed is lost.

    python benchmarks/mixes.py [--people 8000] [--rows 2000] [--seeds 3] [--only NAME ...]

Each mix of `mixes` is written over the tests' invented city, with several seeds, and matched as shipped: no
labels, the threshold as it is. Told of each: precision and recall of what is linked at once; the share kept
by that and review; of the true pairs those not linked at once, because they were not compared (or counted for
next to nothing), because another was likelier, or because they were not sure enough; and `within reach`, the
most recall that any threshold on these probabilities has at a precision of 0.99, chosen on the truth.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PRECISION = 0.99
COLUMNS = ("precision", "recall", "kept", "not compared", "not first", "not sure", "within reach")


def mixes() -> dict[str, Any]:
    from tests.matching.city import Mix

    return {
        "as it comes": Mix(),
        "few of ours": Mix(ours=0.1, kin=0.12),
        "most are ours": Mix(ours=0.8, kin=0.02),
        "names": Mix(name_wrong=0.6),
        "ID numbers": Mix(no_id=0.2, masked=0.4, id_digit=0.15, old_id=0.15),
        "phones": Mix(stale=0.35, phone_digit=0.12),
        "birth dates": Mix(birth_wrong=0.3, birth_part=0.5),
        "addresses": Mix(moved=0.25, town_only=0.4),
        "one careless office": Mix(worse={"车站": 3.0, "派出所": 0.3}),
        "no ID numbers, stale phones": Mix(no_id=0.8, masked=0.1, stale=0.25),
        "all at once": Mix(no_id=0.75, masked=0.1, name_wrong=0.35, stale=0.2),
    }


@dataclass(frozen=True, slots=True)
class Told:
    pairs: int
    linked: int
    right: int
    kept: int
    apart: int
    second: int
    unsure: int
    reach: int

    def __add__(self, other: "Told") -> "Told":
        mine, theirs = self.numbers(), other.numbers()
        return Told(*(a + b for a, b in zip(mine, theirs, strict=True)))

    def numbers(self) -> tuple[int, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def shares(self) -> tuple[float, ...]:
        counts = (self.right, self.kept, self.apart, self.second, self.unsure, self.reach)
        return (self.right / max(self.linked, 1), *(count / max(self.pairs, 1) for count in counts))


def run(seed: int, people: int, rows: int, mix: Any, folder: Path) -> Told:
    from tests.matching.city import City, write_list, write_roster

    from fangxian.matching.matching import match_files

    city = City(seed, people)
    listed, truth = city.list(rows, mix)
    paths = write_list(folder, listed), write_roster(folder, city)
    return tell(match_files(*paths, step=lambda words: None), truth)


def tell(matched: Any, truth: list[str]) -> Told:
    import numpy as np

    from fangxian.matching.deciding import AUTO, NONE

    decided, pairs, uids = matched.decided, matched.weighed.pairs, matched.roster.uids
    wanted = np.array([bool(uid) for uid in truth])
    found = np.array([uids[pairs.people[best]] if best >= 0 else "" for best in decided.best])
    first = wanted & (found == np.array(truth))
    auto = decided.decision == AUTO
    place = {uid: at for at, uid in enumerate(uids)}
    true_person = np.array([place.get(uid, -1) for uid in truth])[pairs.rows]
    compared = np.zeros(len(truth), dtype=bool)
    compared[pairs.rows[pairs.people == true_person]] = True
    missed = wanted & ~(auto & first)
    order = np.argsort(-decided.probability, kind="stable")
    right = np.cumsum(first[order])
    enough = right / np.arange(1, len(order) + 1) >= PRECISION
    return Told(
        pairs=int(wanted.sum()),
        linked=int(auto.sum()),
        right=int((auto & first).sum()),
        kept=int((first & (decided.decision != NONE)).sum()),
        apart=int((missed & ~compared).sum()),
        second=int((missed & compared & ~first).sum()),
        unsure=int((missed & first).sum()),
        reach=int(right[enough].max()) if enough.any() else 0,
    )


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--people", type=int, default=8_000)
    asked.add_argument("--rows", type=int, default=2_000)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--first", type=int, default=500, help="the first seed")
    asked.add_argument("--only", nargs="*")
    options = asked.parse_args()
    os.environ.setdefault("FANGXIAN_HOME", tempfile.mkdtemp(prefix="fangxian-matching-"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "fangxian.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    print(f"{'mix':<29}{'pairs':>7}" + "".join(f"{name:>14}" for name in COLUMNS))
    for name, mix in mixes().items():
        if options.only and name not in options.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            told = [
                run(options.first + seed, options.people, options.rows, mix, Path(folder))
                for seed in range(options.seeds)
            ]
        whole = sum(told[1:], told[0])
        told_of_it = "".join(f"{share:>14.4f}" for share in whole.shares())
        print(f"{name:<29}{whole.pairs:>7}{told_of_it}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
