"""Envelopes in the order in which the office takes them in, built only when their hour has come."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from fangxian.submissions.actions import Envelope


@dataclass(slots=True)
class Flow:
    """`build(i)` makes the i-th envelope; it is due at `minutes[k]` for each k with `order[k] == i`."""

    minutes: np.ndarray  # sorted
    order: np.ndarray
    build: Callable[[int], Envelope]

    def due(self, minute: int) -> Iterator[Envelope]:
        first, last = np.searchsorted(self.minutes, [minute, minute + 1])
        return (self.build(i) for i in self.order[first:last].tolist())


def flow(minutes: np.ndarray, build: Callable[[int], Envelope], again: dict[int, int] | None = None) -> Flow:
    """A flow of one envelope for each of `minutes`; `again` sends some a second time (index -> minute)."""
    again = again or {}
    order = np.concatenate([np.arange(len(minutes)), np.array(list(again), dtype=np.int64)])
    when = np.concatenate([minutes, np.array(list(again.values()), dtype=np.int64)])
    by_time = np.argsort(when, kind="stable")
    return Flow(when[by_time], order[by_time], build)
