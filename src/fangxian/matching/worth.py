"""How much an agreement is worth: the share of strangers that would show it too, value by value.

Equal names say little for a name that 192 people have and much for one that nobody else has. Strangers are
not a sample of the roster: a school's roster is of children, a train's passengers are not. So how old they
are and where they live is taken from the list, and what people of an age are called from the roster.
"""

from collections import Counter
from typing import Any

import numpy as np

from .comparing import COMPARISONS, NAME, SEX
from .features import Features
from .linking import Array, Pairs

BAND = 50  # years of birth that share their fashion in names
OLDEST = 1900
DRAWN = 30_000.0  # people of a band who weigh as much as what the whole roster says of a name
MOST_OVERSTATED = 0.9  # of a single bearer at least a tenth counts, however many names only one person has
# Of the numbers of a region (some 20,000 birthdays, 1,000 serials) one is the same; about fifteen that pass
# the check digit are a slip away. A city's people have numbers of a few regions.
NUMBERS = {"number": 2e-8, "near_number": 5e-7}
PHONES = 1_000_000  # people among whom a phone that was given up is given anew
SEEN = 50.0  # rows of the list that weigh as much as the roster
_NAMES = ("nm", "py", "sorted_nm", "bl", "b1", "sorted_py", "sorted_bl")
_AGES = ("born", "born_month", "born_year")
_PLACES = ("town", "village")


class Worth:
    def __init__(self, listed: Features, roster: Features, pairs: Pairs) -> None:
        self.listed, self.roster, self.pairs = listed, roster, pairs
        self.years = _years(roster)
        self.row_years = _values(listed, "born_year")
        self.bands = (np.maximum(self.years, OLDEST) - OLDEST) // BAND * (self.years > 0)
        self.row_bands = (np.maximum(self.row_years, OLDEST) - OLDEST) // BAND
        self.band_count = int(max(self.bands.max(), self.row_bands.max())) + 1
        self._named: dict[str, tuple[Array, Array]] = {}
        self._masked = _seen(listed, roster, pairs)
        self._sex = self._same_sex()

    def of_strangers(self, strange: Array) -> dict[str, Array]:
        """For each comparison and pair, the logarithm of the share of strangers at the pair's level.

        `strange` says of each row of the list how likely it is nobody of ours.
        """
        self._look_at(strange)
        return self.as_seen()

    def as_seen(self) -> dict[str, Array]:
        """The same, with strangers as they were looked at last, or are told by `take`."""
        found = {}
        for comparison in COMPARISONS:
            gamma = self.pairs.gammas[comparison.name]
            share = np.append(self.pairs.strangers[comparison.name], 1.0)[gamma]
            for level in comparison.levels:
                if level.worth:
                    at = np.flatnonzero(gamma == comparison.gamma(level.name))
                    share[at] = self._share(level.worth, at)
            found[comparison.name] = np.log(share).astype(np.float32)
        found[SEX.name] = np.where(self.pairs.gammas[SEX.name] < 0, 0.0, self._sex)
        return found

    # ---- who strangers are --------------------------------------------------------------------------

    def _look_at(self, strange: Array) -> None:
        known = self.row_years > 0
        self.age = _blend(self.years[self.years > 0], self.row_years[known], strange[known])
        self._share_bands()
        self.homes = {
            name: _blend(_values(self.roster, name), _values(self.listed, name), strange) for name in _PLACES
        }

    def take(self, age: dict[int, float], homes: dict[str, dict[int, float]]) -> None:
        """What an earlier run over the whole list saw of its strangers."""
        self.age, self.homes = age, homes
        self._share_bands()

    def _share_bands(self) -> None:
        ages = np.array([self.age.get(int(year), 0.0) for year in range(OLDEST, 2101)])
        bands = np.bincount((np.arange(OLDEST, 2101) - OLDEST) // BAND, ages, 11)[: self.band_count]
        self.band_share = (bands + 1e-9) / (bands + 1e-9).sum()

    # ---- shares -------------------------------------------------------------------------------------

    def _share(self, column: str, at: Array) -> Any:
        people = self.pairs.people[at]
        if column in NUMBERS:
            return NUMBERS[column]
        if column == "phone":
            return _times(_values(self.roster, column))[people] / max(self.roster.height, PHONES)
        if column == "seen":
            return np.maximum(self._masked[at], 0.1 / self.roster.height)
        if column in _NAMES:
            return self._name_share(column, at)
        if column in _AGES:
            return self._age_share(column, people)
        if column in _PLACES:
            share = self.homes[column]
            return np.array([share[int(value)] for value in _values(self.roster, column)[people]])
        if column == "house_group":  # within the village
            village = _values(self.roster, "village")
            group = _times(village * 1_000 + _values(self.roster, "house_group"))
            return (group / _times(village))[people]
        return (_times(_values(self.roster, column)) / self.roster.height)[people]

    def _name_share(self, column: str, at: Array) -> Array:
        """Of people as old as the row; where it does not say, as old as strangers are."""
        if column not in self._named:
            self._named[column] = self._by_band(column)
        shares, places = self._named[column]
        value = places[self.pairs.people[at]]
        rows = self.pairs.rows[at]
        told = self.row_years[rows] > 0
        mixed = self.band_share @ shares
        return np.asarray(np.where(told, shares[self.row_bands[rows], value], mixed[value]))

    def _by_band(self, column: str) -> tuple[Array, Array]:
        values, places = np.unique(_values(self.roster, column), return_inverse=True)
        bearers = np.bincount(places, minlength=len(values))
        over = _overstated(bearers)
        whole = (bearers - over) / self.roster.height
        shares = np.empty((self.band_count, len(values)))
        for band in range(self.band_count):
            inside = places[(self.bands == band) & (self.years > 0)]
            count = np.bincount(inside, minlength=len(values))
            shares[band] = (np.maximum(count - over, 0) + DRAWN * whole) / (len(inside) + DRAWN)
        return shares, places

    def _age_share(self, column: str, people: Array) -> Array:
        years = _values(self.roster, "born_year")
        within = _times(_values(self.roster, column)) / _times(years)
        share = np.array([self.age.get(int(year), 0.0) for year in np.unique(years)])
        return share[np.searchsorted(np.unique(years), years[people])] * within[people]

    def _same_sex(self) -> Array:
        """The logarithm of the share of a sex among those with a like name: names are of one sex, mostly."""
        given, sex = _values(self.roster, "given"), _values(self.roster, "sex")
        last = _values(self.roster, "n_last")
        both = (given > 0) & (sex > 0)
        by_last = _share_of_men(last, sex, both, 0.5)
        men = _share_of_men(given, sex, both, by_last)[self.pairs.people].clip(0.02, 0.98)
        like = self.pairs.gammas[NAME.name] >= NAME.gamma("shape")
        gamma = self.pairs.gammas[SEX.name]
        same = np.where(sex[self.pairs.people] == 1, men, 1 - men)
        same = np.where(like, same, 0.5)
        return np.log(np.where(gamma == 1, same, 1 - same))


def _overstated(bearers: Array) -> float:
    """How many of a name's bearers on the roster say nothing of its bearers elsewhere. One is the candidate;
    and of the names that one person has, the more there are beside those that two have, the more of them
    nobody else has at all (Ney's discount, after Good and Turing)."""
    once, twice = int(np.sum(bearers == 1)), int(np.sum(bearers == 2))
    return min(once / max(once + 2 * twice, 1), MOST_OVERSTATED)


def _share_of_men(values: Array, sex: Array, both: Array, prior: Any) -> Array:
    _distinct, places = np.unique(values, return_inverse=True)
    men = np.bincount(places, both & (sex == 1))[places]
    return np.asarray((men + 4 * prior) / (np.bincount(places, both)[places] + 4))


def _years(roster: Features) -> Array:
    """Of birth; where it is not known, that of the middle one of those with the same role."""
    years = _values(roster, "born_year")
    roles = np.unique(np.array(roster.roles, dtype=object).astype(str), return_inverse=True)[1]
    filled = years.copy()
    for role in np.unique(roles):
        inside = roles == role
        known = years[inside & (years > 0)]
        if len(known):
            filled[inside & (years == 0)] = int(np.median(known))
    return filled


def _blend(ours: Array, theirs: Array, strange: Array) -> dict[int, float]:
    """value -> its share among the list's strangers, drawn to the roster's."""
    values, times = np.unique(ours, return_counts=True)
    roster = dict(zip(values.tolist(), (times / len(ours)).tolist(), strict=True)) if len(ours) else {}
    known = theirs > 0
    values, places = np.unique(theirs[known], return_inverse=True)
    seen = dict(zip(values.tolist(), np.bincount(places, strange[known]).tolist(), strict=True))
    whole = sum(seen.values())
    return {
        value: (seen.get(value, 0.0) + SEEN * roster.get(value, 0.0)) / (whole + SEEN)
        for value in roster.keys() | seen.keys()
    }


def _values(features: Features, column: str) -> Array:
    return np.asarray(features.column(column).fill_null(0).to_numpy()).astype(np.int64)


def _times(values: Array) -> Array:
    _distinct, places, times = np.unique(values, return_inverse=True, return_counts=True)
    return times[places].astype(float)


def _seen(listed: Features, roster: Features, pairs: Pairs) -> Array:
    """For each pair, of the row's masked number: how many have its first digits, times how many its last."""
    given = pairs.gammas["masked"] >= 0
    wanted = {int(row): listed.ids[row] for row in np.unique(pairs.rows[given])}
    heads = {len(number.head) for number in wanted.values() if number.head}
    tails = {len(number.tail) for number in wanted.values() if number.tail}
    whole = [number.whole for number in roster.ids if number.whole]
    by_head = {width: Counter(text[:width] for text in whole) for width in heads}
    by_tail = {width: Counter(text[-width:] for text in whole) for width in tails}
    share = np.ones(listed.height)
    for row, number in wanted.items():
        head = by_head[len(number.head)][number.head] / len(whole) if number.head else 1.0
        tail = by_tail[len(number.tail)][number.tail] / len(whole) if number.tail else 1.0
        share[row] = head * tail
    return share[pairs.rows]
