"""Who a row is: one of its candidates, kin of one of them who is on no roster, or nobody of ours.

Each row is a single draw, so its candidates compete with one another and with the two other answers. What
sources get wrong, how many of their rows are ours and how often kin share a phone are learnt from the rows
themselves by expectation and maximisation; no labels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .comparing import BY_NAME, COMPARISONS, HOME
from .features import Features
from .linking import Array, Pairs
from .pooling import pool, same_person
from .worth import Worth

ROUNDS = 12
DROP = 1  # the round after which candidates are dropped that no longer count
LOOKS = (1, 5)  # the rounds after which it is seen anew who strangers are
OURS, KIN = 0.25, 0.05  # where training starts: shares of rows that are ours, and that are kin
FAINT = 1e-8
OWN = 40.0  # rows of a source that weigh as much as what all sources show
GIVEN = 20.0  # rows that weigh as much as the levels' starting values
KIN_PHONE = {"phone": 0.6, "area": 0.8, "town": 0.9, "group": 0.9, "house": 0.9}
KIN_SURNAME = 0.5


@dataclass(slots=True)
class Weighed:
    """`probability` of each pair, `kin` that the row is kin of that person; `nobody` of each row."""

    pairs: Pairs
    probability: Array
    kin: Array
    nobody: Array
    evidence: dict[str, Array]  # comparison -> log2 of how much it speaks for the pair
    groups: Array  # rows of the list that are one person have one number, others -1
    learnt: "Learnt"
    seen: "Seen"


@dataclass(slots=True)
class Learnt:
    """Shares of levels, by source and gamma; the last column is for "not given"."""

    match: dict[str, Array]
    kin: dict[str, Array]
    surname: float
    ours: Array
    related: Array
    roles: Array


@dataclass(frozen=True, slots=True)
class Seen:
    """Of the list's strangers: the share of each year of birth, and of each township and village."""

    age: dict[int, float]
    homes: dict[str, dict[int, float]]


def weigh(listed: Features, roster: Features, pairs: Pairs, *, groups: Array | None = None) -> Weighed:
    """`groups`: rows that are one person anyway; by default those that say so themselves."""
    model = _Model(listed, roster, pairs)
    learnt = model.start()
    for turn in range(ROUNDS):
        ours, related, nobody = model.answers(learnt)
        learnt = model.learn(ours, related)
        if turn == DROP:
            model = _Model(listed, roster, pairs.only(ours + related > FAINT))
        if turn in LOOKS:
            model.look_at(nobody)
    return model.weighed(learnt, same_person(listed) if groups is None else groups)


def weigh_as_learnt(
    listed: Features, roster: Features, pairs: Pairs, learnt: Learnt, seen: Seen, groups: Array
) -> Weighed:
    """A few rows of a list of which an earlier run has learnt the rest. `groups` as `same_person` has them,
    of these rows."""
    model = _Model(listed, roster, pairs)
    model.take(seen)
    return model.weighed(learnt, groups)


class _Model:
    def __init__(self, listed: Features, roster: Features, pairs: Pairs) -> None:
        self.pairs = pairs
        self.height, self.people = listed.height, roster.height
        self.sources, self.source = np.unique(
            np.array(listed.sources, dtype=object).astype(str), return_inverse=True
        )
        self.pair_source = self.source[pairs.rows]
        _names, role = np.unique(np.array(roster.roles, dtype=object).astype(str), return_inverse=True)
        self.role, self.pair_role = role, role[pairs.people]
        self.role_size = np.bincount(role) / len(role)
        self.worth = Worth(listed, roster, pairs)
        self.log_u = self.worth.of_strangers(np.ones(self.height))
        self.surname = _surname(listed, roster, pairs)

    def look_at(self, nobody: Array) -> None:
        self.log_u = self.worth.of_strangers(nobody)

    def take(self, seen: Seen) -> None:
        self.worth.take(seen.age, seen.homes)
        self.log_u = self.worth.as_seen()

    # ---- what training starts from ------------------------------------------------------------------

    def start(self) -> Learnt:
        many = len(self.sources)
        match = {c.name: _table([level.m for level in reversed(c.levels)], many) for c in COMPARISONS}
        kin = {}
        for name in HOME:
            levels = len(BY_NAME[name].levels)
            rest = (1 - KIN_PHONE[name]) / (levels - 1)
            kin[name] = _table([rest] * (levels - 1) + [KIN_PHONE[name]], many)
        roles = self.role_size.copy()
        return Learnt(match, kin, KIN_SURNAME, np.full(many, OURS), np.full(many, KIN), roles)

    # ---- expectation --------------------------------------------------------------------------------

    def answers(self, learnt: Learnt) -> tuple[Array, Array, Array]:
        """Probabilities: of each pair, of kin of each pair, and by row of nobody."""
        return compete(self.pairs.rows, *self.scores(learnt))

    def scores(self, learnt: Learnt) -> tuple[Array, Array, Array]:
        ours, home = self._priors(learnt, self.pairs)
        related = home + self._surname_weight(learnt)
        for name in self.pairs.gammas:
            ours += self.weight(learnt.match[name], name)
        for name in HOME:
            related += self.weight(learnt.kin[name], name)
        return ours, related, self.nobody(learnt)

    def nobody(self, learnt: Learnt) -> Array:
        return np.asarray(np.log(1 - learnt.ours - learnt.related)[self.source])

    def weight(self, shares: Array, name: str) -> Array:
        """How much a comparison speaks for the pair, in nats; 0 where it is not given."""
        return np.log(shares)[self.pair_source, self.pairs.gammas[name]] - self.log_u[name]

    def _surname_weight(self, learnt: Learnt) -> Array:
        same, frequency = self.surname
        weight = np.where(
            same == 1,
            np.log(learnt.surname) - np.log(frequency),
            np.log(1 - learnt.surname) - np.log1p(-frequency),
        )
        return np.where(same < 0, 0.0, weight)

    # ---- maximisation -------------------------------------------------------------------------------

    def learn(self, ours: Array, related: Array) -> Learnt:
        match = {c.name: self._levels(ours, c.name, [lv.m for lv in reversed(c.levels)]) for c in COMPARISONS}
        first = self.start().kin
        kin = {name: self._levels(related, name, first[name][0, :-1]) for name in HOME}
        same = self.surname[0]
        surname = (related[same == 1].sum() + 10 * KIN_SURNAME) / (related[same >= 0].sum() + 10)
        many = len(self.sources)
        rows = np.bincount(self.source, minlength=many)
        share = np.bincount(self.pair_source, ours, many)
        kin_share = np.bincount(self.pair_source, related, many)
        all_ours, all_kin = share.sum() / rows.sum(), kin_share.sum() / rows.sum()
        roles = np.bincount(self.pair_role, ours, len(self.role_size)) + GIVEN * self.role_size
        return Learnt(
            match,
            kin,
            float(min(max(surname, 0.05), 0.95)),
            np.clip((share + OWN * all_ours) / (rows + OWN), 0.001, 0.9),
            np.clip((kin_share + OWN * all_kin) / (rows + OWN), 0.001, 0.5) * 0.99,
            roles / roles.sum(),
        )

    def _levels(self, weight: Array, name: str, start: Any) -> Array:
        """Shares of levels by source, drawn to those of all sources, and these to where training started."""
        levels = len(start)
        gamma = self.pairs.gammas[name]
        given = gamma >= 0
        cell = self.pair_source[given] * levels + gamma[given]
        counted = np.bincount(cell, weight[given], len(self.sources) * levels).reshape(-1, levels)
        prior = np.array(start) / np.sum(start)
        whole = (counted.sum(axis=0) + GIVEN * prior) / (counted.sum() + GIVEN)
        own = (counted + OWN * whole) / (counted.sum(axis=1, keepdims=True) + OWN)
        return np.hstack([own, np.ones((len(own), 1))])

    # ---- the outcome --------------------------------------------------------------------------------

    def weighed(self, learnt: Learnt, groups: Array) -> Weighed:
        evidence = {name: self.weight(learnt.match[name], name) for name in self.pairs.gammas}
        pairs, taken = pool(groups, self.pairs, evidence)
        said = _said_once(pairs)
        prior, home = self._priors(learnt, pairs)
        related = home + self._surname_weight(learnt)[taken[:, 0]]
        pooled = {}
        for place, name in enumerate(pairs.gammas):
            pooled[name] = np.where(said[name], evidence[name][taken[:, place]], 0.0)
            if name in HOME:
                kin = self.weight(learnt.kin[name], name)
                related += np.where(said[name], kin[taken[:, place]], 0.0)
        ours = prior + sum(pooled.values())
        probability, kin, nobody = compete(pairs.rows, ours, related, self.nobody(learnt))
        in_bits = {name: weight / np.log(2) for name, weight in pooled.items()}
        seen = Seen(self.worth.age, self.worth.homes)
        return Weighed(pairs, probability, kin, nobody, in_bits, groups, learnt, seen)

    def _priors(self, learnt: Learnt, pairs: Pairs) -> tuple[Array, Array]:
        source, role = self.source[pairs.rows], self.role[pairs.people]
        ours = np.log(learnt.ours / self.people)[source] + np.log(learnt.roles / self.role_size)[role]
        return ours, np.log(learnt.related / self.people)[source]


def compete(rows: Array, ours: Array, related: Array, nobody: Array) -> tuple[Array, Array, Array]:
    """Of weights in nats, probabilities that add up to 1 in each row; `nobody` has one a row of the list."""
    if not len(rows):
        return ours, related, np.ones(len(nobody))
    new = np.diff(rows, prepend=-1) != 0
    first, which = np.flatnonzero(new), np.cumsum(new) - 1
    found = rows[first]
    top = np.maximum(np.maximum.reduceat(np.maximum(ours, related), first), nobody[found])
    ours, related = np.exp(ours - top[which]), np.exp(related - top[which])
    left = np.exp(nobody[found] - top)
    total = np.add.reduceat(ours, first) + np.add.reduceat(related, first) + left
    by_row = np.ones(len(nobody))
    by_row[found] = left / total
    return ours / total[which], related / total[which], by_row


# Where the first is given, the others repeat it: rows of a group may have said both.
_REPEATS = (
    ("name", ("letters",)),
    ("id", ("masked", "born", "born_month", "born_year", "sex")),
    ("born", ("born_month", "born_year")),
    ("born_month", ("born_year",)),
    ("area", ("town",)),
)


def _said_once(pairs: Pairs) -> dict[str, Array]:
    said = {name: gamma >= 0 for name, gamma in pairs.gammas.items()}
    for name, others in _REPEATS:
        for other in others:
            said[other] &= ~said[name]
    return said


def _table(shares: Any, sources: int) -> Array:
    return np.tile(np.append(np.array(shares) / np.sum(shares), 1.0), (sources, 1))


def _surname(listed: Features, roster: Features, pairs: Pairs) -> tuple[Array, Array]:
    """1 same, 0 other, -1 not known; and how frequent the surname of the person is."""
    left = np.asarray(listed.column("b1").fill_null(0).to_numpy())[pairs.rows]
    whole = np.asarray(roster.column("b1").fill_null(0).to_numpy())
    _distinct, places, times = np.unique(whole, return_inverse=True, return_counts=True)
    right = whole[pairs.people]
    same = np.where((left == 0) | (right == 0), -1, left == right)
    return same, (times[places] / len(whole))[pairs.people].clip(1e-6, 0.5)
