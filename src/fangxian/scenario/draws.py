"""Seeded draws: each part of the plan has a stream of its own, so that a change in one leaves the rest."""

import zlib
from collections.abc import Sequence

import numpy as np

from .problems import ImpossibleFacts


def stream(seed: int, part: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(part.encode())])


def allot(
    total: int, weights: Sequence[float] | np.ndarray, least: int = 0, what: str = "units"
) -> np.ndarray:
    """`total` shared out by weight in whole numbers, at least `least` each: int64[len(weights)].

    Largest remainders (Hare-Niemeyer). Raises ImpossibleFacts where there is not enough for all.
    """
    shares = np.asarray(weights, dtype=float)
    count = len(shares)
    if total < least * count:
        raise ImpossibleFacts(reason=f"{total} {what} for {count} places")
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    exact = (total - least * count) * shares / shares.sum()
    whole = np.floor(exact).astype(np.int64)
    rest = total - least * count - int(whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:rest]] += 1
    return whole + least


def share_out(total: int, capacity: np.ndarray, least: int, what: str) -> np.ndarray:
    """As `allot` by capacity, but nowhere above it. Raises ImpossibleFacts where it does not fit."""
    if total > int(capacity.sum()):
        raise ImpossibleFacts(reason=f"{total} {what} where {int(capacity.sum())} fit")
    given = np.minimum(
        allot(total, np.maximum(capacity, 1e-9), min(least, total // max(len(capacity), 1)), what), capacity
    )
    while (rest := total - int(given.sum())) > 0:
        free = np.flatnonzero(given < capacity)[:rest]
        given[free] += 1
    return given
