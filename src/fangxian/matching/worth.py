"""How much an agreement is worth: the share of strangers that would show it too, value by value.

Equal names say little for a name that 192 people have and much for one that nobody else has.
"""

from collections import Counter
from typing import Any

import numpy as np

from .comparing import COMPARISONS, Comparison
from .features import Features
from .linking import Array, Pairs


def shares_of_strangers(listed: Features, roster: Features, pairs: Pairs) -> dict[str, Array]:
    """For each comparison and pair, the logarithm of the share of strangers at the pair's level."""
    counted: dict[str, Array] = {}
    found = {}
    for comparison in COMPARISONS:
        gamma = pairs.gammas[comparison.name]
        share = np.append(pairs.strangers[comparison.name], 1.0)[gamma]
        for level in comparison.levels:
            if level.worth:
                at = np.flatnonzero(gamma == comparison.gamma(level.name))
                share[at] = _worth(level.worth, listed, roster, pairs, at, counted)
        found[comparison.name] = np.log(share).astype(np.float32)
    return found


def _worth(
    column: str, listed: Features, roster: Features, pairs: Pairs, at: Array, counted: dict[str, Array]
) -> Any:
    if column == "one":
        return 1 / roster.height
    if column == "seen":
        return _seen(listed, roster, pairs, at)
    if column not in counted:
        counted[column] = _frequency(roster, column)
    return counted[column][pairs.people[at]]


def _frequency(roster: Features, column: str) -> Array:
    """For each person of the roster, the share of the roster with the same value."""
    if column == "house_group":  # within the village
        village = _values(roster, "village")
        both = village * 1_000 + _values(roster, "house_group")
        return _times(both) / _times(village)
    return _times(_values(roster, column)) / roster.height


def _values(roster: Features, column: str) -> Array:
    return np.asarray(roster.column(column).fill_null(0).to_numpy()).astype(np.int64)


def _times(values: Array) -> Array:
    _distinct, places, times = np.unique(values, return_inverse=True, return_counts=True)
    return times[places].astype(float)


def _seen(listed: Features, roster: Features, pairs: Pairs, at: Array) -> Array:
    """Of a masked number: how many have its first digits, times how many have its last."""
    rows = np.unique(pairs.rows[at])
    wanted = {int(row): listed.ids[row] for row in rows}
    heads, tails = (
        _lengths(number.head for number in wanted.values()),
        _lengths(number.tail for number in wanted.values()),
    )
    whole = [number.whole for number in roster.ids if number.whole]
    by_head = {width: Counter(text[:width] for text in whole) for width in heads}
    by_tail = {width: Counter(text[-width:] for text in whole) for width in tails}
    share = np.ones(listed.height)
    for row, number in wanted.items():
        head = by_head[len(number.head)][number.head] / len(whole) if number.head else 1.0
        tail = by_tail[len(number.tail)][number.tail] / len(whole) if number.tail else 1.0
        share[row] = head * tail
    return np.maximum(share[pairs.rows[at]], 1 / roster.height / 10)


def _lengths(texts: Any) -> set[int]:
    return {len(text) for text in texts if text}


def levels_of(comparison: Comparison) -> int:
    return len(comparison.levels)
