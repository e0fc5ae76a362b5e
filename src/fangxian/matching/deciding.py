"""From probabilities to what is done: link at once, let a person look, or leave it."""

from dataclasses import dataclass

import numpy as np

from .features import Features
from .linking import Array
from .weighing import Weighed

NONE, REVIEW, AUTO = 0, 1, 2
WORDS = ("none", "review", "auto")

EXPECTED = 0.994  # of the rows linked at once, by the model's own probabilities; the promise is 0.99
LEAST_AUTO = 0.5  # no single row is linked that is likelier not the person, however sure the others are
LEAST_REVIEW = 0.005
REVIEWED = 0.1  # of the list's rows at most


@dataclass(frozen=True, slots=True)
class Decided:
    """By row of the list: the best pair (-1 where there is none), its probability, the decision, and whether
    the row has nothing but a name."""

    best: Array
    probability: Array
    decision: Array
    bare: Array


def decide(listed: Features, weighed: Weighed) -> Decided:
    best, probability = best_of(listed.height, weighed)
    bare = nothing_but_a_name(listed)
    return Decided(best, probability, decisions(probability, bare), bare)


def decisions(probability: Array, bare: Array) -> Array:
    """Of all rows of a list, by the probabilities of their best pairs."""
    decision = np.zeros(len(probability), dtype=np.int8)
    decision[_auto(probability)] = AUTO
    decision[_review(probability, decision, bare)] = REVIEW
    return decision


def best_of(height: int, weighed: Weighed) -> tuple[Array, Array]:
    rows = weighed.pairs.rows
    order = np.lexsort((weighed.pairs.people, -weighed.probability, rows))
    first = order[np.flatnonzero(np.diff(rows[order], prepend=-1))]
    best = np.full(height, -1, dtype=np.int64)
    best[rows[first]] = first
    probability = np.zeros(height)
    probability[rows[first]] = weighed.probability[first]
    return best, probability


def nothing_but_a_name(listed: Features) -> Array:
    """Rows that give a name, perhaps a sex, and nothing else to go by."""
    rest = ("id17", "id_head", "id_tail", "phone", "born_year", "town")
    given = np.zeros(listed.height, dtype=bool)
    for name in rest:
        given |= np.asarray(listed.column(name).is_valid().to_numpy())
    return np.asarray(listed.column("b1").is_valid().to_numpy()) & ~given


def _auto(probability: Array) -> Array:
    """The most rows of whom, by their probabilities, the promised share is right."""
    order = np.argsort(-probability, kind="stable")
    expected = np.cumsum(probability[order]) / np.arange(1, len(order) + 1)
    enough = (expected >= EXPECTED) & (probability[order] >= LEAST_AUTO)
    return order[enough]


def _review(probability: Array, decision: Array, bare: Array) -> Array:
    open_rows = np.flatnonzero((decision == NONE) & (probability >= LEAST_REVIEW) & ~bare)
    order = open_rows[np.argsort(-probability[open_rows], kind="stable")]
    return order[: int(REVIEWED * len(probability))]
